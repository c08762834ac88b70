"""Reckon what an unpickled preprocessing holds and makes in total, before it makes it.

A file can name one array, or one estimator, a thousand times in a few bytes: transforming then
works on it a thousand times. So everything is counted at every mention.
"""

from __future__ import annotations

from collections import UserList
from typing import TYPE_CHECKING, Any

import numpy as np

from guards.integrity.unpickling.estimators.catalogue import description_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["excessive", "output_width"]

_MENTION_BYTES = 16
_MAX_RATIO = 8
_FREE_BYTES = 16 * 1024**2
_MAX_DEPTH = 100
_MAX_ESTIMATORS = 20_000
_MAX_WIDTH = 2**22
"""Columns that all steps together make of a document: hashing alone makes 2**20 by default."""

_SCALARS = frozenset({bool, float, int, type(None)})


class _Excess(Exception):
    """Something that no fitted preprocessing has, in words."""


def excessive(value: object, size_bytes: int) -> str | None:
    """Return in words what there is too much of in a value from a file; None if nothing.

    Its estimators must be sound each by itself. ``size_bytes`` is the size of the file.
    """
    try:
        _weigh(value, _MAX_RATIO * size_bytes + _FREE_BYTES)
        _Widths().of(value)
    except _Excess as excess:
        return str(excess)
    return None


def output_width(estimator: object) -> int | None:
    """Return how many columns a fitted estimator makes; None where its state does not tell."""
    return _Widths().of(estimator)


def _weigh(value: object, max_bytes: int) -> None:
    """Count bytes, estimators and depth, following every mention; raises ``_Excess``."""
    size_bytes = estimators = 0
    opened: list[Iterator[object]] = [iter((value,))]
    while opened:
        for item in opened[-1]:
            own, inner = _contents(item)
            size_bytes += own
            estimators += description_of(item) is not None
            if inner:
                opened.append(iter(inner))
                break
        else:
            opened.pop()
        if size_bytes > max_bytes:
            message = f"mentions more than {max_bytes} bytes, counting each as often as it is named"
            raise _Excess(message)
        if estimators > _MAX_ESTIMATORS:
            message = f"mentions more than {_MAX_ESTIMATORS} estimators"
            raise _Excess(message)
        if len(opened) > _MAX_DEPTH:
            message = f"nests more than {_MAX_DEPTH} values, or one within itself"
            raise _Excess(message)


def _contents(value: Any) -> tuple[int, Iterable[object]]:  # noqa: ANN401 (any value of a file)
    """Return the bytes of a value itself, and the values in it that are to be looked at."""
    if isinstance(value, np.ndarray):
        inner = value.ravel().tolist() if value.dtype.hasobject else ()
        return _MENTION_BYTES + value.nbytes, inner
    if isinstance(value, str | bytes):
        return _MENTION_BYTES + len(value), ()
    if isinstance(value, dict):
        keys, items = _in_bulk(value), _in_bulk(value.values())
        return keys[0] + items[0], [*keys[1], *items[1]]
    if isinstance(value, list | tuple | set | frozenset | UserList):
        return _in_bulk(value)
    if description_of(value) is not None:
        return _in_bulk(vars(value).values())
    return _MENTION_BYTES, ()


def _in_bulk(values: Iterable[Any]) -> tuple[int, Iterable[object]]:
    """Return the bytes of values that can be counted at once, and those that cannot."""
    values = list(values)
    kinds = set(map(type, values))
    if kinds <= _SCALARS:
        return _MENTION_BYTES * (1 + len(values)), ()
    if kinds == {str}:
        return _MENTION_BYTES * (1 + len(values)) + sum(map(len, values)), ()
    return _MENTION_BYTES, values


class _Widths:
    """The numbers of columns that estimators make of a document."""

    def __init__(self) -> None:
        self._total = 0

    def of(self, step: object, given: int | None = None) -> int | None:
        """Return how many columns a step makes of so many; None where that is not known.

        Raises ``_Excess`` where a step is given another number of columns than it was fitted on,
        and where all of them together make too many.
        """
        description = description_of(step)
        if description is None:
            return {"drop": 0, "passthrough": given, None: given}.get(_word(step))
        state = vars(step)
        wanted = state.get("n_features_in_")
        if None not in (given, wanted) and given != wanted:
            message = f"holds a {description.name} of {wanted} columns that is given {given}"
            raise _Excess(message)
        width = description.width(state, given, self.of)
        self._total += width or 0
        if self._total > _MAX_WIDTH:
            message = f"makes more than {_MAX_WIDTH} columns"
            raise _Excess(message)
        return width


def _word(step: object) -> str | None:
    return step if step is None or isinstance(step, str) else ""
