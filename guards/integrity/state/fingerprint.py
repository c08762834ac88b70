"""The canonical state of a fitted estimator, as a digest.

A library's own hash of an estimator changes with the library, and so do the bytes of its pickle.
What matters is the class and everything that fitting left behind. :func:`digest` hashes that,
type-tagged and length-prefixed, so that two states share a digest only if they are the same.
"""

from __future__ import annotations

import hashlib
import struct
import sys
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from operator import itemgetter
from types import FunctionType, NoneType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sized

    from guards.json_types import JsonMapping

__all__ = [
    "MAX_BITS",
    "OF_ONE_PROCESS",
    "digest",
    "digest_of_json",
    "digesting",
    "preprocessing_fingerprint",
]

_MAX_VALUES = 2_000_000
_MAX_BYTES = 1024**3
"""A hostile file can refer to one value many times over; no fitted preprocessing comes near."""

_MAX_DEPTH = 500

OF_ONE_PROCESS = frozenset({"_stop_words_id"})
"""Attributes that transforming sets to an address in memory: they are not part of the state."""

_SORTED_ITEMS = 2_000
"""This many items are sorted in about a millisecond, during which no other thread runs."""

_BLOCK_ELEMENTS = 2**17
"""This many elements of an array are made canonical in about a millisecond."""

_PIECES = 500
_LONG_BYTES = 2**16

MAX_BITS = 1024
"""Longer integers are written in hexadecimal: Python refuses to write them in decimal."""

_ARRAYS = "biufcSUMmO"
_FUNCTIONS = (FunctionType, type(np.clip))
_NAN_BYTES = struct.pack("<d", float("nan"))


def digest(value: object) -> str:
    """Return ``sha256:…`` of a value's canonical state.

    Takes JSON-like values, numpy arrays, scalars and random states, SciPy's sparse arrays,
    scikit-learn estimators (class path and full state), and functions by the name under which they
    are imported. Array order, byte order, ``-0.0``, the payload of NaN and the order of a sparse
    array's entries do not matter; type, dtype, shape and every other bit do. Raises ``TypeError``
    for anything else and for more than 2 million values or 1 GiB of them, and ``RecursionError``
    for a value that contains itself, so that nothing is left out.
    """
    steps = digesting(value)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return str(done.value)


def digest_of_json(value: object) -> str:
    """Return the ``digest`` of a value that was parsed from JSON, however many values it holds.

    Nothing in it is there twice, so it is bounded by the bytes that it was parsed from. Raises
    ``TypeError`` for more than 1 GiB.
    """
    return digest(_ParsedJson(value))


def digesting(value: object) -> Generator[None, None, str]:
    """Return what ``digest`` returns, computed in steps of at most about a millisecond."""
    sha = hashlib.sha256()
    for piece in _pieces(value, _Budget()):
        sha.update(piece)
        yield
    return f"sha256:{sha.hexdigest()}"


def preprocessing_fingerprint(
    columns: object,
    tokenizer: JsonMapping,
    schema: JsonMapping,
    text: JsonMapping,
    column_inputs: JsonMapping | None = None,
) -> str:
    """Return one digest of everything that turns a document into the network's input.

    ``columns`` is the fitted estimator or None, ``tokenizer`` the parsed ``tokenizer.json``,
    ``schema`` the input schema as JSON, ``text`` how text is truncated, and
    ``column_inputs`` in which form the columns take their input, None for canonical values.
    """
    parts = {
        "columns": columns,
        "tokenizer": _ParsedJson(tokenizer),
        # A schema that was read from JSON has lists where one that was just made has tuples.
        "schema": _with_tuples(schema),
        "text": text,
    }
    return digest(parts if column_inputs is None else {**parts, "frame": column_inputs})


