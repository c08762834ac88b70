"""How often intervals hold what labels show, where the inputs change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

from guards.performance.answer_counts import AnswerCounts
from guards.performance.estimate import estimate
from guards.performance.sealed import SealedPerformance
from load_tests.performance.simulated import Population

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from guards.evidence.figures import Figure
    from load_tests.performance.simulated import Documents

    Floats = NDArray[np.float64]

__all__ = ["Found", "Setting", "measure", "real_figures"]

_WINDOWS = 10


@dataclass(frozen=True, slots=True)
class Setting:
    """Labels, held-out documents, documents of a window, and how far its inputs have moved."""

    classes: int
    held_out: int
    documents: int
    shift: float


@dataclass(frozen=True, slots=True)
class Found:
    """Of accuracy, macro F1 and AUC: share of intervals that cover, and estimated minus real."""

    covered: tuple[float, ...]
    mean_error: tuple[float, ...]


def measure(setting: Setting, populations: int) -> Found:
    """Estimate ten windows of each of so many populations, and compare with their labels."""
    rows = [row for seed in range(populations) for row in _windows(setting, seed)]
    lows, values, highs, real = np.array(rows).transpose(2, 0, 1)
    # A window in which a label does not occur has no AUC.
    known = np.isfinite(real) & np.isfinite(values)
    covered = np.where(known, (lows <= real) & (real <= highs), np.nan)
    return Found(
        tuple(np.nanmean(covered, axis=0).tolist()),
        tuple(np.nanmean(values - real, axis=0).tolist()),
    )


def _windows(setting: Setting, seed: int) -> list[Floats]:
    """Return low end, estimate, high end and real value, float64 [figures, 4], of each window."""
    rng = np.random.default_rng((seed, setting.held_out, setting.documents))
    population = Population(setting.classes, seed)
    labels = [str(number) for number in range(setting.classes)]
    held_out = population.draw(setting.held_out, 0.0, rng)
    sealed = SealedPerformance.of(held_out.probabilities, held_out.truth, labels)
    rows = []
    for _ in range(_WINDOWS):
        documents = population.draw(setting.documents, setting.shift, rng)
        counts = AnswerCounts(labels)
        counts.update(documents.probabilities)
        found = estimate(sealed, counts.get())
        estimated = [_row(figure) for figure in (found.accuracy, found.macro_f1, found.auc)]
        rows.append(np.column_stack([estimated, real_figures(documents)]))
    return rows


def _row(figure: Figure | None) -> tuple[float, float, float]:
    if figure is None:
        return np.nan, np.nan, np.nan
    return figure.low, figure.value, figure.high


def real_figures(documents: Documents) -> tuple[float, float, float]:
    """Return accuracy, macro F1 and AUC by the labels; AUC is NaN where a label does not occur."""
    probabilities, truth = documents.probabilities, documents.truth
    predicted, classes = probabilities.argmax(axis=1), np.arange(probabilities.shape[1])
    is_predicted, is_true = predicted[:, None] == classes, truth[:, None] == classes
    either = (is_predicted.astype(np.int64) + is_true).sum(axis=0)
    f1 = 2 * (is_predicted & is_true).sum(axis=0)[either > 0] / either[either > 0]
    # The area of the second of two labels is that of the first.
    ranks = rankdata(probabilities, axis=0)
    positives = is_true.sum(axis=0)
    pairs = positives * (len(truth) - positives)
    above = np.where(is_true, ranks, 0.0).sum(axis=0) - positives * (positives + 1) / 2
    auc = above / pairs if pairs.all() else np.array([np.nan])
    return float((predicted == truth).mean()), float(f1.mean()), float(auc.mean())
