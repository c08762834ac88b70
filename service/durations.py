"""Durations as people write them: ``45s``, ``30m``, ``12h``, ``7d``."""

from __future__ import annotations

import re

__all__ = ["DURATION", "seconds_of"]

DURATION = "0, or a number of seconds, minutes, hours or days: 45s, 30m, 12h or 7d"
"""What is expected, in words."""

_PATTERN = re.compile(r"(?P<number>\d+(?:\.\d+)?|\.\d+)(?P<unit>[smhd])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


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
    return float(match["number"]) * _SECONDS[match["unit"]]
