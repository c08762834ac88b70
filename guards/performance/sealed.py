"""What the held-out documents say about a model's performance, sealed with the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.fields import required, sequence
from guards.drift.reference import Calibration
from guards.performance.answer_counts import FIXED_POINT, counted_labels, has_pairs
from guards.performance.square import check_square, read_square

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from guards.json_types import JsonObject
    from guards.performance.square import Square

__all__ = ["PairCounts", "SealedPerformance"]


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Counts of held-out documents for pairs of labels.

    ``confusion`` [predicted][true] are documents; ``summed`` [predicted][label] are sums of
    probabilities in units of 1 / ``FIXED_POINT``; ``one_vs_rest`` says, by the probability of a
    label, how many of all documents have it. Raises ``ValueError`` if they contradict each other.
    """

    confusion: Square
    summed: Square
    one_vs_rest: tuple[Calibration, ...]

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for contradicting counts."""
        check_square(self.confusion, len(self.one_vs_rest), "confusion")
        check_square(self.summed, len(self.one_vs_rest), "summed")
        true = [sum(column) for column in zip(*self.confusion, strict=True)]
        found = [(sum(bins.documents), sum(bins.correct)) for bins in self.one_vs_rest]
        if found != [(sum(true), documents) for documents in true]:
            message = "one_vs_rest has other documents than confusion"
            raise ValueError(message)

    def to_json(self) -> JsonObject:
        """Return the counts as plain JSON."""
        return {
            "confusion": [list(row) for row in self.confusion],
            "summed": [list(row) for row in self.summed],
            "one_vs_rest": [bins.to_json() for bins in self.one_vs_rest],
        }

    @classmethod
    def from_json(cls, data: object) -> PairCounts:
        """Read the counts back; raises ``ValueError`` if they are malformed."""
        return cls(
            read_square(data, "confusion"),
            read_square(data, "summed"),
            _calibrations(data, "one_vs_rest"),
        )


@dataclass(frozen=True, slots=True)
class SealedPerformance:
    """What held-out documents say of a model: calibration by predicted label, and pairs of labels.

    ``calibration`` holds one item for each of ``counted_labels(labels)``: how many documents that
    were predicted so, by confidence, were right. ``pairs`` is there with 3 to 20 labels, but not
    in what ``from_calibration`` makes. Raises ``ValueError`` if the fields contradict each other.
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
    def from_calibration(cls, calibration: Mapping[str, Calibration]) -> SealedPerformance:
        """Take the calibration by predicted label alone, as references of format 1 have it.

        With three labels and more, there is then no recall, F1, AUC, confusion matrix or cost.
        """
        labels, each = tuple(calibration), tuple(calibration.values())
        pooled = len(counted_labels(labels)) < len(labels)
        return cls(labels, (_pooled(each),) if pooled else each)

    def to_json(self) -> JsonObject:
        """Return the counts as plain JSON; ``pairs`` is left out where it is None."""
        counts: JsonObject = {
            "labels": list(self.labels),
            "calibration": [bins.to_json() for bins in self.calibration],
        }
        if self.pairs is not None:
            counts["pairs"] = self.pairs.to_json()
        return counts

    @classmethod
    def from_json(cls, data: object) -> SealedPerformance:
        """Read the counts back; raises ``ValueError`` if they are malformed."""
        labels, calibration = sequence(data, "labels", str), _calibrations(data, "calibration")
        has_field = isinstance(data, dict) and "pairs" in data
        pairs = PairCounts.from_json(required(data, "pairs", dict)) if has_field else None
        return cls(labels, calibration, pairs)


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


def _calibrations(data: object, name: str) -> tuple[Calibration, ...]:
    return tuple(map(Calibration.from_json, required(data, name, list)))
