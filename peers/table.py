"""The tables that people read: one for each asset, in Markdown that is aligned for a terminal, too."""

from collections.abc import Iterable

from peers import rows
from peers.figures import Columns, Difference, Figure, Peer, best, differences, is_plain_transfer, measured, shown
from peers.stand import Column

TITLES = {"eth": "ETH", "token": "ERC-20"}
NOTHING = "\N{EN DASH}"

LEGEND = """\
Gas until everybody who should be paid is paid; (2) is the number of transactions, where it is known and not one. Quoted
figures were not measured in this run. ¹ A plain transfer to the channel's address before its contract exists: no best.
The last two columns are this project's gas divided by the lowest of the others.
"""


def tables(columns: Columns) -> str:
    """For a terminal."""
    return "\n".join(f"{title}\n\n{_table(columns, asset)}" for asset, title in TITLES.items())


def page_tables(columns: Columns) -> str:
    """With headings."""
    return "\n".join(f"## {title}\n\n{_table(columns, asset)}" for asset, title in TITLES.items())


def batches(columns: Columns) -> str:
    """Gas for each channel, where one transaction is about several."""
    return "\n".join(f"{title}\n\n{_batches(columns, asset)}" for asset, title in TITLES.items())


def _batches(columns: Columns, asset: str) -> str:
    own, *others = columns[asset]
    own_columns = (own, *columns["dai"]) if asset == "token" else (own,)
    head = ["", own.system, *(f"{own.system} in DAI" for _ in own_columns[1:]), *(other.system for other in others)]
    body = [
        [
            rows.batch(row, size),
            *(number(sum(column.rows[rows.batch(row, size)]) // size) for column in own_columns),
            *(number(_of_one(other, row)) for other in others),
        ]
        for row in rows.BATCHED
        for size in rows.SIZES
    ]
    return aligned([head, *body])


def _of_one(column: Column, row: str) -> int:
    """Every exit begins with one transaction that starts the dispute."""
    return sum(column.rows[rows.EXIT][1:] if row == rows.PAYOUT else column.rows[row])


def versions(columns: Columns) -> str:
    """Of every column."""
    peers = [peer for asset in TITLES for peer in shown(columns, asset)]
    return f"Measured: {_versions(peers, is_quoted=False)}. Quoted: {_versions(peers, is_quoted=True)}.\n"


def _versions(peers: Iterable[Peer], *, is_quoted: bool) -> str:
    named = {peer.name: peer.version for peer in peers if peer.is_quoted is is_quoted}
    return ", ".join(f"{name} ({version})" for name, version in named.items())


def list_of_differences(columns: Columns) -> str:
    """One line for each; nothing where there is none."""
    return "".join(map(_difference, differences(columns)))


def _table(columns: Columns, asset: str) -> str:
    own, *peers = shown(columns, asset)
    others, quotes = ([peer for peer in peers if peer.is_quoted is is_quoted] for is_quoted in (False, True))
    in_dai = [measured(column) for column in columns["dai"]] if asset == "token" else []
    head = ["", own.name, *(f"{peer.name} in DAI" for peer in in_dai), *map(title, peers)]
    head += ["to best measured", "to best quoted"]
    body = [
        [
            row,
            *(_cell(peer, row) for peer in (own, *in_dai, *peers)),
            _ratio(own, others, row),
            _ratio(own, quotes, row),
        ]
        for row in rows.TABLE
    ]
    return aligned([head, *body])


def title(peer: Peer) -> str:
    return f"{peer.name}, quoted" if peer.is_quoted else peer.name


def _cell(peer: Peer, row: str) -> str:
    figure = peer.figures.get(row)
    if figure is None:
        return NOTHING
    mark = " ¹" if is_plain_transfer(peer.name, row) else ""
    return f"{number(figure.gas)}{_transactions(figure)}{mark}"


def _transactions(figure: Figure) -> str:
    return "" if figure.transactions in (None, 1) else f" ({figure.transactions})"


def _ratio(own: Peer, others: Iterable[Peer], row: str) -> str:
    """Of rows that others have, too."""
    other, figure = best(others, row), own.figures.get(row)
    return NOTHING if other is None or figure is None else f"{figure.gas / other.figures[row].gas:.3f}"


def _difference(difference: Difference) -> str:
    percent = 100 * (difference.measured / difference.quoted - 1)
    figures = f"{number(difference.measured)} instead of {number(difference.quoted)} ({percent:+.0f} %)"
    return f"* {difference.name}, {TITLES[difference.asset]}, {difference.row}: {figures}: {difference.reason}\n"


def number(value: int) -> str:
    return f"{value:,}".replace(",", " ")


def aligned(lines: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    head, *body = ([cells[0].ljust(widths[0]), *_right(cells[1:], widths[1:])] for cells in lines)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, rule, *body))


def _right(cells: list[str], widths: list[int]) -> list[str]:
    return [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
