"""Pieces of HTML; every text in them is escaped here."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from guards.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "escaped",
    "faint",
    "folded_table",
    "more",
    "row_head",
    "section",
    "sentence",
    "table",
    "table_of",
    "text_table",
]

_MAX_NAME_CHARS = 120


def escaped(text: object) -> str:
    """Return a text as the content of an element or the value of a quoted attribute.

    No line is broken between a number and its per cent sign.
    """
    return html.escape(printable(str(text))).replace(" %", "\N{NO-BREAK SPACE}%")


def faint(text: str) -> str:
    """Return a paragraph that says how something is to be read."""
    return f'<p class="faint">{escaped(text)}</p>'


def more(count: int) -> str:
    """Return how many rows are left out; nothing where none is."""
    return faint(f"and {count} more") if count > 0 else ""


def section(title: str, content: Iterable[str]) -> str:
    """Return a part of the page under its own heading."""
    return f"<section><h2>{escaped(title)}</h2>{''.join(content)}</section>"


def sentence(text: str) -> str:
    """Return a text that begins with a capital letter."""
    return text[:1].upper() + text[1:]


def row_head(name: object) -> str:
    """Return the cell that names a row."""
    return f'<th scope="row">{html.escape(printable(str(name), _MAX_NAME_CHARS))}</th>'


def text_table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table whose columns hold texts."""
    return table(caption, heads, rows).replace("<table>", '<table class="texts">', 1)


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table whose first column names its rows."""
    return table_of(caption, heads, map(_row, rows))


def table_of(caption: str, heads: Sequence[str], rows: Iterable[str]) -> str:
    """Return a table of rows that are HTML."""
    head = "".join(f'<th scope="col">{escaped(name)}</th>' for name in heads)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escaped(caption)}"><table>'
        f"<caption>{escaped(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def folded_table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table that opens on demand: the numbers of a drawing."""
    return (
        f"<details><summary>numbers: {escaped(caption)}</summary>"
        f"{table(caption, heads, rows)}</details>"
    )


def _row(row: Sequence[object]) -> str:
    name, *values = row
    cells = "".join(f"<td>{escaped(value)}</td>" for value in values)
    return f"<tr>{row_head(name)}{cells}</tr>"
