"""What the audit says of runs and of storage."""

from dataclasses import replace

import pytest

from connext.deployer.standard_json import standard_json
from proof.audit import NEVER_RUN, OLDER_SOURCES, Slot, figures, layouts, run_cells, texts_of
from proof.records import CHECKOUT, Record, now, sources_hash


@pytest.fixture
def record() -> Record:
    return Record("abc1234", False, now(), sources_hash(), 1800.4, {"operations": 5_000_000, "share": 0.62})


def test_figures_and_age_of_a_run(record: Record) -> None:
    assert run_cells("random play", record) == (
        "random play\noperations: 5,000,000\nshare: 0.62\n1,800 seconds",
        "abc1234\n0 min old",
    )


def test_a_run_on_changed_files_says_so(record: Record) -> None:
    assert run_cells("random play", replace(record, dirty=True))[1] == "abc1234 and changes\n0 min old"


def test_a_run_on_other_contracts_is_marked(record: Record) -> None:
    assert run_cells("random play", replace(record, sources="0" * 64))[1].splitlines()[-1] == OLDER_SOURCES


def test_a_run_that_never_was() -> None:
    assert run_cells("random play", None) == ("random play", NEVER_RUN)


def test_lists_and_mappings_are_counted() -> None:
    assert list(figures({"survivors": ["a", "b"], "by kind": {"deposit": 3}, "complete": True, "word": "x"})) == [
        "survivors: 2 listed",
        "by kind: 1 listed",
        "complete: True",
        "word: x",
    ]


def test_the_storage_layout_is_the_compilers() -> None:
    """docs/decisions/0003 counts on these slots, and so do tests that write into them."""
    manager, registry = layouts().values()
    assert registry == (Slot(0, 0, "_shares", "bytes32 => uint256"),)
    assert [(slot.slot, slot.label) for slot in manager if not slot.label.startswith("transient ")] == [
        (0, "_reserves"),
        (1, "_credits"),
        (2, "_nameFallback"),
        (3, "_versionFallback"),
        (4, "_records"),
    ]
    assert manager[4].type == "bytes32 => struct Record (0: head Head, 1: recorded Recorded, 2: second Pot)"
    assert [slot.label for slot in manager[5:]] == ["transient _locked", "transient _batching", "transient _callValue"]


def test_a_contract_is_known_by_the_hash_that_deployments_record() -> None:
    texts = texts_of("ChannelManager")
    assert list(texts) == ["standard JSON", "creation code", "runtime code"]
    assert texts["standard JSON"].decode() == standard_json(CHECKOUT, "ChannelManager")
    assert list(texts_of("HashLock")) == ["creation code", "runtime code"], "the registry is the one that is deployed"
