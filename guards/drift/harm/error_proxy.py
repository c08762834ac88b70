"""The probability that an answer is wrong, by predicted label and confidence.

Where the calibration of the held-out rows still holds, the mean of these probabilities over live
documents is their error rate, known without labels (confidence-based performance estimation).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaincinv, ndtri

from guards.drift.isotonic import fit_isotonic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from guards.drift.calibration import Calibration

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["REFERENCE_ALPHA", "ErrorProxy"]

REFERENCE_ALPHA = 0.005
"""Error probability, on each side, of what the held-out rows say about their population."""


@dataclass(frozen=True, slots=True, eq=False)
class ErrorProxy:
    """The error probabilities of one model, and how well its held-out rows determine them.

    ``errors`` is float64 [labels, bins], in the order of ``labels``. ``documents`` and ``wrong``
    are int64 [blocks], the held-out documents of each block of an isotonic fit and those of them
    that were answered wrongly; ``starts``, int64 [blocks], is where each block starts in
    ``errors.ravel()``.
    """

    labels: tuple[str, ...]
    errors: Floats
    starts: Ints
    documents: Ints
    wrong: Ints

    @classmethod
    def of(cls, calibration: Mapping[str, Calibration]) -> ErrorProxy:
        """Fit the calibration of each predicted label."""
        documents = np.array([counts.documents for counts in calibration.values()], dtype=np.int64)
        correct = np.array([counts.correct for counts in calibration.values()], dtype=np.int64)
        fits = [fit_isotonic(*counts) for counts in zip(documents, correct, strict=True)]
        bins = documents.shape[1]
        starts = np.concatenate(
            [
                row * bins + _block_starts(held_out, fit.right)
                for row, (held_out, fit) in enumerate(zip(documents, fits, strict=True))
            ]
        )
        return cls(
            labels=tuple(calibration),
            errors=1 - np.array([fit.right for fit in fits]),
            starts=starts,
            documents=np.add.reduceat(documents.ravel(), starts),
            wrong=np.add.reduceat((documents - correct).ravel(), starts),
        )

    @property
    def reference_error(self) -> float:
        """The share of held-out rows that was answered wrongly."""
        return float(self.wrong.sum() / max(self.documents.sum(), 1))

    @property
    def reference_low(self) -> float:
        """A lower bound of the population's error rate (Clopper and Pearson 1934)."""
        wrong, documents = int(self.wrong.sum()), int(self.documents.sum())
        if not wrong:
            return 0.0
        return float(betaincinv(wrong, documents - wrong + 1, REFERENCE_ALPHA))

    def errors_of(self, label: str, confidence: ArrayLike) -> tuple[Floats, Floats]:
        """Return error probabilities and how far they may be off, each float64 [documents].

        ``confidence`` is float64 [documents] in [0, 1], of answers with one label. Raises
        ``ValueError`` for an unknown label.
        """
        if label not in self.labels:
            message = f"label must be one of {', '.join(self.labels)}, found {label}"
            raise ValueError(message)
        row, bins = self.labels.index(label), self.errors.shape[1]
        scaled = (np.asarray(confidence, dtype=np.float64) * bins).astype(np.int64)
        scaled = np.minimum(scaled, bins - 1)
        block = np.searchsorted(self.starts, row * bins + scaled, side="right") - 1
        return self.errors[row, scaled], -ndtri(REFERENCE_ALPHA) * np.sqrt(self._variances[block])

    @property
    def _variances(self) -> Floats:
        """Those of the fitted share of wrong answers, float64 [blocks]."""
        # Half a wrong and half a right document more: no block is certain.
        errors = (self.wrong + 0.5) / (self.documents + 1)
        return errors * (1 - errors) / np.maximum(self.documents, 1)

    def margins(self, histograms: Floats) -> Floats:
        """Return how far mean error minus ``reference_error`` may be off, float64 [histograms].

        ``histograms`` is [histograms, labels x bins], counts of live documents, none of them
        empty. The mean error of a mix w of blocks differs from that of the held-out mix r by
        Σ (w - r) e, whose variance is Σ (w - r)² e (1 - e) / m with m held-out documents in a
        block. So the margin is 0 on the held-out mix, and large where live documents are in blocks
        that have few held-out ones.
        """
        live = np.add.reduceat(histograms, self.starts, axis=1)
        mix = live / live.sum(axis=1, keepdims=True)
        difference = mix - self.documents / max(self.documents.sum(), 1)
        margins: Floats = -ndtri(REFERENCE_ALPHA) * np.sqrt(difference**2 @ self._variances)
        return margins


def _block_starts(documents: Ints, right: Floats) -> Ints:
    """Return the first bins of the blocks of one label, each of which has one share of right ones.

    An empty bin goes with the nearest filled one, whose held-out documents determine it best.
    """
    filled = np.flatnonzero(documents)
    last = np.flatnonzero(np.diff(right[filled]))
    return np.append(0, (filled[last] + filled[last + 1]) // 2 + 1)
