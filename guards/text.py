"""Text from elsewhere, made safe to print."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["aligned", "counted", "json_printable", "listed", "printable", "printable_lines"]

_MAX_LISTED = 20
_MAX_NAME = 200
_MAX_CELL = 400

_INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE0E), *range(0xE0100, 0xE01F0))))
)
"""Characters without a shape that ``str.isprintable`` takes for letters or marks."""

_JOINED = (
    "\u0620-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u18af"  # Arabic to Mongolian letters
    "\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"  # emoji
)
_JOINER = re.compile(f"((?<=[{_JOINED}])[\u200c\u200d](?=[{_JOINED}]))")
"""A joiner where spelling needs it; elsewhere it only makes two names look the same."""


def printable(text: str, max_chars: int | None = None) -> str:
    """Return text with an escape for each character that a terminal acts upon or does not show.

    That is what ``str.isprintable`` says no to (control characters and line ends, marks that
    change the direction of writing, lone surrogates, every space but the common one) and letters
    without a shape. Joiners stay within emoji and words of the scripts that are spelt with them.
    What comes after ``max_chars`` is counted instead.
    """
    if max_chars is not None and len(text) > max_chars:
        text = f"{text[:max_chars]}… ({len(text)} characters)"
    if text.isascii() and text.isprintable():
        return text
    escapes = _escapes(text, lambda c: ascii(c)[1:-1])
    parts = _JOINER.split(text) if escapes else [text]
    parts[::2] = [part.translate(escapes) for part in parts[::2]]
    return "".join(parts)


def printable_lines(text: str) -> str:
    """Return text of several lines, printable, the lines after the first one indented.

    Where a name in a message holds line ends, nothing after them looks like a message of its own.
    """
    return "\n  ".join(map(printable, text.rstrip("\n").split("\n")))


def json_printable(document: str) -> str:
    r"""Return compact JSON with an escape for each character that is not printable.

    It means the same, and is one line for every reader and on every terminal.

    >>> json_printable('"one\u2028line"')
    '"one\\u2028line"'
    """
    if document.isprintable():
        return document
    return document.translate(_escapes(document, _json_escape))


def _escapes(text: str, escape: Callable[[str], str]) -> dict[int, str]:
    return {ord(c): escape(c) for c in set(text) if not c.isprintable() or c in _INVISIBLE}


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return re.sub("....", r"\\u\g<0>", units)


def listed(names: Sequence[str]) -> str:
    """Return up to 20 names in quotes, separated by commas, and how many more there are.

    Of a name, 200 characters are shown.
    """
    rest = len(names) - _MAX_LISTED
    more = f" and {rest} more" if rest > 0 else ""
    return (", ".join(map(_quoted, names[:_MAX_LISTED])) or "none") + more


def _quoted(name: str) -> str:
    rest = f"… ({len(name)} characters)" if len(name) > _MAX_NAME else ""
    return printable(repr(name[:_MAX_NAME])) + rest


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, which takes an s unless there is one.

    >>> counted(1, "row"), counted(2, "row")
    ('1 row', '2 rows')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of as many cells as the lines of a table for a terminal.

    Cells are made printable, and end after 400 characters.

    >>> aligned([("", "docs/1"), ("agreement", "96 %")])
    ['           docs/1', 'agreement  96 %']
    """
    shown = [[printable(cell, _MAX_CELL) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in shown]
