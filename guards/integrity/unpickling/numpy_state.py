"""Rebuild numpy's pickled objects from exactly what numpy writes, and nothing else.

Numpy trusts the state that an array or a dtype is given: a shape without its bytes allocates
memory, and a dtype with false flags takes numbers for addresses. Here each state is first checked
against the bytes that came with it. All functions raise ``NotAsNumpyWrites`` for anything else.

A function that a pickle written here may name must keep its old names as keys of ``REBUILT`` in
``guards.integrity.unpickling.allowlist`` when it moves.
"""

from __future__ import annotations

import math
import re
from collections import UserList
from typing import Any

import numpy as np
from numpy._core.multiarray import scalar

__all__ = [
    "NotAsNumpyWrites",
    "array_from_buffer",
    "check_shape",
    "empty_array",
    "fill",
    "inert",
    "random_state",
    "remainder_columns",
    "scalar_of",
    "simple_dtype",
    "slice_of",
]

_SIMPLE_DTYPE = re.compile(r"b1|[iu][1248]|f[248]|O8|[SU][1-9][0-9]{0,4}")
_MERSENNE_WORDS = 624
_MAX_EMPTY_ITEM_BYTES = 1024
"""An array without items has no bytes that would show how long they may be."""

_MAX_ELEMENTS = 2**48
"""No file holds as many; numpy multiplies shapes in 64 bits."""


class NotAsNumpyWrites(ValueError):
    """A pickled state is not one that numpy, or scikit-learn, writes."""


def fill(target: object, state: object) -> bool:
    """Set the state of what a function of this module made; False for anything else."""
    match target:
        case np.dtype():
            _fill_dtype(target, state)
        case np.ndarray():
            _fill_array(target, state)
        case np.random.RandomState():
            _fill_random_state(target, state)
        case _RemainderColsList():
            _fill_remainder(target, state)
        case _:
            return isinstance(target, Inert)
    return True


def simple_dtype(code: object, *_flags: object) -> np.dtype:
    """Return a dtype of numbers, truth values, texts or objects, as a copy that may be filled."""
    if not isinstance(code, str) or _SIMPLE_DTYPE.fullmatch(code) is None:
        raise NotAsNumpyWrites
    return np.dtype(code, False, True)  # noqa: FBT003 (as numpy pickles it)


def _fill_dtype(dtype: np.dtype, state: object) -> None:
    """Set a dtype's byte order; whatever else the state says must be what the dtype has."""
    own: Any = dtype.__reduce__()[2]
    if (
        not isinstance(state, tuple)
        or (state[0], *state[2:]) != (own[0], *own[2:])
        or state[1] not in ("<", ">", "|", "=")
    ):
        raise NotAsNumpyWrites
    dtype.__setstate__(state)  # type: ignore[attr-defined]  # numpy's stubs leave it out


def empty_array(kind: object, shape: object, code: object) -> np.ndarray:
    """Return the empty array that the state of a pickled array is then set on."""
    if kind is not np.ndarray or shape != (0,) or code not in (b"b", "b"):
        raise NotAsNumpyWrites
    return np.ndarray((0,), np.int8)


def _fill_array(array: np.ndarray, state: object) -> None:
    """Set an array to what a pickle says, where that is as long as its shape."""
    if not isinstance(state, tuple) or len(state) != 5 or array.shape != (0,):  # noqa: PLR2004
        raise NotAsNumpyWrites
    _, shape, dtype, _, data = state
    elements = check_shape(shape, dtype)
    if dtype.hasobject:
        fits = isinstance(data, list) and len(data) == elements and not any(map(_nests, data))
    else:
        fits = isinstance(data, bytes) and len(data) == elements * dtype.itemsize
    if not fits:
        raise NotAsNumpyWrites
    array.__setstate__(state)


