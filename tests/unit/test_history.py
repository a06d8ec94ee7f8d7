"""The events of a long chain: every page once, also after an interruption, a re-organization or a broken file."""

from pathlib import Path

import pytest

from connext.abi import Log
from connext.history import History
from connext.keccak import keccak256

CONTRACT = b"\x11" * 20
FIRST = 7


class Chain:
    """Has one log in each block; refuses everything after `budget` requests."""

    def __init__(self, fork: int = 10**9) -> None:
        self.fork = fork
        self.budget = 10**6
        self.asked: list[tuple[int, int]] = []

    def logs(self, address: bytes, first: int, last: int) -> tuple[Log, ...]:
        self.budget -= 1
        if not self.budget:
            raise KeyboardInterrupt
        self.asked.append((first, last))
        return tuple(
            Log(address, (number.to_bytes(32), b"\x01" * 32), self._data(number)) for number in range(first, last + 1)
        )

    def block_hash(self, number: int) -> bytes:
        return keccak256(self._data(number))

    def _data(self, number: int) -> bytes:
        return number.to_bytes(8) + (b"fork" if number >= self.fork else b"")


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("connext.history", "connext.chain.logs"):
        monkeypatch.setattr(f"{module}.SPAN_BLOCKS", 10)


def read(chain: Chain, path: Path, head: int) -> list[Log]:
    chain.asked.clear()
    logs = list(History(chain, CONTRACT, FIRST, path).logs(head))
    assert logs == list(Chain(fork=chain.fork).logs(CONTRACT, FIRST, head))
    return logs


def test_full_pages_are_read_once(tmp_path: Path) -> None:
    chain, path = Chain(), tmp_path / "folder" / "history.jsonl"
    read(chain, path, 31)
    assert chain.asked == [(7, 16), (17, 26), (27, 31)]
    read(chain, path, 37)
    assert chain.asked == [(27, 36), (37, 37)]
    read(chain, path, 37)
    assert chain.asked == [(37, 37)]


def test_a_head_before_the_last_page(tmp_path: Path) -> None:
    chain, path = Chain(), tmp_path / "history.jsonl"
    read(chain, path, 40)
    read(chain, path, 20)
    assert chain.asked == [(17, 20)]


def test_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    chain, path = Chain(), tmp_path / "history.jsonl"
    chain.budget = 3
    with pytest.raises(KeyboardInterrupt):
        read(chain, path, 40)
    chain.budget = 10**6
    read(chain, path, 40)
    assert chain.asked == [(27, 36), (37, 40)]


def test_a_page_that_another_block_took_the_place_of(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    read(Chain(), path, 40)
    chain = Chain(fork=20)
    read(chain, path, 40)
    assert chain.asked == [(17, 26), (27, 36), (37, 40)]
    read(chain, path, 40)
    assert chain.asked == [(37, 40)]


@pytest.mark.parametrize("damage", ['{"first": 17, "la', "[]", '{"first": 27, "last": 36, "hash": "00", "logs": []}'])
def test_what_was_cut_short_is_read_again(tmp_path: Path, damage: str) -> None:
    chain, path = Chain(), tmp_path / "history.jsonl"
    read(chain, path, 40)
    title, first, *_ = path.read_text().splitlines()
    path.write_text(f"{title}\n{first}\n{damage}")
    read(chain, path, 40)
    assert chain.asked == [(17, 26), (27, 36), (37, 40)]
    read(chain, path, 40)
    assert chain.asked == [(37, 40)]


@pytest.mark.parametrize("content", [b'{"contract": "0x00"}\n', b"\xff\xfe"])
def test_a_file_of_something_else(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(content)
    read(Chain(), path, 40)


def test_a_reorganization_while_a_page_is_read(tmp_path: Path) -> None:
    class Reorganized(Chain):
        def logs(self, address: bytes, first: int, last: int) -> tuple[Log, ...]:
            logs = super().logs(address, first, last)
            self.fork = 12
            return logs

    chain, path = Reorganized(), tmp_path / "history.jsonl"
    assert list(History(chain, CONTRACT, FIRST, path).logs(16)) == list(Chain(fork=12).logs(CONTRACT, FIRST, 16))
    assert chain.asked == [(7, 16), (7, 16)]
    read(Chain(fork=12), path, 16)


def test_progress_is_told(tmp_path: Path) -> None:
    chain, path, told = Chain(), tmp_path / "history.jsonl", []
    for _ in range(2):
        list(History(chain, CONTRACT, FIRST, path).logs(31, lambda *step: told.append(step)))
    assert told == [(10, 25), (20, 25), (25, 25)] * 2