def _with_tuples(value: object) -> object:
    if isinstance(value, dict):
        return {name: _with_tuples(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_with_tuples(item) for item in value)
    return value


@dataclass(slots=True)
class _Budget:
    """How much may still be digested."""

    values: int = _MAX_VALUES
    size_bytes: int = _MAX_BYTES

    def spend(self, ready: list[bytes]) -> bytes:
        """Empty the list and return its bytes as one."""
        joined = b"".join(ready)
        self.values -= len(ready)
        self.size_bytes -= len(joined)
        ready.clear()
        if self.values < 0 or self.size_bytes < 0:
            message = "a preprocessing cannot hold so many values"
            raise TypeError(message)
        return joined


@dataclass(frozen=True, slots=True)
class _ParsedJson:
    """A value whose number of values is not limited, but only their bytes."""

    value: object


class _Piece(bytes):
    """Bytes that go into the digest as they are."""

    __slots__ = ()


def _pieces(value: object, budget: _Budget) -> Iterator[bytes]:
    """Yield a value's bytes, depth first, at the same cost however deep a value lies."""
    opened: list[Iterator[object]] = [iter((value,))]
    ready: list[bytes] = []
    while opened:
        for item in opened[-1]:
            encode = _SCALARS.get(type(item))
            piece, inner = _open(item, budget) if encode is None else (encode(item), ())
            ready.append(piece)
            if len(ready) == _PIECES or len(piece) > _LONG_BYTES or not piece:
                yield budget.spend(ready)
            if inner:
                opened.append(iter(inner))
                break
        else:
            opened.pop()
        if len(opened) > _MAX_DEPTH:
            message = "a preprocessing cannot hold a value that deep, or one that holds itself"
            raise RecursionError(message)
    yield budget.spend(ready)


def _tagged(tag: bytes, chunk: bytes) -> bytes:
    return tag + struct.pack("<Q", len(chunk)) + chunk


def _number(value: int) -> bytes:
    text = str(value) if value.bit_length() <= MAX_BITS else hex(value)
    return _tagged(b"int", text.encode())


def _text(value: str) -> bytes:
    return _tagged(b"str", value.encode("utf-8", "surrogatepass"))


_SCALARS: dict[type, Callable[[Any], bytes]] = {
    NoneType: lambda _: b"none",
    _Piece: lambda value: value,
    bool: lambda value: _tagged(b"bool", bytes([value])),
    bytes: lambda value: _tagged(b"bytes", value),
    float: lambda value: _tagged(b"float", _float_bytes(value)),
    int: _number,
    str: _text,
}


def _open(value: object, budget: _Budget) -> tuple[bytes, Iterable[object]]:  # noqa: C901, PLR0911, PLR0912 (one branch a type)
    """Return a value's own bytes, and the values that it holds."""
    match value:
        case np.ndarray():
            return _open_array(value)
        case np.generic():
            return b"scalar", (np.asarray(value),)
        case int():
            return _number(value), ()
        case float():
            return _tagged(b"float", _float_bytes(value)), ()
        case str():
            return _text(value), ()
        case list() | tuple():
            return _tagged(type(value).__name__.encode(), _count(value)), value
        case set() | frozenset():
            return b"set", _sorted_members(value, budget)
        case dict():
            return _tagged(b"dict", _count(value)), _sorted_items(value, budget)
        case _ParsedJson():
            return b"", map(_Piece, _pieces(value.value, _Budget(values=sys.maxsize)))
        case slice():
            return b"slice", ((value.start, value.stop, value.step),)
        case np.dtype():
            return _tagged(b"dtype", value.str.lstrip("<>=|").encode()), ()
        case type():
            return _tagged(b"class", _class_path(value).encode()), ()
        case np.random.RandomState():
            return b"random", (value.get_state(legacy=False),)
        case _ if _is_estimator(type(value)):
            return _tagged(b"estimator", _class_path(type(value)).encode()), (_state_of(value),)
        case _ if _class_path(type(value)).startswith("scipy.sparse."):
            return _tagged(b"sparse", _class_path(type(value)).encode()), (_entries_of(value),)
        case _ if (name := _function_name(value)) is not None:
            return _tagged(b"function", name.encode()), ()
        case _:
            message = f"a preprocessing cannot hold a {_class_path(type(value))}"
            raise TypeError(message)


def _count(values: Sized) -> bytes:
    return struct.pack("<Q", len(values))


def _sorted_members(members: Iterable[object], budget: _Budget) -> Iterator[bytes]:
    for member in sorted(_joined(member, budget) for member in members):
        yield _Piece(_tagged(b"", member))


def _sorted_items(items: Mapping[object, object], budget: _Budget) -> Iterator[object]:
    """Yield each key's bytes and its value, in the order of those bytes."""
    remaining = iter(items.items())
    runs = []
    while run := [(_joined(key, budget), item) for key, item in islice(remaining, _SORTED_ITEMS)]:
        runs.append(sorted(run, key=itemgetter(0)))
        yield _Piece(b"")  # nothing to digest, but a step
    for key, item in merge(*runs, key=itemgetter(0)):
        yield _Piece(_tagged(b"key", key))
        yield item


def _joined(value: object, budget: _Budget) -> bytes:
    encode = _SCALARS.get(type(value))
    return b"".join(_pieces(value, budget)) if encode is None else encode(value)


def _open_array(array: np.ndarray) -> tuple[bytes, Iterable[object]]:
    if array.dtype.kind not in _ARRAYS:
        message = f"a preprocessing cannot hold an array of {array.dtype}"
        raise TypeError(message)
    shape = np.asarray(array.shape, dtype="<i8").tobytes()
    if array.dtype.hasobject:
        return _tagged(b"objects", shape), array.ravel().tolist()
    if array.nbytes > _MAX_BYTES:
        message = f"a preprocessing cannot hold an array of {array.nbytes} bytes"
        raise TypeError(message)
    code = array.dtype.str.lstrip("<>=|").encode()
    length = struct.pack("<Q", array.nbytes)
    return _tagged(_tagged(b"array", code), shape) + length, _canonical_blocks(array)


def _canonical_blocks(array: np.ndarray) -> Iterator[_Piece]:
    """Yield an array's bytes in C order, little-endian, with one zero and one NaN."""
    flat = np.ascontiguousarray(array).reshape(-1)
    for start in range(0, len(flat), _BLOCK_ELEMENTS):
        block = flat[start : start + _BLOCK_ELEMENTS].astype(
            array.dtype.newbyteorder("<"), copy=True
        )
        if block.dtype.kind == "f":
            block[np.isnan(block)] = np.nan
            block += 0.0
        yield _Piece(block.tobytes())


def _float_bytes(value: float) -> bytes:
    return _NAN_BYTES if value != value else struct.pack("<d", value + 0.0)  # noqa: PLR0124 (NaN)


def _is_estimator(kind: type) -> bool:
    """Tell whether a class is scikit-learn's own, or derived from its estimators."""
    paths = map(_class_path, kind.__mro__)
    return _class_path(kind).startswith("sklearn.") or "sklearn.base.BaseEstimator" in paths


def _state_of(value: object) -> object:
    """Return every attribute, including those that a class keeps in slots."""
    state: Any = object.__getstate__(value) or {}
    if isinstance(state, dict) and state.keys() & OF_ONE_PROCESS:
        return {name: item for name, item in state.items() if name not in OF_ONE_PROCESS}
    return state


def _entries_of(matrix: Any) -> tuple[object, ...]:  # noqa: ANN401 (a dozen classes without a common one)
    """Return shape, indices and values of a sparse array, after checking its structure."""
    try:
        if hasattr(matrix, "check_format"):
            matrix.check_format(full_check=True)
        entries = matrix.tocoo(copy=True)
        entries.sum_duplicates()
    except Exception as error:  # noqa: BLE001 (whatever is wrong with it)
        message = f"a preprocessing cannot hold a broken sparse array: {error}"
        raise TypeError(message) from None
    indices = tuple(index.astype(np.int64) for index in entries.coords)
    return tuple(map(int, matrix.shape)), indices, entries.data


def _function_name(value: object) -> str | None:
    """Return the name under which a function is imported; None where there is none."""
    if isinstance(value, np.ufunc):
        names = [("numpy", value.__name__), ("scipy.special", value.__name__)]
    elif isinstance(value, _FUNCTIONS):
        names = [(value.__module__, value.__qualname__)]
    else:
        return None
    paths = (
        f"{module}.{name}"
        for module, name in names
        if getattr(sys.modules.get(module), name, None) is value
    )
    return next(paths, None)


def _class_path(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
