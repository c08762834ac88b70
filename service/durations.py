"""Durations as people write them: ``45s``, ``30m``, ``12h``, ``7d``."""

from __future__ import annotations

import re

__all__ = ["DURATION", "seconds_of"]

DURATION = "0, or a number of seconds, minutes, hours or days: 45s, 30m, 12h or 7d"
"""What is expected, in words."""

_PATTERN = re.compile(r"(?P<number>\d+(?:\.\d+)?|\.\d+)(?P<unit>[smhd])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_MAX_S = 36_525 * 86_400
_MAX_SHOWN = 20


def seconds_of(text: str) -> float:
    """Return the seconds of a duration; raises ``ValueError`` where it is none.

    >>> seconds_of("12h")
    43200.0
    """
    if text.strip() == "0":
        return 0.0
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        message = f"expected {DURATION}, found {text!r}"
        raise ValueError(message)
    seconds = float(match["number"]) * _SECONDS[match["unit"]]
    if seconds > _MAX_S:
        message = f"expected at most 100 years, found {text.strip()[:_MAX_SHOWN]!r}"
        raise ValueError(message)
    return seconds
