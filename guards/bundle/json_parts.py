"""Parse the JSON of a bundle, which somebody else may have written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guards.json_types import JsonObject

__all__ = ["parse_json"]

_MAX_DEPTH = 64
"""What reads a part calls itself for each level; the parts that are sealed have fewer than ten."""


def parse_json(data: bytes) -> object:
    """Parse JSON in which no object has a name twice and nothing is more than 64 levels deep.

    Raises ``ValueError`` for what is not such JSON.
    """
    try:
        parsed: object = json.loads(data, object_pairs_hook=_without_duplicates)
    except RecursionError:
        parsed = None
        deep = True
    else:
        deep = _is_deep(parsed)
    if deep:
        message = f"more than {_MAX_DEPTH} levels of brackets"
        raise ValueError(message)
    return parsed


def _is_deep(parsed: object) -> bool:
    """Tell whether lists and objects are nested too deeply, without a call for each level."""
    level = [parsed]
    for _ in range(_MAX_DEPTH):
        level = [
            item
            for outer in level
            for item in (outer.values() if isinstance(outer, dict) else _items(outer))
            if isinstance(item, dict | list)
        ]
        if not level:
            return False
    return True


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _without_duplicates(pairs: list[tuple[str, object]]) -> JsonObject:
    document = dict(pairs)
    if len(document) != len(pairs):
        message = "an object has the same name twice"
        raise ValueError(message)
    return document
