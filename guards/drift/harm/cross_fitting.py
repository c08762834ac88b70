"""How far the calibration is off on held-out rows that it was not fitted to.

The rows that a calibration was fitted to agree with it too well. So the residual of each row, 1 or
0 for a right or wrong answer minus the calibrated share of right ones, is taken from a calibration
that was fitted without the row's fold (Stone 1974). Their mean and spread per predicted label are
what live residuals are compared with: a calibration that is off but stays so is no drift.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.fields import required
from guards.drift.isotonic import fit_isotonic
from guards.drift.reference import CONFIDENCE_BINS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from guards.json_types import JsonObject

__all__ = ["UNIT", "HeldOutResidual", "cross_fitted_residuals"]

UNIT = 2**20
"""How many units a residual of 1 has; a square of 1 has as many."""


@dataclass(frozen=True, slots=True)
class HeldOutResidual:
    """Sums over the held-out documents of one predicted label; all but counts in 1 / ``UNIT``.

    Raises ``ValueError`` if they contradict each other.
    """

    documents: int
    total: int
    total_squares: int

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for sums that no residuals from -1 to 1 have."""
        limit = self.documents * UNIT
        if not (abs(self.total) <= limit and 0 <= self.total_squares <= limit):
            message = "total and total_squares must be sums over as many residuals as documents"
            raise ValueError(message)

    @property
    def mean(self) -> float:
        """The mean residual; 0 without documents."""
        return self.total / UNIT / max(self.documents, 1)

    @property
    def standard_error(self) -> float:
        """That of the mean, with one document of ½ and one of -½ more: a few are never certain."""
        documents = self.documents + 2
        return sqrt((self.total_squares / UNIT + 0.5) / documents / documents)

    def to_json(self) -> JsonObject:
        """Return the sums as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: object) -> HeldOutResidual:
        """Read the sums back; raise ``ValueError`` if they are malformed."""
        return cls(
            documents=required(data, "documents", int),
            total=required(data, "total", int),
            total_squares=required(data, "total_squares", int),
        )


def cross_fitted_residuals(
    predicted: Sequence[str],
    confidence: ArrayLike,
    right: ArrayLike,
    folds: int = 10,
    seed: int = 0,
) -> dict[str, HeldOutResidual]:
    """Return the residuals of held-out rows by predicted label, in the order of the labels.

    ``confidence`` is float64 [rows] in [0, 1] and ``right`` bool [rows]. Rows are dealt to
    ``folds`` at random. The answer does not depend on which labels other rows have.
    """
    labels = np.asarray(predicted)
    correct = np.asarray(right, dtype=bool)
    bins = (np.asarray(confidence, dtype=np.float64) * CONFIDENCE_BINS).astype(np.int64)
    bins = np.minimum(bins, CONFIDENCE_BINS - 1)
    fold = np.random.default_rng(seed).permutation(len(labels)) % folds
    return {
        str(label): _residuals(bins[rows], correct[rows], fold[rows], folds)
        for label in np.unique(labels)
        if (rows := labels == label).any()
    }


def _residuals(
    bins: NDArray[np.int64], correct: NDArray[np.bool_], fold: NDArray[np.int64], folds: int
) -> HeldOutResidual:
    residuals = np.empty(len(bins))
    for held_out in range(folds):
        rest, rows = fold != held_out, fold == held_out
        documents = np.bincount(bins[rest], minlength=CONFIDENCE_BINS)
        right = np.bincount(bins[rest & correct], minlength=CONFIDENCE_BINS)
        residuals[rows] = correct[rows] - fit_isotonic(documents, right).right[bins[rows]]
    return HeldOutResidual(
        documents=len(residuals),
        total=int(np.rint(residuals * UNIT).sum()),
        total_squares=int(np.rint(residuals**2 * UNIT).sum()),
    )
