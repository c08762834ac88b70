"""The tensors of a network, found by their values."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

__all__ = ["Weights"]

_SLACK = 1e-2
"""The part of a quantisation step by which float32 may round a weight further than half a step."""


class Weights:
    """Float32 and integer tensors by name; tensors are found whichever way they are laid out."""

    def __init__(self, tensors: Mapping[str, NDArray[np.generic]]) -> None:
        """Index the tensors; they are not copied."""
        self._layouts: defaultdict[_Key, list[tuple[str, NDArray[np.generic]]]] = defaultdict(list)
        self._matrices: defaultdict[tuple[int, ...], list[tuple[str, NDArray[np.generic]]]]
        self._matrices = defaultdict(list)
        for name, tensor in tensors.items():
            for layout in _layouts(tensor):
                self._layouts[_key(layout)].append((name, layout))
                if layout.ndim == 2:  # noqa: PLR2004 (a matrix)
                    self._matrices[layout.shape].append((name, layout))

    def find(self, tensor: NDArray[np.generic]) -> tuple[str, bool] | None:
        """Return the name of the tensor with the same values, and whether it is transposed.

        The shape may be another.
        """
        for name, layout in self._layouts.get(_key(tensor), ()):
            if np.array_equal(layout.ravel(), tensor.ravel()):
                return name, not layout.flags.c_contiguous
        return None

    def rounded_to(
        self,
        integers: NDArray[np.int8],
        scale: NDArray[np.float32],
        factors: NDArray[np.float32],
    ) -> tuple[str, NDArray[np.generic]] | None:
        """Return name and values [inputs, outputs] of the matrix that was rounded to ``integers``.

        None if none was. Rounding is that of ONNX Runtime's quantiser: the rows are multiplied by
        ``factors``, and each column is divided by its ``scale``, the 127th part of its largest
        absolute value. The values are a view of the network's.
        """
        for name, matrix in self._matrices.get(integers.shape, ()):
            if matrix.dtype == np.float32 and _rounded(matrix, integers, scale, factors):
                return name, matrix
        return None


def _layouts(tensor: NDArray[np.generic]) -> Iterator[NDArray[np.generic]]:
    yield tensor
    if tensor.ndim == 2:  # noqa: PLR2004 (a matrix)
        yield tensor.T


_Key = tuple[str, int, bytes]
_COMPARED_FIRST = 16


def _key(tensor: NDArray[np.generic]) -> _Key:
    """Return what tensors with the same values have in common, and few others do."""
    return str(tensor.dtype), tensor.size, tensor.flat[:_COMPARED_FIRST].tobytes()


def _rounded(
    matrix: NDArray[np.generic],
    integers: NDArray[np.int8],
    scale: NDArray[np.float32],
    factors: NDArray[np.float32],
) -> bool:
    for rows in (slice(1), slice(None)):  # most candidates differ in the first row
        scaled = matrix[rows].astype(np.float32) * factors[rows, np.newaxis]
        off = scaled / scale - integers[rows]
        if not bool((np.abs(off, out=off) <= 0.5 + _SLACK).all()):
            return False
    largest = np.abs(scaled).max(axis=0)
    whole = largest > np.finfo(np.float32).tiny * 127
    return bool(np.allclose(scale[whole] * 127, largest[whole], rtol=_SLACK))
