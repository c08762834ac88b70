"""A window's counts, read back from JSON and joined with what the held-out documents say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.calibration import CONFIDENCE_BINS
from guards.drift.fields import required
from guards.drift.square import check_square, read_square
from guards.performance.answer_counts import counted_labels, has_pairs
from guards.performance.confusion import Confusion, Hits, worth_of_sums
from guards.performance.curve import Curve
from guards.performance.histograms import from_tens
from guards.performance.ranking import Ranking, binary_ranking, one_vs_rest_ranking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.json_types import JsonMapping
    from guards.performance.sealed import SealedPerformance

    Ints = NDArray[np.int64]

__all__ = ["Window"]

_BINARY = 2


@dataclass(frozen=True, slots=True)
class Window:
    """Documents of a window under the calibration of ``sealed``.

    ``predicted`` int64 [counted labels, bins] are documents by predicted label and confidence, and
    ``curves`` the calibrations of these labels. ``others`` [labels, bins] and ``summed`` [labels,
    labels] are those of :class:`~guards.performance.answer_counts.AnswerCounts`, and zero where it
    has none.
    """

    sealed: SealedPerformance
    curves: tuple[Curve, ...]
    predicted: Ints
    others: Ints
    summed: Ints

    @classmethod
    def of(cls, sealed: SealedPerformance, counts: JsonMapping) -> Window:
        """Read counts; raises ``ValueError`` where they are malformed, or of other labels."""
        labels, counted = sealed.labels, counted_labels(sealed.labels)
        others = np.zeros((len(counted), CONFIDENCE_BINS), dtype=np.int64)
        summed = np.zeros((len(counted), len(counted)), dtype=np.int64)
        if counts and has_pairs(labels):
            others = _histograms(counts, "others", counted)
            rows = read_square(counts, "summed")
            check_square(rows, len(labels), "summed")
            summed = np.array(rows)
        predicted = _histograms(counts, "predicted", counted) if counts else np.zeros_like(others)
        return cls(sealed, tuple(map(Curve.of, sealed.calibration)), predicted, others, summed)

    @property
    def documents(self) -> int:
        """Documents of the window."""
        return int(self.predicted.sum())

    @property
    def uncalibrated(self) -> int:
        """Those with a predicted label that no held-out document had."""
        unknown = [not any(calibration.documents) for calibration in self.sealed.calibration]
        return int(self.predicted[unknown].sum())

    def hits(self) -> Hits:
        """Return the expected right answers by counted label."""
        return Hits.of(self.curves, self.predicted)

    def confusion(self, hits: Hits) -> Confusion | None:
        """Return the expected confusion matrix; None without counts of the pairs of labels."""
        errors = np.array([sum(c.documents) - sum(c.correct) for c in self.sealed.calibration])
        if self.sealed.pairs is not None:
            return Confusion.of(hits, worth_of_sums(self.sealed.pairs) * self.summed, errors)
        if len(self.sealed.labels) == _BINARY:
            # Whatever is wrongly predicted as one label has the other.
            return Confusion.of(hits, 1 - np.eye(_BINARY), errors)
        return None

    def rankings(self) -> list[Ranking | None]:
        """Return the ranking by the second of two labels, or by each label of more.

        There is none without counts of the pairs of labels.
        """
        if len(self.sealed.labels) == _BINARY:
            return [binary_ranking(self.curves, self.predicted)]
        if self.sealed.pairs is None:
            return []
        curves = map(Curve.of, self.sealed.pairs.one_vs_rest)
        return list(map(one_vs_rest_ranking, curves, self.predicted + self.others))


def _histograms(counts: JsonMapping, name: str, labels: Sequence[str]) -> Ints:
    by_label = required(counts, name, dict)
    unknown = sorted(set(by_label) - set(labels))
    if unknown:
        message = f"{name} counts labels that the model does not have: {', '.join(unknown)}"
        raise ValueError(message)
    return np.stack(
        [
            from_tens(required(by_label, label, dict) if label in by_label else {})
            for label in labels
        ]
    )
