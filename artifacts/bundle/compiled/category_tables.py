"""Tabulate the estimator's output for every category, so that no request has to compute it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from artifacts.bundle.column_inputs import UNSEEN
from artifacts.bundle.compiled.estimator_output import same_bits, transform_each
from artifacts.bundle.compiled.outputs import CategoricalOutput, NotCompilable
from artifacts.bundle.compiled.steps import CategoryTable
from guards.schema import MISSING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from artifacts.bundle.column_inputs import ColumnInput, ColumnInputs
    from artifacts.bundle.compiled.estimator_output import Floats, Transform
    from artifacts.bundle.compiled.outputs import Output
    from guards.schema import CanonicalRow, Schema

__all__ = ["category_tables_of", "with_category"]


_MAX_CATEGORIES = 20_000
_MAX_BYTES = 2**26


@dataclass(frozen=True, slots=True)
class _Column:
    """A categorical column, the categories to tabulate, and the outputs that depend on it.

    ``index`` is that of the category in a row, ``outputs`` are by their index in the output.
    """

    index: int
    categories: Sequence[str]
    outputs: Mapping[int, CategoricalOutput]
    is_text: bool


def category_tables_of(
    outputs: Sequence[Output],
    column_inputs: ColumnInputs,
    schema: Schema,
    base: CanonicalRow,
    transform: Transform,
) -> list[tuple[CategoryTable, list[int]]]:
    """Return the table of each categorical column, and the indices of the outputs that it fills.

    Every category is put into ``base`` and transformed. A column without outputs has a table too:
    an encoder whose output is dropped can still refuse a category. Raises ``NotCompilable`` if a
    category changes an output of another column, which was then read wrongly.
    """
    indices = {column.name: index for index, column in enumerate(schema.categorical)}
    columns = [
        _column(column, indices[column.name], schema, outputs)
        for column in column_inputs.columns
        if column.kind == "category"
    ]
    _check_size(columns)
    rows = [
        with_category(base, column.index, category)
        for column in columns
        for category in column.categories
    ]
    values = transform_each(transform, rows)
    usual = transform([base])[0]
    return [
        (_table(column, [*islice(values, len(column.categories))], usual), [*column.outputs])
        for column in columns
    ]


def with_category(row: CanonicalRow, index: int, category: str) -> CanonicalRow:
    """Return the row with another category at ``index``."""
    categories = (*row.categories[:index], category, *row.categories[index + 1 :])
    return replace(row, categories=categories)


def _column(column: ColumnInput, index: int, schema: Schema, outputs: Sequence[Output]) -> _Column:
    """Collect every category that may be encoded in a way of its own, and an unknown one."""
    own = {
        position: output
        for position, output in enumerate(outputs)
        if isinstance(output, CategoricalOutput) and output.name == column.name
    }
    known = {MISSING, *schema.categorical[index].categories, *column.natives}
    known.update(*(output.known for output in own.values()))
    if UNSEEN in known:
        message = "a category that stands for an unknown one"
        raise NotCompilable(message)
    return _Column(index, [*sorted(known), UNSEEN], own, column.dtype == "object")


def _check_size(columns: Sequence[_Column]) -> None:
    categories = sum(len(column.categories) for column in columns)
    cells = sum(len(column.categories) * len(column.outputs) for column in columns)
    if categories > _MAX_CATEGORIES or cells * np.dtype(np.float64).itemsize > _MAX_BYTES:
        message = "more categories than a start can try"
        raise NotCompilable(message)


def _table(column: _Column, values: Sequence[Floats | None], usual: Floats) -> CategoryTable:
    """Return the table from the estimator's output for each category; None if it refuses one."""
    own = [*column.outputs]
    others = np.delete(np.arange(len(usual)), own)
    for value in values:
        if value is not None and not same_bits(value[others], usual[others]):
            message = "a category that changes outputs of another column"
            raise NotCompilable(message)
    cells = {
        category: None if value is None else value[own].tobytes()
        for category, value in zip(column.categories, values, strict=True)
    }
    unknown = cells.pop(UNSEEN)
    # A text that stands for a number can be written in many ways, and an encoder may know it.
    alike = column.is_text and all(output.closed for output in column.outputs.values())
    return CategoryTable(column.index, MappingProxyType(cells), unknown if alike else None)
