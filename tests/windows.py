"""Windows of a log, whose lines may be written in parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guards.json_types import JsonObject

__all__ = ["joined"]


def joined(lines: Iterable[JsonObject]) -> list[JsonObject]:
    """Return the windows whose parts are all there, each with what its further parts have.

    ``lines`` are those of windows; the last parts of the last one may not be written yet.
    """
    whole: list[JsonObject] = []
    parts: list[int] = []
    for line in lines:
        if line.get("part", 1) == 1:
            whole.append(line)
            parts.append(1)
        else:
            _add(whole[-1], line)
            parts[-1] += 1
    return [
        window
        for window, count in zip(whole, parts, strict=True)
        if window.get("parts", 1) == count
    ]


def _add(whole: JsonObject, part: JsonObject) -> None:
    for name, value in part.items():
        if name in ("counts", "scores") or (name in whole and isinstance(whole[name], dict)):
            _add(whole.setdefault(name, {}), value)
        else:
            whole.setdefault(name, value)
