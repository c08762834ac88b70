"""The encodings of a table in a few arrays, in a tenth of the memory that objects need."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

import numpy as np

from artifacts.bundle.inference import as_float32
from artifacts.bundle.preprocessing import Encoding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from guards.schema import CanonicalRow

__all__ = ["CompactEncodings"]


class CompactEncodings(Sequence[Encoding]):
    """A sequence of encodings, each of which is made when it is asked for.

    Token ids are kept as int32, and columns as the float32 that the network takes, without their
    zeros: a one-hot column of any number of categories has one value a row.
    """

    __slots__ = (
        *("_ids", "_rows", "_shapes", "_starts", "_truncated", "_unknown"),
        *("_column_ends", "_indices", "_values", "_width"),
    )

    def __init__(self, rows: Sequence[CanonicalRow], encoded: Iterable[Encoding]) -> None:
        """Keep the encodings of ``rows``, in the same order."""
        ids, indices, values = array("i"), array("i"), array("f")
        shapes = np.empty((len(rows), 2), dtype=np.int32)
        self._unknown = np.empty(len(rows), dtype=np.int32)
        self._truncated = np.empty(len(rows), dtype=np.bool_)
        self._column_ends = np.zeros(len(rows) + 1, dtype=np.int64)
        self._width = 0
        for index, encoding in enumerate(encoded):
            self._width = len(encoding.columns)
            ids.frombytes(encoding.token_ids.astype(np.int32).tobytes())
            shapes[index] = encoding.token_ids.shape
            columns = as_float32(encoding.columns)
            present = np.flatnonzero(columns)
            indices.frombytes(present.astype(np.int32).tobytes())
            values.frombytes(columns[present].tobytes())
            self._column_ends[index + 1] = len(values)
            self._unknown[index] = encoding.unknown_tokens
            self._truncated[index] = encoding.truncated
        self._rows = rows
        self._ids = np.frombuffer(ids, dtype=np.int32)
        self._indices = np.frombuffer(indices, dtype=np.int32)
        self._values = np.frombuffer(values, dtype=np.float32)
        self._shapes = shapes
        self._starts = np.concatenate([[0], shapes.prod(axis=1, dtype=np.int64).cumsum()])

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Encoding: ...

    @overload
    def __getitem__(self, index: slice) -> list[Encoding]: ...

    def __getitem__(self, index: int | slice) -> Encoding | list[Encoding]:
        """Return the encoding of a row, or those of several."""
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        ids = self._ids[self._starts[index] : self._starts[index + 1]]
        return Encoding(
            token_ids=ids.astype(np.int64).reshape(self._shapes[index]),
            columns=self._columns(index),
            row=self._rows[index],
            unknown_tokens=int(self._unknown[index]),
            truncated=bool(self._truncated[index]),
        )

    def _columns(self, index: int) -> NDArray[np.float64]:
        present = slice(self._column_ends[index], self._column_ends[index + 1])
        columns = np.zeros(self._width)
        columns[self._indices[present]] = self._values[present]
        return columns
