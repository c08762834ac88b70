"""Simulated traffic and labels of a calibrated classifier: what the harm gate and residuals say.

Documents have a class and a noisy point for each class; the model answers with Bayes' rule, and its
confidence is too high by a fixed curve, which the calibration undoes. Drawing documents by anything
but their true class leaves the calibration as it is: a covariate shift. Besides, a document has two
columns: its class as a category, and an amount that is lognormal around a centre of its class and
spans some six powers of ten.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Literal

import numpy as np

from guards.drift.calibration import CONFIDENCE_BINS, Calibration
from guards.drift.cells import cells_of, hardly_filled
from guards.drift.feature_reference import CategoricalReference, NumericReference
from guards.drift.harm.cross_fitting import cross_fitted_residuals
from guards.drift.harm.crowding import cell_shares
from guards.drift.harm.error_proxy import ErrorProxy
from guards.drift.harm.gate import Harm, HarmGate
from guards.drift.harm.residual import ResidualMonitor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Population", "Shift", "gate_outcomes", "labels_to_drift", "population"]

Shift = Literal[
    "none",
    "easier",
    "one class",
    "as hard",
    "harder by .05",
    "harder by .02",
    "unit",
    "unit within range",
]
"""Which documents come: all alike; easy ones; those predicted as the first class; only those about
as hard as the mean; more hard ones; confident answers of which .12 are right, all of them unseen;
such answers to documents whose amounts are ten times as large and in cells that were filled.
"""

_POOL = 300_000
_WINDOW, _MAX_QUIET = 1_000, 120
_EASY, _BAND = 0.05, 0.02
_DECADES, _CENTRE, _UNIT = 0.75, 0.1, 10.0
_SWAPPED = 0.1
_LABELS_BEFORE, _LABELS_AFTER, _LOOK = 1_000, 2_000, 10


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Documents to draw from: predicted class, confidence, chance to be wrong, and right or not.

    ``truth`` and ``amounts`` are the columns, the true classes and amounts.
    """

    classes: int
    truth: Ints
    amounts: Floats
    predicted: Ints
    confidence: Floats
    hardness: Floats
    right: Bools

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the classes."""
        return tuple(map(str, range(self.classes)))

    def reference(self, rows: int, rng: np.random.Generator) -> tuple[ErrorProxy, Ints]:
        """Return the calibration of a sample, and which documents it has."""
        sample = rng.integers(0, len(self.right), rows)
        predicted = self.predicted[sample]
        calibration = {
            label: Calibration.of(
                self.confidence[sample][predicted == index].tolist(),
                self.right[sample][predicted == index].tolist(),
            )
            for index, label in enumerate(self.labels)
        }
        return ErrorProxy.of(calibration), sample

    def columns(self, rows: Ints) -> tuple[NumericReference, CategoricalReference]:
        """Return the references of the columns of a sample."""
        truth = list(map(str, self.truth[rows].tolist()))
        amounts = NumericReference.of(self.amounts[rows])
        return amounts, CategoricalReference.of(truth, self.labels)

    def histogram(self, rows: Ints) -> Ints:
        """Return the confidence histograms of documents, int64 [classes, bins]."""
        bins = (self.confidence[rows] * CONFIDENCE_BINS).astype(np.int64)
        cells = self.predicted[rows] * CONFIDENCE_BINS + np.minimum(bins, CONFIDENCE_BINS - 1)
        counts = np.bincount(cells, minlength=self.classes * CONFIDENCE_BINS)
        return counts.reshape(self.classes, CONFIDENCE_BINS)

    def weights(self, shift: Shift, rng: np.random.Generator) -> Floats:
        """Return the probability of each document to be drawn; benign shifts tilt a class too."""
        hardness, mean = self.hardness, self.hardness.mean()
        tilt = 1 + 5.0 * (self.predicted == rng.integers(self.classes))
        weights = {
            "none": np.ones_like(hardness),
            "easier": tilt * (hardness < _EASY),
            "one class": 1.0 * (self.predicted == 0),
            "as hard": tilt * (np.abs(hardness - mean) < _BAND),
            "unit": tilt * (hardness < _EASY),
            "unit within range": tilt * (hardness < _EASY),
        }.get(shift)
        if weights is None:
            weights = _harder(hardness, mean + float(shift.rpartition(" ")[2]))
        return np.asarray(weights / weights.sum())


def population(classes: int, separation: float) -> Population:
    """Return documents of unequal classes, the same ones at every call."""
    rng = np.random.default_rng(classes)
    shares = np.linspace(1.6, 0.4, classes) / classes
    truth = rng.choice(classes, _POOL, p=shares)
    points = rng.normal(size=(_POOL, classes))
    points[np.arange(_POOL), truth] += separation
    logits = separation * points + np.log(shares)
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    predicted, hardness = chances.argmax(axis=1), 1 - chances.max(axis=1)
    confidence = 1 - 0.8 * hardness**1.5
    amounts = 10 ** (_DECADES * rng.normal(size=_POOL) + _CENTRE * truth)
    return Population(classes, truth, amounts, predicted, confidence, hardness, predicted == truth)


def gate_outcomes(
    documents: Population, shift: Shift, reference_rows: int, windows: int, seeds: int
) -> tuple[Floats, Floats]:
    """Return the window of 1,000 in which harm is first shown and first ruled out, [seeds].

    Infinite where never. The shift begins after one to two quiet hours, and the alarm with it.
    """
    rng = np.random.default_rng(12)
    outcomes = [_outcome(documents, shift, reference_rows, windows, rng) for _ in range(seeds)]
    shown, ruled_out = np.array(outcomes).T
    return shown, ruled_out


def labels_to_drift(
    documents: Population, reference_rows: int, seeds: int, *, swapped: bool
) -> Floats:
    """Return after how many labelled documents of the first class drift is found, [seeds].

    With ``swapped``, a tenth of them get another meaning after 1,000 quiet ones, which do not
    count; drift found among those is at a number below 0. Infinite where it is never found.
    """
    rng = np.random.default_rng(13)
    return np.array(
        [_labels_to_drift(documents, reference_rows, rng, swapped) for _ in range(seeds)]
    )


def _harder(hardness: Floats, error: float) -> Floats:
    """Return weights exp(tilt x hardness) with which so many answers are wrong."""
    low, high = 0.0, 50.0
    for _ in range(40):
        tilt = (low + high) / 2
        weights = np.exp(tilt * hardness)
        low, high = (tilt, high) if np.average(hardness, weights=weights) < error else (low, tilt)
    return weights


def _outcome(
    documents: Population,
    shift: Shift,
    reference_rows: int,
    windows: int,
    rng: np.random.Generator,
) -> tuple[float, float]:
    proxy, sample = documents.reference(reference_rows, rng)
    columns = documents.columns(sample)
    gate, ruled_out = HarmGate(proxy, shares=cell_shares(columns)), inf
    amounts, hardly = cells_of(columns[0]), hardly_filled(columns[0])

    def push(minute: int, rows: Ints, unit: float = 1.0, *, unseen: bool = False) -> None:
        cells = amounts.indices(unit * documents.amounts[rows])
        strangers = documents.histogram(rows[hardly[cells] | unseen])
        # A class is at its own index among the categories.
        classes = np.bincount(documents.truth[rows], minlength=documents.classes + 2)
        gate.push(
            minute,
            documents.histogram(rows),
            int(strangers.sum()),
            float((strangers * proxy.errors).sum()),
            np.concatenate([np.bincount(cells, minlength=amounts.size), classes]),
        )

    quiet = int(rng.integers(_MAX_QUIET // 2, _MAX_QUIET))
    for minute, rows in enumerate(rng.integers(0, _POOL, (quiet, _WINDOW))):
        push(minute, rows)
    weights = documents.weights(shift, rng)
    drawn = rng.choice(_POOL, (windows, _WINDOW), p=weights)
    for window, rows in enumerate(drawn, start=1):
        unit = _UNIT if shift == "unit within range" else 1.0
        push(quiet + window - 1, rows, unit, unseen=shift == "unit")
        harm = gate.judge(window).harm
        if harm is Harm.SHOWN:
            return window, ruled_out
        if harm is Harm.RULED_OUT:
            ruled_out = min(ruled_out, window)
    return inf, ruled_out


def _labels_to_drift(
    documents: Population,
    reference_rows: int,
    rng: np.random.Generator,
    swapped: bool,  # noqa: FBT001 - which of two simulations
) -> float:
    proxy, sample = documents.reference(reference_rows, rng)
    names = np.array(documents.labels)[documents.predicted[sample]].tolist()
    confidence, right = documents.confidence[sample], documents.right[sample]
    monitor = ResidualMonitor(
        proxy, cross_fitted_residuals(documents.labels, names, confidence, right)
    )
    label = documents.labels[0]
    rows = rng.choice(np.flatnonzero(documents.predicted == 0), _LABELS_BEFORE + _LABELS_AFTER)
    correct = documents.right[rows].copy()
    if swapped:
        correct[_LABELS_BEFORE:] &= rng.random(_LABELS_AFTER) >= _SWAPPED
    for number, row in enumerate(rows):
        monitor.push(label, [documents.confidence[row]], [correct[number]], [1.0])
        looked_at = number % _LOOK == _LOOK - 1
        if looked_at and any(residual.drifted for residual in monitor.judge()):
            return number + 1 - _LABELS_BEFORE
    return inf
