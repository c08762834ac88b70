"""Parse the JSON of a bundle, which somebody else may have written."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guards.json_types import JsonObject

__all__ = ["nests_deeper", "parse_json"]

_MAX_DEPTH = 64
"""What reads a part calls itself for each level; the parts that are sealed have fewer than ten."""


def parse_json(data: bytes) -> object:
    """Parse JSON in which no object has a name twice and nothing is more than 64 levels deep.

    Raises ``ValueError`` for what is not such JSON.
    """
    message = f"more than {_MAX_DEPTH} levels of brackets"
    try:
        parsed: object = json.loads(data, object_pairs_hook=_without_repetition)
    except RecursionError:
        raise ValueError(message) from None
    if isinstance(parsed, dict | list) and nests_deeper(parsed, _MAX_DEPTH):
        raise ValueError(message)
    return parsed


def nests_deeper(container: JsonObject | list[Any], levels: int) -> bool:
    """Return whether lists and objects lie in one another deeper, without a call for each level."""
    inside: list[Iterable[Any]] = [_items(container)]
    for _ in range(levels):
        inside = [
            _items(item) for items in inside for item in items if isinstance(item, dict | list)
        ]
        if not inside:
            return False
    return True


def _items(container: JsonObject | list[Any]) -> Iterable[Any]:
    return container.values() if isinstance(container, dict) else container


def _without_repetition(pairs: list[tuple[str, Any]]) -> JsonObject:
    document = dict(pairs)
    if len(document) < len(pairs):
        ((name, _),) = Counter(name for name, _ in pairs).most_common(1)
        message = f"{name!r} stands there twice"
        raise ValueError(message)
    return document
