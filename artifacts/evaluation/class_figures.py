"""Precision, recall and F1 of each class, and macro F1, from counts of each class alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from artifacts.evaluation.intervals import share_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ClassCounts", "Figures", "class_figures", "macro_f1"]


class Figures(NamedTuple):
    """One figure of each class with the ends of its 95 % interval, each float64 [classes]."""

    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """Rows of each class, int64 [classes]: answered rightly, answered so, and labelled so."""

    hits: NDArray[np.int64]
    answered: NDArray[np.int64]
    labelled: NDArray[np.int64]

    @classmethod
    def of(cls, answers: NDArray[np.int64], truth: NDArray[np.int64], classes: int) -> ClassCounts:
        """Count answers and labels, both indices int64 [rows]."""
        chosen = (answers[answers == truth], answers, truth)
        return cls(*(np.bincount(indices, minlength=classes) for indices in chosen))

    @property
    def either(self) -> NDArray[np.int64]:
        """Rows of each class that are answered so or labelled so."""
        return self.answered + self.labelled - self.hits


def class_figures(counts: ClassCounts) -> dict[str, Figures]:
    """Return precision, recall and F1; 0 where nothing is counted, with the interval 0 to 1."""
    return {
        "precision": _shares(counts.hits, counts.answered),
        "recall": _shares(counts.hits, counts.labelled),
        "f1": _f1(counts.hits, counts.either),
    }


def macro_f1(counts: ClassCounts) -> tuple[float, float, float]:
    """Return the mean F1 of the classes that are labels or answers, and its 95 % interval.

    The distances from the values of the classes to the ends of their intervals are added in
    quadrature (Zou and Donner 2008, "Construction of confidence limits about effect measures"). A
    row counts for two classes at most, so that the variance of the sum is at most twice the sum of
    the variances; nor can the mean be off by more than the mean of the distances. F1 of few rows is
    too low in the mean, which the upper end allows for.
    """
    occurs = counts.either > 0
    hits, either = counts.hits[occurs], counts.either[occurs]
    value, low, high = _f1(hits, either)
    mean = float(value.mean())
    below = min(_quadrature(value - low), (value - low).mean())
    above = min(_quadrature(high - value) + _shortfall(hits, either), (high - value).mean())
    return mean, max(0.0, mean - float(below)), min(1.0, mean + float(above))


def _shares(hits: NDArray[np.int64], trials: NDArray[np.int64]) -> Figures:
    return Figures(hits / np.maximum(trials, 1), *share_interval(hits, trials))


def _f1(hits: NDArray[np.int64], either: NDArray[np.int64]) -> Figures:
    """Return F1, with its exact interval.

    F1 is 2J / (1 + J) of the Jaccard index J, and J is a share: of the rows that are answered or
    labelled so, those that are both.
    """
    return Figures(*(2 * share / (1 + share) for share in _shares(hits, either)))


def _quadrature(distances: NDArray[np.float64]) -> float:
    return float(np.sqrt(2 * (distances**2).sum())) / len(distances)


def _shortfall(hits: NDArray[np.int64], rows: NDArray[np.int64]) -> float:
    """Return by how much F1 is too low in the mean: the second-order term of its expansion.

    The variance of a Jaccard index J of n rows is J(1 - J)/n, and the second derivative of F1 is
    -4/(1 + J)³. Each class gets one row more with the J of all, or one row would have no variance.
    """
    jaccard = (hits + hits.sum() / rows.sum()) / (rows + 1)
    return float((2 * jaccard * (1 - jaccard) / (rows * (1 + jaccard) ** 3)).mean())
