"""Counts of pairs of labels, as rows of as many counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from guards.drift.calibration import MAX_COUNT
from guards.drift.fields import required, sequence

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Square", "check_square", "read_square"]

Square: TypeAlias = tuple[tuple[int, ...], ...]
"""Rows of counts, [predicted label][label]."""


def check_square(rows: Sequence[Sequence[int]], size: int, name: str) -> None:
    """Raise ``ValueError`` for another size than of so many labels, and for impossible counts."""
    if [len(row) for row in rows] != [size] * size:
        message = f"{name} must be {size} rows of {size} counts"
        raise ValueError(message)
    if not all(0 <= count <= MAX_COUNT for row in rows for count in row):
        message = f"{name} must not have counts that are negative, or beyond 2**53"
        raise ValueError(message)


def read_square(data: object, name: str) -> Square:
    """Read a field of rows of whole numbers; raises ``ValueError`` for anything else."""
    rows: list[object] = required(data, name, list)
    return tuple(sequence({name: row}, name, int) for row in rows)
