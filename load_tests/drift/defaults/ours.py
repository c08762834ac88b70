"""The alarms of the rule over the rows of each minute of a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guards.drift.alarm.rule import AlarmRule
from guards.drift.alarm.series import SeriesReference
from guards.drift.cells import cells_of
from guards.drift.feature_reference import NumericReference

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from load_tests.drift.defaults.day import Rows

    Ints = NDArray[np.int64]

__all__ = ["count_alarms"]


def count_alarms(reference: Rows, levels: Sequence[int], minutes: Iterable[Rows]) -> int:
    """Return how many alarms are raised; the categories of a column are 0 to below its level."""
    numeric = [cells_of(NumericReference.of(column)) for column in reference.numbers.T]

    def counted(rows: Rows) -> dict[str, Ints]:
        counts = {
            f"number_{at}": np.bincount(cells.indices(column), minlength=cells.size)
            for at, (cells, column) in enumerate(zip(numeric, rows.numbers.T, strict=True))
        }
        for at, (level, column) in enumerate(zip(levels, rows.codes.T, strict=True)):
            known = np.bincount(column[column >= 0], minlength=level)
            counts[f"category_{at}"] = np.append(known, [(column < 0).sum(), 0])
        return counts

    rule = AlarmRule(
        {
            name: SeriesReference(
                "ordered" if name.startswith("number") else "categorical", counts[:-2], *counts[-2:]
            )
            for name, counts in counted(reference).items()
        }
    )
    return sum(len(rule.look(minute, counted(rows))) for minute, rows in enumerate(minutes))
