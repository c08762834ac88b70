"""Keep the encodings of many rows without the zeros of their one-hot columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, overload

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from artifacts.bundle.preprocessing import Encoding

    PackedRow = tuple[Encoding, NDArray[np.int32], NDArray[np.float64]]

__all__ = ["PackedEncodings"]

_NO_COLUMNS = np.zeros(0)


class PackedEncodings(Sequence["Encoding"]):
    """A sequence of encodings that all have columns of the same width.

    An item's ``columns``, float64 [width], are made when it is asked for. What is kept grows with
    the values that are not zero: a one-hot column of any number of categories has one a row.
    """

    def __init__(self, width: int, rows: Sequence[PackedRow] = ()) -> None:
        """Begin with rows that are packed already: encoding, places and values [not zero]."""
        self._width = width
        self._rows = [*rows]

    def extend(self, encodings: Sequence[Encoding]) -> None:
        """Pack some more encodings."""
        for encoding in encodings:
            places = np.flatnonzero(encoding.columns)
            values = encoding.columns[places]
            packed = replace(encoding, columns=_NO_COLUMNS)
            self._rows.append((packed, places.astype(np.int32), values))

    def __len__(self) -> int:
        """Return the number of encodings."""
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Encoding: ...

    @overload
    def __getitem__(self, index: slice) -> PackedEncodings: ...

    def __getitem__(self, index: int | slice) -> Encoding | PackedEncodings:
        """Return an encoding, or some of them, packed."""
        if isinstance(index, slice):
            return PackedEncodings(self._width, self._rows[index])
        encoding, places, values = self._rows[index]
        columns = np.zeros(self._width)
        columns[places] = values
        return replace(encoding, columns=columns)
