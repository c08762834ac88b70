"""From the cells of rows to columns of plain values, which can be written and trained on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple

from artifacts.tables.cells import kind_of
from guards.plain_values import PLAIN_TYPES, plain_value
from guards.schema import MISSING, canonical_category, canonical_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["PlainColumns", "plain_columns", "role_of_values"]


class PlainColumns(NamedTuple):
    """Columns of texts, numbers, truth values and None by name.

    ``odd`` says of each column that was left out what one of its cells holds.
    """

    columns: Mapping[str, list[object]]
    odd: Mapping[str, str]


def plain_columns(rows: Sequence[Mapping[str, object]]) -> PlainColumns:
    """Return the columns of rows, in the order in which their names come first.

    A cell that a row lacks, and one that holds NaN, is None. A column with a cell that training
    would refuse is left out.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [_plain(row.get(name)) for row in rows] for name in names}
    odd = {
        name: kind_of(cell)
        for name, cells in columns.items()
        for cell in cells
        if type(cell) not in PLAIN_TYPES or (isinstance(cell, float) and math.isinf(cell))
    }
    return PlainColumns({name: columns[name] for name in names if name not in odd}, odd)


def _plain(cell: object) -> object:
    value = plain_value(cell)
    return None if isinstance(value, float) and math.isnan(value) else value


def role_of_values(cells: Sequence[object]) -> Literal["numeric", "categorical"] | None:
    """Return which role the values of a column have, None where all of them are missing.

    A text that reads as a number is one.
    """
    present = [cell for cell in cells if canonical_category(cell) != MISSING]
    if not present:
        return None
    numbers = all(canonical_number(cell) is not None for cell in present)
    return "numeric" if numbers else "categorical"
