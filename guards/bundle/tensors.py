"""Read the header of a safetensors file: names, types and shapes of the weights.

The format: eight bytes with the length of the header, the header as JSON, and the numbers (Hugging
Face, "Safetensors", section Format).
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from guards.bundle.json_parts import parse_json
from guards.bundle.layout import WEIGHTS
from guards.errors import Finding, PartError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Tensor", "tensors_in"]

_BYTES = {
    "BOOL": 1, "U8": 1, "I8": 1, "I16": 2, "I32": 4, "I64": 8,
    "F16": 2, "BF16": 2, "F32": 4, "F64": 8,
}  # fmt: skip
_LENGTH = 8
_MAX_DIMENSIONS = 8


class Tensor(NamedTuple):
    """A tensor as its file announces it; ``start`` and ``end`` are offsets in bytes."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


def tensors_in(data: bytes) -> Mapping[str, Tensor]:
    """Return the tensors that a file announces, by name.

    Raises ``PartError`` unless they fill the file exactly, one after the other.
    """
    try:
        length = int.from_bytes(data[:_LENGTH], "little")
        tensors = _parsed(data[_LENGTH : _LENGTH + length])
        _check_places(tensors, len(data) - _LENGTH - length)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        finding = Finding(
            code="part_unreadable",
            subject=WEIGHTS,
            expected="a safetensors file whose header describes exactly the numbers in it",
            observed=f"{type(error).__name__}: {error}",
        )
        raise PartError(finding) from None
    return tensors


def _parsed(header: bytes) -> dict[str, Tensor]:
    announced = parse_json(header)
    if not isinstance(announced, dict):
        message = "the header is no JSON object"
        raise TypeError(message)
    return {
        name: Tensor(one["dtype"], tuple(one["shape"]), *one["data_offsets"])
        for name, one in announced.items()
        if name != "__metadata__"
    }


def _check_places(tensors: Mapping[str, Tensor], size: int) -> None:
    """Raise ``ValueError`` unless the tensors are numbers that fill so many bytes."""
    for name, tensor in tensors.items():
        if not _is_sound(tensor):
            message = f"{name!r} has no shape of numbers that fills its place"
            raise ValueError(message)
    places = sorted((tensor.start, tensor.end) for tensor in tensors.values())
    ends = [(0, 0), *places, (size, size)]
    if any(before[1] != after[0] for before, after in pairwise(ends)):
        message = f"the tensors do not fill the {size} bytes of the file one after the other"
        raise ValueError(message)


def _is_sound(tensor: Tensor) -> bool:
    numbers = (*tensor.shape, tensor.start, tensor.end)
    # Before they are multiplied: a shape could be as long as the file.
    if len(tensor.shape) > _MAX_DIMENSIONS:
        return False
    if not all(type(number) is int and number >= 0 for number in numbers):
        return False
    return tensor.end - tensor.start == math.prod(tensor.shape) * _BYTES[tensor.dtype]
