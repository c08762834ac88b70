"""Text from elsewhere, made safe to print."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["aligned", "counted", "listed", "printable"]

_MAX_LISTED = 20


def printable(text: str) -> str:
    """Return text with an escape for each character that a terminal acts upon or does not show.

    That is what ``str.isprintable`` says no to: control characters and line ends, marks that
    change the direction of writing, lone surrogates, and every space but the common one.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def listed(names: Sequence[str]) -> str:
    """Return up to 20 names in quotes, separated by commas, and how many more there are."""
    rest = len(names) - _MAX_LISTED
    more = f" and {rest} more" if rest > 0 else ""
    return (", ".join(map(repr, names[:_MAX_LISTED])) or "none") + more


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, which takes an s unless there is one.

    >>> counted(1, "row"), counted(2, "row")
    ('1 row', '2 rows')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of as many cells as a table for a terminal.

    >>> print(aligned([("", "docs/1"), ("agreement", "96 %")]))
               docs/1
    agreement  96 %
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
