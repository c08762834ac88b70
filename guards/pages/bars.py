"""Tables whose rows have bars: one share above the other, beside both as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from guards.pages.drawing import BAD, GOOD, ornament, rectangle
from guards.pages.elements import escaped, row_head, table_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["BarRow", "bar_table"]

_WIDTH = 120
_BAR = 7


class BarRow(NamedTuple):
    """A name, its shares on both sides from 0 to 1 (None: nothing), and how they are told."""

    name: str
    shares: tuple[float | None, float | None]
    texts: tuple[str, str]
    mark: str = ""


def bar_table(
    caption: str, heads: tuple[str, str, str], rows: Sequence[BarRow], largest: float = 0.0
) -> str:
    """Return the table; a bar of the ``largest`` share (or else the largest of all) is full.

    ``heads`` say what the rows are, and what the two sides are called.
    """
    shares = (share or 0.0 for row in rows for share in row.shares)
    full = max([largest, *shares]) or 1.0
    named = (*heads, f"{heads[1]} above {heads[2]}")
    return table_of(caption, named, (_row(row, full) for row in rows))


def _row(row: BarRow, full: float) -> str:
    mark = f" <em>{escaped(row.mark)}</em>" if row.mark else ""
    name = row_head(row.name).replace("</th>", f"{mark}</th>")
    texts = "".join(f"<td>{escaped(text)}</td>" for text in row.texts)
    bars = ornament(_WIDTH, 2 * _BAR + 2, _bars(row.shares, full))
    return f'<tr>{name}{texts}<td class="bars">{bars}</td></tr>'


def _bars(shares: Iterable[float | None], full: float) -> Iterable[str]:
    for number, (share, look) in enumerate(zip(shares, (GOOD, BAD), strict=True)):
        if share:
            width = max(share / full * (_WIDTH - 2), 1)
            yield rectangle(1, 1 + number * _BAR, width, _BAR, look)
