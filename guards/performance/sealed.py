"""What the held-out documents say about a model's performance, sealed with the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.calibration import Calibration
from guards.drift.pair_counts import FIXED_POINT, PairCounts
from guards.performance.answer_counts import counted_labels, has_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from guards.drift.square import Square

__all__ = ["SealedPerformance"]


@dataclass(frozen=True, slots=True)
class SealedPerformance:
    """What held-out documents say of a model: calibration by predicted label, and pairs of labels.

    ``calibration`` holds one item for each of ``counted_labels(labels)``: how many documents that
    were predicted so, by confidence, were right. ``pairs`` is there with 3 to 20 labels, but not
    where a reference of the first format has none. Raises ``ValueError`` if the fields contradict
    each other.
    """

    labels: tuple[str, ...]
    calibration: tuple[Calibration, ...]
    pairs: PairCounts | None = None

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for contradicting counts."""
        if len(set(self.labels)) != len(self.labels):
            message = "labels must be distinct"
            raise ValueError(message)
        counted = counted_labels(self.labels)
        if len(self.calibration) != len(counted):
            message = f"{len(self.labels)} labels must have {len(counted)} calibrations"
            raise ValueError(message)
        if self.pairs is not None:
            self._check_pairs(self.pairs)

    def _check_pairs(self, pairs: PairCounts) -> None:
        if not has_pairs(self.labels) or len(pairs.confusion) != len(self.labels):
            message = "pairs are counted of 3 to 20 labels, and of each of them"
            raise ValueError(message)
        for index, (bins, row) in enumerate(zip(self.calibration, pairs.confusion, strict=True)):
            if sum(row) != sum(bins.documents) or row[index] != sum(bins.correct):
                message = f"confusion[{index}] has other documents than its calibration"
                raise ValueError(message)

    @property
    def documents(self) -> int:
        """Held-out documents."""
        return sum(sum(bins.documents) for bins in self.calibration)

    @property
    def accuracy(self) -> float | None:
        """The share of held-out documents that were right; None without any."""
        right = sum(sum(bins.correct) for bins in self.calibration)
        return right / self.documents if self.documents else None

    @classmethod
    def of(
        cls, probabilities: NDArray[np.floating], truth: NDArray[np.int64], labels: Sequence[str]
    ) -> SealedPerformance:
        """Count held-out rows: calibrated probabilities float [rows, classes], truth int64 [rows].

        ``truth`` holds indices of ``labels``. Raises ``ValueError`` for arrays of other shapes.
        """
        values = np.asarray(probabilities, dtype=np.float64)
        if values.shape != (len(truth), len(labels)):
            message = f"probabilities must be [{len(truth)}, {len(labels)}], found {values.shape}"
            raise ValueError(message)
        predicted, confidence = values.argmax(axis=1), values.max(axis=1)
        calibration = tuple(
            Calibration.of(confidence[rows], truth[rows] == predicted[rows])
            for rows in _rows_by_label(predicted, labels)
        )
        pairs = _pairs(values, predicted, truth) if has_pairs(labels) else None
        return cls(tuple(labels), calibration, pairs)

    @classmethod
    def from_reference(
        cls, calibration: Mapping[str, Calibration], pairs: PairCounts | None = None
    ) -> SealedPerformance:
        """Take what a reference has: the calibration by predicted label, and pairs of labels.

        References of the first format have no pairs. With three labels and more, there is then no
        recall, F1, AUC, confusion matrix or cost.
        """
        labels, each = tuple(calibration), tuple(calibration.values())
        pooled = len(counted_labels(labels)) < len(labels)
        return cls(labels, (_pooled(each),) if pooled else each, pairs)


def _pairs(
    probabilities: NDArray[np.float64], predicted: NDArray[np.int64], truth: NDArray[np.int64]
) -> PairCounts:
    classes = np.arange(probabilities.shape[1])
    is_predicted = (predicted[:, None] == classes).T.astype(np.float64)
    is_true = truth[:, None] == classes
    return PairCounts(
        confusion=_counts(is_predicted @ is_true),
        summed=_counts(is_predicted @ np.rint(probabilities * FIXED_POINT)),
        one_vs_rest=tuple(map(Calibration.of, probabilities.T, is_true.T)),
    )


def _rows_by_label(predicted: NDArray[np.int64], labels: Sequence[str]) -> list[NDArray[np.bool_]]:
    if len(counted_labels(labels)) < len(labels):
        return [np.ones(len(predicted), dtype=bool)]
    return [predicted == index for index in range(len(labels))]


def _pooled(calibrations: Sequence[Calibration]) -> Calibration:
    documents = np.sum([each.documents for each in calibrations], axis=0)
    correct = np.sum([each.correct for each in calibrations], axis=0)
    return Calibration(tuple(documents.tolist()), tuple(correct.tolist()))


def _counts(table: NDArray[np.float64]) -> Square:
    return tuple(map(tuple, table.astype(np.int64).tolist()))
