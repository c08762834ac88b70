"""The documents of a period, as columns."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from guards.diagnosis.blocks import HOUR_US
from guards.evidence.columns import Categories

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from guards.diagnosis.periods import Period
    from guards.events.observed_batches import ObservedColumns

    Floats = NDArray[np.float64]

__all__ = ["Documents", "collect"]


NO_LABEL = -1


@dataclass(frozen=True, slots=True)
class Documents:
    """Documents of a period, in the order of their observation.

    ``observed_at`` int64 [rows] is in microseconds since 1970, UTC; ``confidence`` and ``margin``
    are float64 [rows]; ``truth`` are the true labels. ``cells`` int16 [rows, features] and
    ``probabilities`` float32 [rows, classes] are as lines tell them.
    """

    observed_at: NDArray[np.int64]
    runs: Categories
    replicas: Categories
    champions: Categories
    references: Categories
    segments: Categories
    labels: Categories
    confidence: Floats
    margin: Floats
    truth: Categories
    cells: NDArray[np.int16]
    probabilities: NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of documents."""
        return len(self.observed_at)

    @property
    def right(self) -> NDArray[np.int8]:
        """Whether the answer is the true label, int8 [rows]: 1 or 0, and -1 without a label."""
        right = np.where(self.truth.codes >= 0, self.labels.equals(self.truth), NO_LABEL)
        return right.astype(np.int8)

    @property
    def hours(self) -> NDArray[np.int64]:
        """The hour since 1970, UTC, of each document, int64 [rows]."""
        return self.observed_at // HOUR_US


def collect(
    batches: Iterable[ObservedColumns], period: Period, true_labels: Mapping[str, str]
) -> Documents:
    """Return the documents of a period; ``true_labels`` are by request id."""
    parts = [_part(columns, period, true_labels) for columns in batches]
    return Documents(
        **{
            field.name: _together([getattr(part, field.name) for part in (_NOTHING, *parts)])
            for field in fields(Documents)
        }
    )


def _part(columns: ObservedColumns, period: Period, true_labels: Mapping[str, str]) -> Documents:
    rows = _rows(columns, period)
    return Documents(
        observed_at=columns.observed_at[rows],
        runs=columns.runs.rows(rows),
        replicas=columns.replicas.rows(rows),
        champions=columns.champions.rows(rows),
        references=columns.references.rows(rows),
        segments=columns.segments.rows(rows),
        labels=columns.labels.rows(rows),
        confidence=columns.confidence[rows],
        margin=columns.margin[rows],
        truth=_truth(columns, true_labels).rows(rows),
        cells=columns.cells[rows],
        probabilities=columns.probabilities[rows],
    )


def _rows(columns: ObservedColumns, period: Period) -> NDArray[np.bool_]:
    rows = (columns.observed_at >= period.start_us) & (columns.observed_at < period.end_us)
    return rows if period.run is None else rows & columns.runs.are(period.run)


def _truth(columns: ObservedColumns, true_labels: Mapping[str, str]) -> Categories:
    if not true_labels:
        return Categories(np.full(len(columns.request_ids), -1, dtype=np.int64), ())
    return Categories.of([true_labels.get(each) for each in columns.request_ids])


def _together(columns: Sequence[Any]) -> Any:  # noqa: ANN401 (a column of any type)
    """Return columns of one type as one."""
    if isinstance(columns[0], Categories):
        return _joined(columns)
    return np.concatenate(_widened(columns) if columns[0].ndim > 1 else columns)


def _joined(parts: Sequence[Categories]) -> Categories:
    """Return columns of texts as one."""
    numbers: dict[str, int] = {}
    codes = []
    for part in parts:
        renumbered = [numbers.setdefault(name, len(numbers)) for name in part.names]
        # The last entry is what -1, none, becomes.
        codes.append(np.array([*renumbered, -1], dtype=np.int64)[part.codes])
    return Categories(np.concatenate(codes), tuple(numbers))


def _widened(parts: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """Return rows of different widths as wide as the widest, filled up with what is none."""
    width = max(part.shape[1] for part in parts)
    none = math.nan if parts[0].dtype.kind == "f" else -1
    return [np.pad(p, ((0, 0), (0, width - p.shape[1])), constant_values=none) for p in parts]


_NONE = Categories(np.zeros(0, dtype=np.int64), ())
_NOTHING = Documents(
    observed_at=np.zeros(0, dtype=np.int64),
    runs=_NONE,
    replicas=_NONE,
    champions=_NONE,
    references=_NONE,
    segments=_NONE,
    labels=_NONE,
    confidence=np.zeros(0),
    margin=np.zeros(0),
    truth=_NONE,
    cells=np.zeros((0, 0), dtype=np.int16),
    probabilities=np.zeros((0, 0), dtype=np.float32),
)
