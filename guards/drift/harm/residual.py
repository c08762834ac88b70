"""Concept drift: whether answers of a confidence are right as often as they were in training.

The residual of a labelled document is 1 or 0 for a right or wrong answer, minus the calibrated
share of right ones. Its weighted mean per predicted label is tested against that of held-out rows,
which a stable miscalibration leaves alone, by bets at fixed stakes: the capital of a bet on x whose
mean is at most 0 is Π (1 + λx), and grows by chance only (Waudby-Smith and Ramdas 2024, "Estimating
means of bounded random variables by betting"). Logarithms of capital add up in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp, ndtri

from guards.drift.harm.cross_fitting import residual_weights
from guards.drift.harm.error_proxy import REFERENCE_ALPHA
from guards.sequential.confidence_sequence import log_e_mean
from guards.sequential.starts import Start, Starts, alpha_of_start

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from guards.drift.harm.cross_fitting import HeldOutResidual
    from guards.drift.harm.error_proxy import ErrorProxy

    Floats = NDArray[np.float64]

__all__ = ["LOOK_MINUTES", "MAX_LOOKS", "LabelResidual", "ResidualMonitor"]

LOOK_MINUTES = 5
"""Labels that come within so many minutes are looked at together, which bounds the looks."""

_LOOKS = 30 * 24 * 60 // LOOK_MINUTES
_ALPHA = 0.05
"""The expected number of labels that are wrongly found to have drifted, in 30 days."""

_TOLERANCE = 0.02
"""A change of the mean residual that is no drift."""

_STAKES = 0.9 * (2 / 3) ** np.arange(10)
"""From large changes to small ones, as shares of the capital that no loss uses up."""

_BETS = 2 * len(_STAKES)
_LEVELS = range(1, 13, 2)
"""Starts at every look, at every fourth, at every 16th, … and at every 1,024th. Twice as many are
found no sooner in simulations, because each would have half the error probability."""

MAX_LOOKS = 3 * 1_024
"""No start is older."""

_MAX_LOSS = 0.1
"""A weight times error probability and uncertainty is at most so much."""

_MEANS = np.linspace(-1, 1, 401)


@dataclass(frozen=True, slots=True)
class LabelResidual:
    """The weighted mean residual of the labelled documents with one predicted label.

    ``residual`` covers the last ``labels`` documents, which came in ``looks`` looks, and is between
    ``low`` and ``high`` at all times with probability .95. ``drifted`` says that it is proved to be
    more than .02 beyond ``reference`` ± ``reference_margin``: ``log_evidence``, the logarithm of
    the e-value, has reached ``log_threshold``. Of the documents, each weighted by 1 / its inclusion
    probability, the share ``right`` was right, and ``expected`` was to be at their confidence.
    """

    label: str
    drifted: bool
    labels: int
    looks: int
    log_evidence: float
    log_threshold: float
    right: float
    expected: float
    residual: float
    low: float
    high: float
    reference: float
    reference_margin: float


class ResidualMonitor:
    """Watches the residuals of one model, ``watched`` models sharing the error probability.

    ``held_out`` has every label of ``proxy``. No document may have an inclusion probability below
    ``min_inclusion_probability``.
    """

    def __init__(
        self,
        proxy: ErrorProxy,
        held_out: Mapping[str, HeldOutResidual],
        min_inclusion_probability: float = 1.0,
        watched: int = 1,
    ) -> None:
        """Begin without labels."""
        self._proxy = proxy
        series = 2 * len(proxy.labels) * watched
        self._watches = {
            label: _Watch(label, held_out[label], min_inclusion_probability, series)
            for label in proxy.labels
        }

    def push(
        self, label: str, confidence: ArrayLike, right: ArrayLike, probability: ArrayLike
    ) -> None:
        """Add labelled documents that were predicted as ``label``, as one look.

        ``confidence`` is float64 [documents], ``right`` bool [documents] and ``probability``
        float64 [documents], the inclusion probability: 1 for a document that has its label
        regardless of the answers. Corrections are left out by the caller: they come because an
        answer is wrong. Raises ``ValueError`` for an unknown label.
        """
        errors, uncertainties = self._proxy.errors_of(label, confidence)
        self._watches[label].push(
            errors=errors,
            uncertainties=uncertainties,
            wrong=~np.asarray(right, dtype=bool),
            probabilities=np.asarray(probability, dtype=np.float64),
        )

    def judge(self) -> list[LabelResidual]:
        """Return what the labels say about each predicted label that has any."""
        judged = (watch.judge() for watch in self._watches.values())
        return [residual for residual in judged if residual is not None]


class _Watch:
    """The bets on one predicted label, that its residual is too low and that it is too high."""

    def __init__(
        self, label: str, held_out: HeldOutResidual, min_probability: float, series: int
    ) -> None:
        self._label, self._reference = label, held_out.mean
        self._margin = float(-ndtri(REFERENCE_ALPHA)) * held_out.standard_error
        self._min_probability, self._series = min_probability, series
        self._starts = Starts(_BETS + 9, np.float64)
        self._looks = 0

    def push(
        self,
        errors: Floats,
        uncertainties: Floats,
        wrong: NDArray[np.bool_],
        probabilities: Floats,
    ) -> None:
        residuals, weights = errors - wrong, residual_weights(errors, uncertainties)
        beyond = np.maximum(self._margin, uncertainties) + _TOLERANCE
        changes = residuals - self._reference
        worst = (
            np.array([_MAX_LOSS, 1 + _MAX_LOSS]) + abs(self._reference) + self._margin + _TOLERANCE
        )
        stakes = np.divide.outer(_STAKES, worst)
        shares = weights * self._min_probability / probabilities
        gains = np.stack([-changes - beyond, changes - beyond]) * shares
        capital = np.log1p(stakes[:, :, np.newaxis] * gains).sum(axis=2)
        weights = weights / probabilities
        weighted = weights * residuals
        sums = [
            len(residuals),
            weights.sum(),
            weighted.sum(),
            weights @ weights,
            weights @ weighted,
            weighted @ weighted,
            (1 / probabilities).sum(),
            (~wrong / probabilities).sum(),
            ((1 - errors) / probabilities).sum(),
        ]
        self._starts.push(self._looks, np.concatenate([capital.ravel(), sums]))
        self._looks += 1

    def judge(self) -> LabelResidual | None:
        starts = [start for start in self._starts if start.level in _LEVELS]
        if not starts:
            return None
        evidence, thresholds = self._evidence(starts), self._thresholds(starts)
        beyond = evidence - thresholds
        drifted = bool(beyond.max() >= 0)
        told = int(beyond.argmax()) if drifted else -1
        sums = starts[told].sums[_BETS:]
        low, high = self._interval(sums[:6])
        documents, right, calibrated = sums[6:]
        return LabelResidual(
            label=self._label,
            drifted=drifted,
            labels=int(sums[0]),
            looks=starts[told].age_minutes,
            log_evidence=float(evidence[told]),
            log_threshold=float(thresholds[told]),
            right=float(right / documents),
            expected=float(np.clip(calibrated / documents + self._reference, 0, 1)),
            residual=float(sums[2] / sums[1]),
            low=low,
            high=high,
            reference=self._reference,
            reference_margin=self._margin,
        )

    def _evidence(self, starts: list[Start[np.float64]]) -> Floats:
        """Return the logarithm of the e-value of each start, float64 [starts]."""
        capital = np.array([start.sums[:_BETS] for start in starts])
        log_e = logsumexp(capital.reshape(len(starts), -1, 2), axis=1).max(axis=1)
        return np.asarray(log_e - log(len(_STAKES)))

    def _thresholds(self, starts: list[Start[np.float64]]) -> Floats:
        """Return the logarithm of the e-value that proves a drift, float64 [starts]."""
        alphas = [
            alpha_of_start(start.level, _ALPHA, self._series, len(_LEVELS), _LOOKS)
            for start in starts
        ]
        return -np.log(alphas)

    def _interval(self, sums: Floats) -> tuple[float, float]:
        """Return the least and the largest mean residual that the labels do not rule out."""
        _, weight, total, squares, products, square_total = sums
        means = np.append(_MEANS, total / weight)
        excess = total - means * weight
        variance = square_total - 2 * means * products + means**2 * squares
        losses = np.add.outer([_MAX_LOSS, 1], np.abs(means)) / self._min_probability
        log_e = log_e_mean(np.stack([-excess, excess]), variance, losses).max(axis=0)
        possible = means[log_e < -log(_ALPHA / 2)]
        return float(possible.min()), float(possible.max())
