"""Text from elsewhere: made safe to print, or read as a duration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["duration_s", "listed", "printable"]

_MAX_LISTED = 20
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)([smhd])", re.ASCII)


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


def duration_s(text: str) -> float:
    """Read a duration, such as ``7d``, ``12h``, ``30m``, ``45s`` or ``0``, in seconds.

    Raises ``ValueError`` for any other text.

    >>> duration_s("1.5h")
    5400.0
    """
    if text == "0":
        return 0.0
    match = _DURATION.fullmatch(text)
    if match is None:
        message = f"expected a number and one of s, m, h, d, as in 12h, found {text!r}"
        raise ValueError(message)
    return float(match[1]) * _UNIT_S[match[2]]
