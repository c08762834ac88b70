"""Which challenger each entry of a line's ``challengers`` is about."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from guards.evidence.pair import ChallengerId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guards.json_types import JsonMapping

__all__ = ["challengers_of"]


def challengers_of(data: JsonMapping) -> Iterator[tuple[ChallengerId, JsonMapping]]:
    """Return the id of each entry of ``challengers``, and the entry.

    Lines of the version before ordinals name several challengers of one bundle alike, or with plus
    signs behind the version of the later ones. ``KeyError`` or ``TypeError`` where malformed.
    """
    ordinals: Counter[tuple[str, str]] = Counter()
    for entry in data["challengers"]:
        name, version = entry["name"], entry["version"]
        if "ordinal" in entry:
            yield ChallengerId(name, version, entry["ordinal"]), entry
            continue
        first = name, version.rstrip("+")
        bundle = first if first in ordinals else (name, version)
        ordinals[bundle] += 1
        yield ChallengerId(*bundle, ordinals[bundle]), entry
