"""Numpy's pickled forms are rebuilt as numpy wrote them; anything else is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from guards.integrity.unpickling.numpy_state import (
    NotAsNumpyWrites,
    array_from_buffer,
    check_shape,
    empty_array,
    fill,
    random_state,
    remainder_columns,
    scalar_of,
    simple_dtype,
    slice_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from guards.json_types import JsonObject

F8 = np.dtype("f8")
OBJECTS = np.dtype("O")
NESTED = np.array([None], dtype=object)


def rebuilt(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Rebuild an array from what numpy writes for it."""
    written: Any = array.__reduce__()
    _, (kind, shape, code), state = written
    new = empty_array(kind, shape, code)
    assert fill(new, state)
    return new


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.array(["a", "bc"]),
        np.array([b"a"]),
        np.array([True, False]),
        np.array(["a", None, 1.5], dtype=object),
        np.zeros((0, 3)),
        np.array(7, dtype=np.int8),
    ],
)
def test_arrays_come_back(array: np.ndarray[Any, Any]) -> None:
    """Numbers, texts, truth values and objects, of any shape, come back as they were."""
    new = rebuilt(array)

    assert (new.dtype, new.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(new, array)


@pytest.mark.parametrize("code", ["f8", "<f8", ">i4", "b1", "u2", "U5", "S3", "O"])
def test_dtypes_come_back(code: str) -> None:
    """A dtype comes back with its byte order, as one that no other array shares."""
    dtype = np.dtype(code)
    written: Any = dtype.__reduce__()
    _, arguments, state = written

    new = simple_dtype(*arguments)

    assert fill(new, state)
    assert new == dtype
    assert new is not simple_dtype(*arguments)


def test_random_states_come_back() -> None:
    """A random state goes on where it was."""
    original = np.random.RandomState(5)
    original.normal(size=3)
    new = random_state()

    assert fill(new, original.get_state(legacy=False))
    assert new.normal(size=4).tolist() == original.normal(size=4).tolist()


def twister(**changes: object) -> JsonObject:
    """Return the state of a random state with something changed."""
    state: JsonObject = np.random.RandomState(5).get_state(legacy=False)
    state["state"] = {**state["state"], **changes}
    return state


def filled(target: object, state: object) -> Callable[[], object]:
    """Return the attempt to set a state."""
    return lambda: fill(target, state)


ATTEMPTS: dict[str, Callable[[], object]] = {
    "dtype of a structure": lambda: simple_dtype([("a", "f8")], False, True),  # noqa: FBT003 (as numpy does)
    "dtype of nothing": lambda: simple_dtype("V8", False, True),  # noqa: FBT003 (as numpy does)
    "dtype of no size": lambda: simple_dtype("U0", False, True),  # noqa: FBT003 (as numpy does)
    "dtype by a comma": lambda: simple_dtype("f8,f8", False, True),  # noqa: FBT003 (as numpy does)
    "numbers with the flags of objects": filled(
        simple_dtype("i8"), (3, "<", None, None, None, -1, -1, 63)
    ),
    "numbers of another size": filled(simple_dtype("i8"), (3, "<", None, None, None, 800, -1, 0)),
    "numbers with fields": filled(
        simple_dtype("i8"), (3, "<", None, ("a",), {"a": (F8, 0)}, -1, -1, 0)
    ),
    "byte order of no kind": filled(simple_dtype("i8"), (3, "x", None, None, None, -1, -1, 0)),
    "array of another class": lambda: empty_array(np.memmap, (0,), b"b"),
    "array of a TiB": lambda: empty_array(np.ndarray, (2**40,), b"b"),
    "array of no bytes": filled(rebuilt(np.zeros(0)), (1, (2**30,), F8, False, b"")),
    "array of too many bytes": filled(rebuilt(np.zeros(0)), (1, (1,), F8, False, b"a" * 9)),
    "array of a text": filled(rebuilt(np.zeros(0)), (1, (1,), F8, False, "a" * 8)),
    "objects from bytes": filled(rebuilt(np.zeros(0)), (1, (1,), OBJECTS, False, b"a" * 8)),
    "fewer objects": filled(rebuilt(np.zeros(0)), (1, (2**30,), OBJECTS, False, [None])),
    "objects within objects": filled(rebuilt(np.zeros(0)), (1, (1,), OBJECTS, False, [NESTED])),
    "array that is filled": filled(np.zeros(1), (1, (1,), F8, False, b"a" * 8)),
    "array with half a state": filled(rebuilt(np.zeros(0)), (1, (0,))),
    "shape below zero": lambda: check_shape((-1, -1), F8),
    "shape beyond the machine": lambda: check_shape((0, 2**62), F8),
    "shape of fractions": lambda: check_shape((1.0,), F8),
    "shape as a list": lambda: check_shape([1], F8),
    "shape of no dtype": lambda: check_shape((1,), "f8"),
    "scalar of no bytes": lambda: scalar_of(np.dtype("S900000000"), None),
    "scalar of fewer bytes": lambda: scalar_of(F8, b"a"),
    "scalar of an object": lambda: scalar_of(OBJECTS, b"a" * 8),
    "buffer that is too short": lambda: array_from_buffer(b"a", F8, (1,), "C"),
    "buffer of objects": lambda: array_from_buffer(b"a" * 8, OBJECTS, (1,), "C"),
    "buffer of no bytes": lambda: array_from_buffer("a" * 8, F8, (1,), "C"),
    "buffer in no order": lambda: array_from_buffer(b"a" * 8, F8, (1,), "K"),
    "twister beyond its words": filled(random_state(), twister(pos=625)),
    "twister before its words": filled(random_state(), twister(pos=-1)),
    "twister of fewer words": filled(random_state(), twister(key=np.zeros(3, np.uint32))),
    "slice within a slice": lambda: slice_of(slice(None), None, None),
    "remainder of something else": filled(remainder_columns(), {"data": {}}),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_what_numpy_does_not_write_is_refused(attempt: str) -> None:
    """Neither memory nor meaning is taken from what no library wrote."""
    with pytest.raises(NotAsNumpyWrites):
        ATTEMPTS[attempt]()


@pytest.mark.parametrize("target", [{}, [], np.float64, F8.type(1), object()])
def test_other_targets_are_not_filled(target: object) -> None:
    """Whoever asks is told that nothing here has such a state."""
    assert not fill(target, {})
