"""Compile a fitted estimator, and prove the result."""

from __future__ import annotations

import logging
import math
import warnings
from typing import TYPE_CHECKING

import numpy as np

from artifacts.bundle.compiled.category_tables import category_tables_of
from artifacts.bundle.compiled.estimator_output import transform_each
from artifacts.bundle.compiled.layering import layers_of, read_only
from artifacts.bundle.compiled.outputs import Flag, NotCompilable, NumericOutput
from artifacts.bundle.compiled.proving import is_proven
from artifacts.bundle.compiled.reading import outputs_of
from artifacts.bundle.compiled.steps import CompiledColumns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from numpy.typing import NDArray

    from artifacts.bundle.column_inputs import ColumnInputs
    from artifacts.bundle.compiled.estimator_output import Floats, Transform
    from artifacts.bundle.compiled.outputs import Output
    from artifacts.bundle.estimator import Estimator
    from guards.schema import CanonicalRow, Schema

__all__ = ["assemble", "compile_columns"]

_logger = logging.getLogger("bentoml.understudy")


def compile_columns(
    estimator: Estimator,
    column_inputs: ColumnInputs,
    schema: Schema,
    rows: Iterable[CanonicalRow],
    transform: Transform,
) -> CompiledColumns | None:
    """Compile columns for documents of ``schema``; None if the estimator has to stay.

    ``transform`` returns the estimator's output for rows. The compiled columns have to return the
    same bits for ``rows``, of which the estimator has to take at least one, and for made-up rows
    at the edges of what can arrive.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            outputs, sample = outputs_of(estimator, column_inputs), list(rows)
            base = _first_accepted(sample, transform)
            compiled = assemble(outputs, column_inputs, schema, base, transform)
            proven = is_proven(compiled, sample, transform)
        except Exception as error:  # noqa: BLE001 (whatever is not understood is not compiled)
            _logger.debug("the columns are not compiled: %s: %s", type(error).__name__, error)
            return None
    return compiled if proven else None


def _first_accepted(rows: Sequence[CanonicalRow], transform: Transform) -> CanonicalRow:
    for row, output in zip(rows, transform_each(transform, rows), strict=True):
        if output is not None:
            return row
    message = "no row that the estimator takes"
    raise NotCompilable(message)


def assemble(
    outputs: Sequence[Output],
    column_inputs: ColumnInputs,
    schema: Schema,
    base: CanonicalRow,
    transform: Transform,
) -> CompiledColumns:
    """Return compiled columns for ``outputs``, unproven; raises ``NotCompilable``.

    ``base`` is a row that the estimator takes.
    """
    tables = category_tables_of(outputs, column_inputs, schema, base, transform)
    numeric = _numeric_flags_last(outputs)
    names = [column.name for column in schema.numeric]
    filled = [*numeric, *(index for _, indices in tables for index in indices)]
    return CompiledColumns(
        schema=schema,
        absent=_absent(names, numeric.values()),
        sources=_read_only_indices([names.index(output.name) for output in numeric.values()]),
        layers=layers_of([*numeric.values()]),
        tables=tuple(table for table, _ in tables),
        order=_order(filled),
    )


def _numeric_flags_last(outputs: Sequence[Output]) -> dict[int, NumericOutput]:
    """Return the numeric outputs by their index, those that begin with a flag last."""
    numeric = {i: output for i, output in enumerate(outputs) if isinstance(output, NumericOutput)}
    is_flag = {i: isinstance(next(iter(output.steps), None), Flag) for i, output in numeric.items()}
    return {index: numeric[index] for index in sorted(numeric, key=is_flag.__getitem__)}


def _absent(names: Sequence[str], outputs: Collection[NumericOutput]) -> Floats | None:
    """Return what the input holds for each missing number, float64 [numbers]; None for all NaN."""
    absent = {output.name: output.absent for output in outputs if not math.isnan(output.absent)}
    return read_only([absent.get(name, math.nan) for name in names]) if absent else None


def _order(filled: Sequence[int]) -> NDArray[np.int64] | None:
    """Return what sorts outputs that were filled in this order; None if they are sorted."""
    order = np.argsort(filled).tolist()
    return None if order == [*range(len(order))] else _read_only_indices(order)


def _read_only_indices(indices: Sequence[int]) -> NDArray[np.int64]:
    return np.frombuffer(np.array(indices, dtype=np.int64).tobytes(), dtype=np.int64)
