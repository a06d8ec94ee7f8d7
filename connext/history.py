"""The events of a contract on a chain of any length: read in pages, kept in a file, from where the next time goes on.

A page is full when it covers SPAN_BLOCKS blocks; only full ones are kept, each with the hash of its last block. Where
the chain has another block there now (a re-organization, another chain), the page is dropped and read again.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from connext.abi import Log
from connext.chain.logs import SPAN_BLOCKS, spans
from connext.types import Address, Bytes32


class Source(Protocol):
    """A chain, as far as its past goes."""

    def logs(self, address: Address, first: int, last: int) -> tuple[Log, ...]: ...

    def block_hash(self, number: int) -> Bytes32: ...


@dataclass(frozen=True, slots=True)
class Page:
    """What the contract emitted in these blocks, both included."""

    first: int
    last: int
    block_hash: Bytes32
    logs: tuple[Log, ...]


Progress = Callable[[int, int], None]
"""Takes how many blocks are read, and how many there are."""


class History:
    def __init__(self, source: Source, contract: Address, first_block: int, path: Path) -> None:
        """path: the file of pages; a file of something else is not used and written over."""
        self._source = source
        self._contract = contract
        self._first = first_block
        self._path = path

    def logs(self, head: int, progress: Progress = lambda *_: None) -> Iterator[Log]:
        """All up to the block `head`, in order; progress is told after each page."""
        blocks = head + 1 - self._first
        pages = self._still_true(head)
        for page in pages:
            yield from page.logs
            progress(page.last + 1 - self._first, blocks)
        for first, last in spans(pages[-1].last + 1 if pages else self._first, head):
            page = self._read(first, last)
            if last - first + 1 == SPAN_BLOCKS:
                self._keep(page)
            yield from page.logs
            progress(last + 1 - self._first, blocks)

    def _read(self, first: int, last: int) -> Page:
        """Again where the chain was re-organized meanwhile: the logs are those that lead to the hash."""
        block_hash = self._source.block_hash(last)
        while True:
            logs = self._source.logs(self._contract, first, last)
            before, block_hash = block_hash, self._source.block_hash(last)
            if block_hash == before:
                return Page(first, last, block_hash, logs)

    def _still_true(self, head: int) -> list[Page]:
        """The pages in the file whose blocks the chain still has. The others are cut off."""
        lines = self._lines()
        pages = self._kept(lines)
        while pages and (pages[-1].last > head or self._source.block_hash(pages[-1].last) != pages[-1].block_hash):
            pages.pop()
        if len(lines) != 1 + len(pages):
            self._write(pages)
        return pages

    def _lines(self) -> list[str]:
        """Of the file, if it is one of this contract."""
        try:
            lines = self._path.read_text().splitlines()
        except (OSError, UnicodeDecodeError):
            return []
        return lines if lines and lines[0] == self._title() else []

    def _kept(self, lines: list[str]) -> list[Page]:
        """A line that was cut short, and what comes after it, is not used."""
        pages: list[Page] = []
        for line in lines[1:]:
            try:
                page = _page_from_json(json.loads(line), self._contract)
            except (ValueError, KeyError, TypeError):
                break
            if page.first != (pages[-1].last + 1 if pages else self._first):
                break
            pages.append(page)
        return pages

    def _keep(self, page: Page) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps(_page_to_json(page)) + "\n")

    def _write(self, pages: list[Page]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".draft")
        lines = (self._title(), *(json.dumps(_page_to_json(page)) for page in pages))
        draft.write_text("".join(line + "\n" for line in lines))
        draft.replace(self._path)

    def _title(self) -> str:
        return json.dumps({"contract": "0x" + self._contract.hex(), "first": self._first, "page": SPAN_BLOCKS})


def _page_to_json(page: Page) -> dict[str, Any]:
    logs = [[[topic.hex() for topic in log.topics], log.data.hex()] for log in page.logs]
    return {"first": page.first, "last": page.last, "hash": page.block_hash.hex(), "logs": logs}


def _page_from_json(document: Any, contract: Address) -> Page:
    logs = tuple(
        Log(contract, tuple(map(bytes.fromhex, topics)), bytes.fromhex(data)) for topics, data in document["logs"]
    )
    return Page(int(document["first"]), int(document["last"]), bytes.fromhex(document["hash"]), logs)
