"""Pieces of HTML; every text in them is escaped here."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from guards.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["escaped", "folded_table", "table"]


def escaped(text: object) -> str:
    """Return a text as the content of an element or the value of a quoted attribute."""
    return html.escape(printable(str(text)))


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table whose first column names its rows."""
    head = "".join(f'<th scope="col">{escaped(name)}</th>' for name in heads)
    body = "".join(_row(row) for row in rows)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escaped(caption)}"><table>'
        f"<caption>{escaped(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def folded_table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table that opens on demand: the numbers of a drawing."""
    return f"<details><summary>numbers</summary>{table(caption, heads, rows)}</details>"


def _row(row: Sequence[object]) -> str:
    name, *values = row
    cells = "".join(f"<td>{escaped(value)}</td>" for value in values)
    return f'<tr><th scope="row">{escaped(name)}</th>{cells}</tr>'
