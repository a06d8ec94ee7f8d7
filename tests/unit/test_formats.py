"""docs/formats.md says what the code reads and writes."""

import json
import re
from pathlib import Path

from connext.channel import Channel, OnChain, Signed
from connext.codec import field_names
from connext.deployments import Compiler, Parameters, Record
from connext.envelopes import KINDS, envelope_from_json, envelope_to_json
from connext.store import Document
from connext.types import ChannelIdentity
from tests.unit.pair import USER, forged, state

TEXT = (Path(__file__).parents[2] / "docs" / "formats.md").read_text()


def table(heading: str) -> dict[str, str]:
    """The rows of the first table under a heading: first cell to the others."""
    section = TEXT.split(f"{heading}\n", 1)[1].split("\n#", 1)[0]
    rows = [line.strip("|").split("|", 1) for line in section.splitlines() if line.startswith("|")]
    return {first.strip(): rest for first, rest in rows[2:]}


def names(text: str) -> list[str]:
    return re.findall(r"`\"?(\w+)\"?`", text)


def test_the_documents_of_a_store() -> None:
    assert names(" ".join(table("## A party's files"))) == field_names(Document)


def test_the_fields_of_a_channel() -> None:
    rows = table("### `channel`")
    assert names(" ".join(rows)) == field_names(Channel)
    assert set(field_names(OnChain)) <= set(names(rows["`onChain`"]))
    assert names(rows["`identity`"]) == field_names(ChannelIdentity)
    assert set(field_names(Signed)) <= set(names(rows["`latest`"]))


def test_the_fields_of_a_deployment_record() -> None:
    rows = table("## Deployment records")
    assert names(" ".join(rows)) == field_names(Record)
    assert names(rows["`compiler`"]) == field_names(Compiler)
    assert names(rows["`arguments`"].partition("`ChannelManager`")[2]) == field_names(Parameters)


def test_the_kinds_of_envelopes() -> None:
    rows = table("## Envelopes")
    assert names(" ".join(rows)) == list(KINDS)
    for kind, cls in KINDS.items():
        assert names(rows[f'`"{kind}"`'].split("|")[0]) == field_names(cls)


def test_the_example_is_what_the_code_writes() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    proposal = forged(USER, state(1, -5 * 10**17), 0)
    assert json.loads(example) == envelope_to_json(proposal)
    assert envelope_from_json(json.loads(example)) == proposal
