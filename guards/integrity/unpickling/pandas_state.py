"""Rebuild pandas' lists of column names, numbers and truth values as plain Python lists.

A ColumnTransformer keeps the column lists that it was given, often an ``Index`` or a ``Series``.
What pandas and pyarrow pickle of them is read here; neither is imported, and nothing of them is
called. All functions raise ``NotAsPandasWrites`` for anything but texts, whole numbers and truth
values in one dimension, none of them missing.
"""

from __future__ import annotations

from itertools import chain, islice, pairwise
from typing import Any

import numpy as np

__all__ = [
    "CONTAINERS",
    "NotAsPandasWrites",
    "arrow_chunks",
    "arrow_texts",
    "buffer_of",
    "fill",
    "index_of",
    "same",
]

CONTAINERS = frozenset(
    {
        "pandas.Series",
        "pandas._libs.arrays.__pyx_unpickle_NDArrayBacked",
        "pandas.arrays.ArrowStringArray",
        "pandas.arrays.BooleanArray",
        "pandas.arrays.StringArray",
        "pandas.core.arrays.boolean.BooleanArray",
        "pandas.core.arrays.string_.StringArray",
        "pandas.core.arrays.string_arrow.ArrowStringArray",
        "pandas.core.internals.managers.SingleBlockManager",
        "pandas.core.series.Series",
    }
)
"""What of pandas makes an empty container; a list is made in its place, and then filled."""

_OFFSETS = {"large_string": "<i8", "string": "<i4"}
"""The dtype of the offsets in pyarrow's arrays of texts, by type."""

_MAX_ITEMS = 100_000


class NotAsPandasWrites(ValueError):
    """A pickled state is not that of a list of texts, whole numbers or truth values."""


def fill(container: list[object], state: Any) -> None:  # noqa: ANN401 (a pickle's)
    """Put into the list what the state of a pickled container holds."""
    match state:
        case {"_mgr": list() as values}:  # a Series
            container.extend(_items(values))
        case (list(), [values], list(), dict()):  # a SingleBlockManager
            container.extend(_items(values))
        case {"_pa_array": list() as values}:  # an ArrowStringArray
            container.extend(_items(values))
        case {"_data": np.ndarray() as values, "_mask": np.ndarray() as gaps} if not gaps.any():
            container.extend(_items(values))
        case (_, np.ndarray() as values, *_):  # a StringArray
            container.extend(_items(values))
        case _:
            raise NotAsPandasWrites


def index_of(_kind: object, state: Any) -> list[object]:  # noqa: ANN401 (a pickle's)
    """Return the items of an ``Index``, or of a ``RangeIndex``."""
    if "data" in state:
        return _items(state["data"])
    bounds = [state[name] for name in ("start", "stop", "step")]
    if not all(type(bound) is int for bound in bounds):
        raise NotAsPandasWrites
    return _items(range(*bounds))


def arrow_texts(data: Any) -> list[object]:  # noqa: ANN401 (a pickle's)
    """Return the texts of one of pyarrow's arrays from its buffers."""
    kind, length, missing, offset, buffers = data[:5]
    if kind not in _OFFSETS or missing or not 0 <= offset <= offset + length <= _MAX_ITEMS:
        raise NotAsPandasWrites
    _, ends, characters = buffers
    if not isinstance(ends, bytes | bytearray) or not isinstance(characters, bytes | bytearray):
        raise NotAsPandasWrites
    bounds = np.frombuffer(ends, _OFFSETS[kind])[offset : offset + length + 1].tolist()
    if len(bounds) != length + 1 or bounds[0] < 0 or bounds != sorted(bounds):
        raise NotAsPandasWrites
    return [bytes(characters[start:end]).decode() for start, end in pairwise(bounds)]


def arrow_chunks(chunks: Any, _kind: object) -> list[object]:  # noqa: ANN401 (a pickle's)
    """Return the texts of a chunked array, of which each chunk is a list already."""
    texts = chain.from_iterable(map(_items, chunks))
    return _items([*islice(texts, _MAX_ITEMS + 1)])


def same(value: object, *_others: object) -> object:
    """Return the value: the name of a type of pyarrow's, or the bytes of a buffer."""
    return value


def buffer_of(data: object = b"") -> bytes:
    """Return the bytes of a ``bytearray``."""
    if not isinstance(data, bytes):
        raise NotAsPandasWrites
    return data


def _items(values: Any) -> list[object]:  # noqa: ANN401 (a pickle's)
    """Return the items of an array, range or list of our own."""
    if isinstance(values, np.ndarray) and values.ndim == 1:
        values = values.tolist()
    if not isinstance(values, list | range) or len(values) > _MAX_ITEMS:
        raise NotAsPandasWrites
    if not all(type(item) in (bool, int, str) for item in values):
        raise NotAsPandasWrites
    return list(values)
