"""How far the calibration is off on held-out rows that it was not fitted to.

The rows that a calibration was fitted to agree with it too well. So the residual of each row, 1 or
0 for a right or wrong answer minus the calibrated share of right ones, is taken from a calibration
that was fitted without the row's fold (Stone 1974). Their mean and spread per predicted label are
what live residuals are compared with: a calibration that is off but stays so is no drift.

The mean is weighted: an answer that is nearly certain to be right says more when it is wrong.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.calibration import Calibration
from guards.drift.fields import required
from guards.drift.harm.error_proxy import ErrorProxy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from guards.json_types import JsonObject

__all__ = ["UNIT", "HeldOutResidual", "cross_fitted_residuals", "residual_weights"]

UNIT = 2**20
"""How many units a residual of 1 has; a square of 1 has as many."""

_WRONG = 0.1


@dataclass(frozen=True, slots=True)
class HeldOutResidual:
    """Sums over the held-out documents of one predicted label.

    With w the weight of a document and r its residual, ``weight`` is Σw, ``total`` Σwr and
    ``squares`` Σ(wr)², in units of 1 / ``UNIT``. Raises ``ValueError`` if they contradict each
    other.
    """

    documents: int = 0
    weight: int = 0
    total: int = 0
    squares: int = 0

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for sums that no weights up to 1 and residuals to ±1 have."""
        limit = self.documents * UNIT
        if not (0 <= self.weight <= limit and 0 <= self.squares <= limit):
            message = "weight and squares must be sums over as many documents as there are"
            raise ValueError(message)
        if abs(self.total) > limit:
            message = "total must be a sum over as many residuals as documents"
            raise ValueError(message)

    @property
    def mean(self) -> float:
        """The weighted mean residual; 0 without documents."""
        return self.total / self.weight if self.weight else 0.0

    @property
    def standard_error(self) -> float:
        """That of the mean, with one document of ½ and one of -½ more: a few are never certain."""
        return sqrt(self.squares / UNIT + 0.5) / (self.weight / UNIT + 2)

    def to_json(self) -> JsonObject:
        """Return the sums as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: object) -> HeldOutResidual:
        """Read the sums back; raise ``ValueError`` if they are malformed."""
        return cls(
            documents=required(data, "documents", int),
            weight=required(data, "weight", int),
            total=required(data, "total", int),
            squares=required(data, "squares", int),
        )


def residual_weights(
    errors: NDArray[np.float64], uncertainties: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the weights of documents, 0 to 1, from ``ErrorProxy.errors_of``.

    About the inverse of a residual's variance after a tenth of the answers have become wrong, which
    is the best weight for finding that. A weight times the sum of both is at most a tenth.
    """
    return _WRONG / (_WRONG + errors + uncertainties)


def cross_fitted_residuals(  # noqa: PLR0913 - three columns of one table
    labels: Sequence[str],
    predicted: Sequence[str],
    confidence: ArrayLike,
    right: ArrayLike,
    *,
    folds: int = 10,
    seed: int = 0,
) -> dict[str, HeldOutResidual]:
    """Return the residuals of held-out rows for each of ``labels``, by predicted label.

    ``predicted`` has the labels of the rows, ``confidence`` is float64 [rows] in [0, 1] and
    ``right`` bool [rows]. Rows are dealt to ``folds`` at random.
    """
    answered = np.asarray(predicted)
    certainty, correct = np.asarray(confidence, dtype=np.float64), np.asarray(right, dtype=bool)
    fold = np.random.default_rng(seed).permutation(len(answered)) % folds
    residuals = {}
    for label in labels:
        rows = answered == label
        residuals[label] = _residuals(certainty[rows], correct[rows], fold[rows], folds)
    return residuals


def _residuals(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], fold: NDArray[np.int64], folds: int
) -> HeldOutResidual:
    errors, uncertainties = np.empty((2, len(correct)))
    for held_out in range(folds):
        rest, rows = fold != held_out, fold == held_out
        proxy = ErrorProxy.of({"": Calibration.of(confidence[rest], correct[rest])})
        errors[rows], uncertainties[rows] = proxy.errors_of("", confidence[rows])
    weights = residual_weights(errors, uncertainties)
    weighted = weights * (errors - ~correct)
    return HeldOutResidual(
        documents=len(correct),
        weight=_in_units(weights),
        total=_in_units(weighted),
        squares=_in_units(weighted**2),
    )


def _in_units(values: NDArray[np.float64]) -> int:
    return int(np.rint(values * UNIT).sum())
