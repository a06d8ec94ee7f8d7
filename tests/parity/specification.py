"""The signed types and codes as docs/protocol.md has them: what all implementations are compared with."""

import re
from functools import cache
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "protocol.md"


SIGNED_TYPES = "Signed types"
CONDITIONS = "Conditions that ship"


@cache
def _section(heading: str) -> str:
    """The text under a heading."""
    _, _, rest = DOCUMENT.read_text().partition(f"### {heading}\n")
    return re.split(r"\n##+ ", rest)[0]


def type_lines(heading: str = SIGNED_TYPES) -> list[str]:
    """`State(bytes32 channelId,…)` and the others, without what they refer to."""
    block = re.search(r"```\n(.*?)```", _section(heading), re.DOTALL)
    assert block is not None
    return block[1].strip().splitlines()


def all_type_lines() -> list[str]:
    """Everything that anybody signs."""
    return type_lines() + type_lines(CONDITIONS)


def layouts() -> dict[str, tuple[list[str], list[str]]]:
    """The types of each condition's parameters and of its witness, by its name."""
    rows = [line.split(" | ") for line in _section(CONDITIONS).splitlines() if line.startswith("| `")]
    return {row[0].strip("| `"): (_types(row[1]), _types(row[2])) for row in rows}


def _types(declaration: str) -> list[str]:
    """Of `address signer, (bytes32 a, bytes b)[] c`: its types, in canonical form."""
    nameless = re.sub(r" \w+(?=,|\)|$)", "", declaration.strip("`")).replace(" ", "")
    return re.split(r",(?![^(]*\))", nameless)


def table(first_heading: str) -> dict[str, str]:
    """The table with that heading over its first column: second column by first."""
    lines = [line for line in _section(SIGNED_TYPES).splitlines() if "|" in line]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    start = next(i for i, row in enumerate(rows) if row[0] == first_heading) + 2
    ends = [i for i in range(start, len(rows)) if set(rows[i][0]) == {"-"}]
    return {row[0]: row[1] for row in rows[start : ends[0] - 1 if ends else None]}


def codes(row: str) -> dict[str, int]:
    """`0 user, 1 node` as names with their codes."""
    return {name: int(code) for code, name in (pair.split() for pair in table("form")[row].split(", "))}


def channel_id_parameters() -> str:
    """What is ABI-encoded and hashed: `uint256 chainIdAtDeployment, address manager, …`."""
    encoded = re.search(r"abi\.encode\((.*?)\)", table("form")["channel id"])
    assert encoded is not None
    return encoded[1]
