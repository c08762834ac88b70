"""Damage JSON documents: other values, other names, other places, and how they are written."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING

from load_tests.fuzz.chance import happens
from load_tests.fuzz.damage.hostile import nested, some_text, some_value

if TYPE_CHECKING:
    from random import Random

    from guards.json_types import JsonValue

__all__ = ["damaged_document", "damaged_json"]

_MAX_WORDS = 120


def damaged_json(rng: Random, data: bytes) -> tuple[bytes, str]:
    """Return the bytes of a JSON document with one to three places damaged, and what was done."""
    if happens(rng, 0.06):
        return _as_written(rng, data)
    document, words = damaged_document(rng, json.loads(data))
    return json.dumps(document).encode(), words


def damaged_document(rng: Random, document: JsonValue) -> tuple[JsonValue, str]:
    """Return a copy of a document with one to three places damaged, and what was done."""
    document, words = copy.deepcopy(document), []
    for _ in range(rng.randint(1, 3)):
        if not document or not isinstance(document, dict | list):
            break
        place = _place(rng, document)
        words.append(rng.choice((_replace, _replace, _scale, _remove, _add, _move))(rng, *place))
    return document, "; ".join(words)


def _place(rng: Random, document: JsonValue) -> tuple[JsonValue, str | int, str]:
    """Draw a place, as what holds it, its key there, and its path; each level is as likely."""
    holder, path = document, "$"
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = rng.choice(keys)
        path += f".{key}"
        below = holder[key]
        if not isinstance(below, dict | list) or not below or happens(rng, 0.35):
            return holder, key, path
        holder = below


def _replace(rng: Random, holder: JsonValue, key: str | int, path: str) -> str:
    holder[key] = some_value(rng)
    return f"{path} = {ascii(holder[key])[:_MAX_WORDS]}"


def _scale(rng: Random, holder: JsonValue, key: str | int, path: str) -> str:
    """Make a value another one of its own type, which stricter readers take as well."""
    value = holder[key]
    if isinstance(value, bool):
        holder[key] = not value
    elif isinstance(value, int | float):
        holder[key] = rng.choice((value + 1, value - 1, -value, value * 2, value * 10**6, 0))
    elif isinstance(value, str):
        holder[key] = rng.choice((value + "x", value[1:], value * 50, some_text(rng)))
    elif isinstance(value, list):
        holder[key] = rng.choice((value * 2, value[1:], value[::-1], value * 20))
    return f"{path} = {ascii(holder[key])[:_MAX_WORDS]}"


def _remove(_: Random, holder: JsonValue, key: str | int, path: str) -> str:
    del holder[key]
    return f"{path} removed"


def _add(rng: Random, holder: JsonValue, key: str | int, path: str) -> str:
    value = some_value(rng)
    if isinstance(holder, dict):
        name = rng.choice((some_text(rng), f"{key}x", "auto_map", "trust_remote_code", "__class__"))
        holder[name] = value
        return f"{path}: {ascii(name)[:40]} added = {ascii(value)[:_MAX_WORDS]}"
    holder.insert(key, value)
    return f"{path} inserted {ascii(value)[:_MAX_WORDS]}"


def _move(rng: Random, holder: JsonValue, key: str | int, path: str) -> str:
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    other = rng.choice(keys)
    holder[key], holder[other] = holder[other], holder[key]
    return f"{path} swapped with .{other}"


def _as_written(rng: Random, data: bytes) -> tuple[bytes, str]:
    """Damage what only the written form has: depth, names given twice, numbers, encodings."""
    text = data.decode()
    depth = rng.choice((90, 990, 100_000))
    forms = {
        f"{depth} brackets": "[" * depth,
        f"{depth} brackets that close": json.dumps(nested(min(depth, 900))),
        f"{depth} objects": '{"a":' * depth,
        "nested deep in the document": '{"a": ' + "[" * depth + "]" * depth + "," + text[1:],
        "a name twice": text[:1] + '"labels": [], "parts": {},' + text[1:],
        "a long number": text[:1] + '"n": ' + "9" * 100_000 + "," + text[1:],
        "a large exponent": text[:1] + '"n": 1e400,' + text[1:],
        "not a number": text[:1] + '"n": NaN,' + text[1:],
        "a lone surrogate": text[:1] + '"\\ud800": 1,' + text[1:],
        "a byte order mark": "\ufeff" + text,
    }
    name = rng.choice((*forms, "UTF-16", "invalid UTF-8", "empty"))
    if name == "UTF-16":
        return text.encode("utf-16"), name
    if name == "invalid UTF-8":
        return data[:-1] + b', "\xff\xfe": 1}', name
    return (forms[name].encode() if name in forms else b""), name
