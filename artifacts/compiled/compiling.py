"""From a fitted estimator to steps that are proven, or to nothing."""

from __future__ import annotations

import logging
import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from artifacts.compiled.asking import ask_each
from artifacts.compiled.lanes import Declined, Flag, NumberLane
from artifacts.compiled.layering import fixed, layers_of
from artifacts.compiled.proof import is_proven
from artifacts.compiled.reading import lanes_of
from artifacts.compiled.steps import CompiledColumns
from artifacts.compiled.tables import tables_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from numpy.typing import NDArray

    from artifacts.compiled.asking import Ask, Floats
    from artifacts.compiled.reading import Lane
    from artifacts.frames import Frame
    from guards.schema import CanonicalRow, Schema

    Estimator = Any  # scikit-learn is untyped

__all__ = ["assembled", "compile_columns"]

_logger = logging.getLogger("bentoml.understudy")


def compile_columns(
    estimator: Estimator, frame: Frame, schema: Schema, rows: Iterable[CanonicalRow], ask: Ask
) -> CompiledColumns | None:
    """Compile columns for documents of ``schema``; None where the estimator has to stay.

    ``ask`` gives what the estimator makes of rows. ``rows`` are some that it takes: both have to
    give the same bits for them, as at the edges of what can arrive.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            lanes, given = lanes_of(estimator, frame), list(rows)
            compiled = assembled(lanes, frame, schema, _base(given, ask), ask)
            proven = is_proven(compiled, given, ask)
        except Exception as error:  # noqa: BLE001 (whatever is not understood is not compiled)
            _logger.debug("the columns are not compiled: %s: %s", type(error).__name__, error)
            return None
    return compiled if proven else None


def _base(rows: Sequence[CanonicalRow], ask: Ask) -> CanonicalRow:
    """Give the first row that the estimator takes."""
    for row, answer in zip(rows, ask_each(ask, rows), strict=True):
        if answer is not None:
            return row
    message = "no row that the estimator takes"
    raise Declined(message)


def assembled(
    lanes: Sequence[Lane], frame: Frame, schema: Schema, base: CanonicalRow, ask: Ask
) -> CompiledColumns:
    """Put together what was read and asked, unproven; raises ``Declined`` where that is not sure.

    ``base`` is a row that the estimator takes.
    """
    tables = tables_of(lanes, frame, schema, base, ask)
    numbers = _numbers_in_order(lanes)
    names = [column.name for column in schema.numeric]
    return CompiledColumns(
        schema=schema,
        absent=_absent(names, numbers.values()),
        sources=_places([names.index(lane.name) for lane in numbers.values()]),
        layers=layers_of([*numbers.values()]),
        tables=tuple(table for table, _ in tables),
        order=_order([*numbers, *(place for _, own in tables for place in own)]),
    )


def _numbers_in_order(lanes: Sequence[Lane]) -> dict[int, NumberLane]:
    """Give the numbers by their place in the output, flags last."""
    numbers = [(at, lane) for at, lane in enumerate(lanes) if isinstance(lane, NumberLane)]
    return dict(sorted(numbers, key=lambda one: isinstance([*one[1].steps, None][0], Flag)))


def _absent(names: Sequence[str], lanes: Collection[NumberLane]) -> Floats | None:
    """Give what arrives for a missing number, float64 [numbers]; None where that is NaN."""
    absent = {lane.name: lane.absent for lane in lanes if not math.isnan(lane.absent)}
    return fixed([absent.get(name, math.nan) for name in names]) if absent else None


def _order(filled: Sequence[int]) -> NDArray[np.int64] | None:
    """Give what brings places that were filled in this order into that of the output."""
    order = np.argsort(filled).tolist()
    return None if order == [*range(len(order))] else _places(order)


def _places(places: Sequence[int]) -> NDArray[np.int64]:
    return np.frombuffer(np.array(places, dtype=np.int64).tobytes(), dtype=np.int64)