def check_shape(shape: object, dtype: object) -> int:
    """Count the elements of an array of this shape and dtype."""
    if (
        not isinstance(dtype, np.dtype)
        or not isinstance(shape, tuple)
        or not all(type(length) is int and length >= 0 for length in shape)
        or math.prod(length or 1 for length in shape) > _MAX_ELEMENTS
    ):
        raise NotAsNumpyWrites
    elements = math.prod(shape)
    if not elements and dtype.itemsize > _MAX_EMPTY_ITEM_BYTES:
        raise NotAsNumpyWrites
    return elements


def _nests(item: object) -> bool:
    """Tell whether an item is an array of objects: freeing many within each other would crash."""
    return isinstance(item, np.ndarray) and item.dtype.hasobject


def scalar_of(dtype: object, data: object) -> np.generic:
    """Return one number, truth value or text of numpy's from its bytes."""
    if (
        not isinstance(dtype, np.dtype)
        or dtype.hasobject
        or not isinstance(data, bytes)
        or len(data) != dtype.itemsize
    ):
        raise NotAsNumpyWrites
    value: Any = scalar(dtype, data)
    return value  # type: ignore[no-any-return]  # the stubs take it for an array


def array_from_buffer(data: object, dtype: object, shape: object, order: object) -> np.ndarray:
    """Return an array that a pickle of protocol 5 keeps as its plain bytes."""
    elements = check_shape(shape, dtype)
    if (
        dtype.hasobject  # type: ignore[attr-defined]  # check_shape knows
        or not isinstance(data, bytes | bytearray)
        or len(data) != elements * dtype.itemsize  # type: ignore[attr-defined]  # check_shape knows
        or order not in ("C", "F")
    ):
        raise NotAsNumpyWrites
    return np.frombuffer(data, dtype).reshape(shape, order=order)  # type: ignore[call-overload,no-any-return]  # just checked


class Inert:
    """Stands for what the value that is rebuilt does not need: a seed, the dtype of a list."""


def inert(*_arguments: object) -> Inert:
    """Return an object that ignores whatever state it is given."""
    return Inert()


def random_state(*_arguments: object) -> np.random.RandomState:
    """Return a random state that is then set to the one in the pickle."""
    return np.random.RandomState(0)


def _fill_random_state(random: np.random.RandomState, state: Any) -> None:  # noqa: ANN401 (a pickle's)
    """Set a Mersenne twister, whose position numpy does not check to lie within its words."""
    key, position = state["state"]["key"], state["state"]["pos"]
    if (
        state["bit_generator"] != "MT19937"
        or not isinstance(key, np.ndarray)
        or (key.dtype, key.shape) != (np.dtype(np.uint32), (_MERSENNE_WORDS,))
        or type(position) is not int
        or not 0 <= position <= _MERSENNE_WORDS
    ):
        raise NotAsNumpyWrites
    random.set_state(("MT19937", key, position, int(state["has_gauss"]), float(state["gauss"])))


def slice_of(*bounds: object) -> slice:
    """Return a slice of numbers or names."""
    if not all(bound is None or isinstance(bound, int | str) for bound in bounds):
        raise NotAsNumpyWrites
    return slice(*bounds)


class _RemainderColsList(UserList[object]):
    """The columns that a ColumnTransformer fitted under scikit-learn 1.6 leaves over.

    Later versions have no such class, and use any list in its place. It keeps the name that it was
    sealed under, so that its digest is the same here as there.
    """

    __module__ = "sklearn.compose._column_transformer"
    __qualname__ = "_RemainderColsList"

    def __reduce__(self) -> tuple[object, ...]:
        return remainder_columns, (), vars(self)


def remainder_columns() -> UserList[object]:
    """Return the list that the state of pickled remainder columns is then set on."""
    return _RemainderColsList()


def _fill_remainder(columns: _RemainderColsList, state: object) -> None:
    known = {"data", "future_dtype", "warning_was_emitted", "warning_enabled"}
    if not isinstance(state, dict) or state.keys() != known or type(state["data"]) is not list:
        raise NotAsNumpyWrites
    vars(columns).update(state)
