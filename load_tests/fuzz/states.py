"""Draw damaged states of fitted estimators, attribute by attribute.

Each damage changes one attribute of one estimator: its type, dtype, shape, order or range, or takes
it away; or adds one that fitting does not leave. Not all are refused: another mean is still a mean.
"""

from __future__ import annotations

import copy
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.preprocessing import StandardScaler

from guards.integrity.unpickling.estimators.catalogue import description_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Edit = Callable[[dict[str, Any]], None]

__all__ = ["damaged_states", "damages_of", "edits_of", "estimators_in"]

_HUGE = 2**40


def estimators_in(value: object) -> list[Any]:
    """Return every estimator with a description in a value, each once, in a fixed order."""
    found: dict[int, Any] = {}
    waiting: list[Any] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list | tuple):
            waiting.extend(item)
        elif description_of(item) is not None and id(item) not in found:
            found[id(item)] = item
            waiting.extend(vars(item).values())
    return [*found.values()]


def damaged_states(estimator: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 (any estimator)
    """Yield what was damaged and how, and a copy of ``estimator`` that is otherwise as it was."""
    for place, inner in enumerate(estimators_in(estimator)):
        for words, edit in edits_of(vars(inner)):
            damaged = copy.deepcopy(estimator)
            edit(vars(estimators_in(damaged)[place]))
            yield f"{type(inner).__name__}.{words}", damaged


def edits_of(state: dict[str, Any]) -> Iterator[tuple[str, Edit]]:
    """Yield what is damaged and how, and a function that damages a copy of ``state``."""
    yield "note_ added", partial(_set, name="note_", value=1)
    yield "transform replaced", partial(_set, name="transform", value=1)
    for name, value in state.items():
        yield f"{name} missing", partial(_remove, name=name)
        for how, damage in damages_of(value):
            yield f"{name} {how}", partial(_set, name=name, value=damage)


def _set(state: dict[str, Any], name: str, value: object) -> None:
    state[name] = value


def _remove(state: dict[str, Any], name: str) -> None:
    del state[name]


def damages_of(value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401, C901 (any attribute; one branch a type)
    """Yield in which way a value is damaged, and the damaged value."""
    others: tuple[Any, ...] = (None, True, -1, _HUGE, 0.5, float("nan"), "other", [], {})
    for other in (*others, StandardScaler()):
        if type(other) is not type(value):
            yield f"as {type(other).__name__} {str(other)[:5]}", other
    match value:
        case np.ndarray():
            yield from _damaged_arrays(value)
        case list() | tuple():
            yield from _damaged_lists(value)
        case dict():
            yield from _damaged_dictionaries(value)
        case bool():
            yield "as a number", 2
        case int() | np.integer():
            yield from ((f"as {number}", number) for number in (-1, -_HUGE, _HUGE, 2**70))
        case float() | np.floating():
            numbers = (-1e308, -1.0, float("inf"), float("nan"))
            yield from ((f"as {number}", number) for number in numbers)
        case str():
            yield from (("other", "other"), ("long", "x" * 200_000), ("a dtype", "U50000000"))
        case type() | np.dtype():
            yield from (("wide", "U50000000"), ("texts", np.dtype("U1000")), ("text", np.str_))


def _damaged_arrays(array: np.ndarray) -> Iterator[tuple[str, Any]]:
    yield "as a list", array.tolist()
    yield "one shorter", array[:-1]
    yield "one longer", np.concatenate([array, array[:1]])
    yield "twice", np.concatenate([array, array])
    yield "in another dimension", array[None]
    yield "in no dimension", np.array(0, dtype=array.dtype)
    yield "empty", array[:0]
    yield "empty and wide", np.zeros((0, *array.shape[1:]), dtype="U200")
    yield "backwards", array[::-1]
    yield "as texts", np.array([*map(str, array.ravel())], dtype=str).reshape(array.shape)
    if array.dtype == object:
        items: tuple[Any, ...] = ((), [], {}, _HUGE, -1)
        yield from ((f"of {item!r}", _filled(array, item)) for item in items)
        yield "of arrays", _filled(array, np.zeros((3, 1)))
        return
    yield "as objects", array.astype(object)
    yield "of another byte order", array.astype(array.dtype.newbyteorder())
    if array.dtype.kind in "iuf":
        largest = np.finfo if array.dtype.kind == "f" else np.iinfo
        yield "huge", np.full_like(array, largest(array.dtype).max)
        yield "negative", np.full_like(array, largest(array.dtype).min)
        yield "one more", array + array.dtype.type(1)
        with np.errstate(invalid="ignore"):
            others = array.astype("i8" if array.dtype.kind == "f" else "f8"), array.astype("i1")
        yield from zip(("as other numbers", "as bytes"), others, strict=True)
    if array.dtype.kind == "f":
        yield "NaN", np.full_like(array, np.nan)
        yield "infinite", np.full_like(array, np.inf)


def _filled(array: np.ndarray, item: object) -> np.ndarray:
    filled = np.empty(array.size, dtype=object)
    for index in range(array.size):
        filled[index] = item
    return filled.reshape(array.shape)


def _damaged_lists(items: list[Any] | tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    kind = type(items)
    yield "one shorter", kind(items[:-1])
    yield "one longer", kind([*items, *items[:1]])
    yield "a thousand times", kind([*items] * 1000)
    yield "backwards", kind(items[::-1])
    objects = np.empty(len(items), dtype=object)
    for place, item in enumerate(items):
        objects[place] = item
    yield "as an array of objects", objects
    for place, item in enumerate(items[:3]):
        for how, damage in damages_of(item):
            yield f"[{place}] {how}", kind([*items[:place], damage, *items[place + 1 :]])


def _damaged_dictionaries(items: dict[Any, Any]) -> Iterator[tuple[str, Any]]:
    yield "with another key", {**items, "other": 0}
    yield "with a number for a key", {**items, 3: 0}
    for key, item in [*items.items()][:3]:
        yield f"without {str(key)[:9]!r}", {name: items[name] for name in items if name != key}
        for how, damage in damages_of(item):
            yield f"[{str(key)[:9]!r}] {how}", {**items, key: damage}
