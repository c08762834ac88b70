"""Windows of a log, whose lines may be written in parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guards.json_types import JsonObject

__all__ = ["joined"]


def joined(lines: Iterable[JsonObject]) -> list[JsonObject]:
    """Return the lines of windows, each with what its further parts have."""
    whole: list[JsonObject] = []
    for line in lines:
        if line.get("part", 1) == 1:
            whole.append(line)
        else:
            _add(whole[-1], line)
    return whole


def _add(whole: JsonObject, part: JsonObject) -> None:
    for name, value in part.items():
        if name in ("counts", "scores") or (name in whole and isinstance(whole[name], dict)):
            _add(whole.setdefault(name, {}), value)
        else:
            whole.setdefault(name, value)
