"""What a table holds, by column: to be looked at before anything is fitted."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from artifacts.tables.cells import kind_of, text_of
from artifacts.tables.markers import looks_missing
from guards.plain_values import plain_value
from guards.schema import MISSING, canonical_category, canonical_number, is_marker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from artifacts.tables.raw import RawTable
    from guards.json_types import JsonObject

__all__ = ["ColumnDescription", "describe_column"]

_MAX_VALUES = 3
_MAX_CHARS = 40
_MAX_TYPES = 3
_MISSING = "missing"


@dataclass(frozen=True, slots=True)
class ColumnDescription:
    """What a column holds.

    ``types`` say in words what its present cells are, the most frequent first; the cells of a CSV
    are what their text can be read as. ``missing`` is the share of cells that are missing, and
    ``odd`` that of cells that the role does not take, or that look missing and are not declared so.
    ``values`` are the first distinct ones, empty for a private column.
    """

    name: str
    role: str | None
    types: tuple[str, ...]
    missing: float
    odd: float
    values: tuple[str, ...]

    def to_json(self) -> JsonObject:
        """Return the description as plain JSON."""
        return asdict(self)


def describe_column(
    raw: RawTable,
    name: str,
    role: str | None,
    markers: tuple[str, ...] = (),
    *,
    private: bool = False,
) -> ColumnDescription:
    """Describe a column of a table that was read; ``markers`` are declared to be missing.

    Raises ``TableError`` if another column has the same name.
    """
    cells = [plain_value(cell) for cell in raw.column(name)]
    kinds = Counter(_kind(cell, role, markers) for cell in cells)
    missing = kinds.pop(_MISSING, 0)
    odd = sum(_is_odd(cell, role, markers) for cell in cells)
    return ColumnDescription(
        name=name,
        role=role,
        types=tuple(kind for kind, _ in kinds.most_common(_MAX_TYPES)),
        missing=missing / max(raw.rows, 1),
        odd=odd / max(raw.rows, 1),
        values=() if private else _first_values(cells),
    )


def _kind(cell: object, role: str | None, markers: tuple[str, ...]) -> str:
    if text_of(cell) == "" if role == "text" else _is_missing(cell, role, markers):
        return _MISSING
    if isinstance(cell, str):
        # What a text column has of "nan" is a word.
        number = canonical_number(cell)
        if number is not None and not math.isnan(number):
            return "a number"
        return "a truth value" if canonical_category(cell) in ("false", "true") else "a text"
    return kind_of(cell)


def _is_missing(cell: object, role: str | None, markers: tuple[str, ...]) -> bool:
    return canonical_category(cell) == MISSING or is_marker(
        cell, markers, numeric=role == "numeric"
    )


def _is_odd(cell: object, role: str | None, markers: tuple[str, ...]) -> bool:
    if role == "text":
        return text_of(cell) is None or looks_missing(cell)
    if _is_missing(cell, role, markers):
        return role == "label"
    if canonical_category(cell) is None:
        return role != "numeric" or canonical_number(cell) is None
    if role == "numeric" and canonical_number(cell) is None:
        return True
    return looks_missing(cell)


def _first_values(cells: Sequence[object]) -> tuple[str, ...]:
    values: dict[str, None] = {}
    for cell in cells:
        text = text_of(cell)
        shown = kind_of(cell) if text is None else text
        if shown:
            values.setdefault(shown if len(shown) <= _MAX_CHARS else f"{shown[: _MAX_CHARS - 1]}…")
        if len(values) == _MAX_VALUES:
            break
    return tuple(values)
