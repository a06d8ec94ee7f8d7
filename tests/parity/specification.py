"""The signed types and codes as docs/protocol.md section 4 has them: what all implementations are compared with."""

import re
from functools import cache
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "protocol.md"


@cache
def _section() -> str:
    """The text under the heading "Signed types"."""
    _, _, rest = DOCUMENT.read_text().partition("### Signed types\n")
    return re.split(r"\n##+ ", rest)[0]


def type_lines() -> list[str]:
    """`State(bytes32 channelId,…)` and the others, without what they refer to."""
    block = re.search(r"```\n(.*?)```", _section(), re.DOTALL)
    assert block is not None
    return block[1].strip().splitlines()


def table(first_heading: str) -> dict[str, str]:
    """The table with that heading over its first column: second column by first."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in _section().splitlines() if "|" in line]
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
