"""Accuracy and macro F1 of two periods: of labelled documents, or as probabilities expect them.

Where there are few labels, a document counts as of each class by its probability (confidence-based
performance estimation, as NannyML calls it). That holds while the probabilities are calibrated: a
change of what labels mean is not in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from guards.diagnosis.blocks import draws, interval
from guards.diagnosis.documents import NO_LABEL
from guards.diagnosis.drop import MIN_LABELS
from guards.diagnosis.three_terms import Term

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.diagnosis.documents import Documents
    from guards.evidence.columns import Categories
    from guards.json_types import JsonObject

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Figure", "Performance", "performance"]

_SEED = 20_260_304
_REPLICATES = 500


class Figure(NamedTuple):
    """A figure of the good and of the bad period, and its change."""

    good: float
    bad: float
    change: Term

    def to_json(self) -> JsonObject:
        """Return it as plain JSON."""
        return {"good": self.good, "bad": self.bad, **self.change.to_json()}


@dataclass(frozen=True, slots=True)
class Performance:
    """Accuracy and macro F1; ``estimated`` says that they are not those of labelled documents.

    The classes of the mean of F1 are those that documents of the period have, or were answered.
    """

    estimated: bool
    accuracy: Figure
    f1: Figure

    def to_json(self) -> JsonObject:
        """Return it as plain JSON."""
        return {
            "estimated": self.estimated,
            "accuracy": self.accuracy.to_json(),
            "f1": self.f1.to_json(),
        }


def performance(sides: tuple[Documents, Documents], labels: Sequence[str]) -> Performance | None:
    """Return the figures of both periods, with intervals by samples of whole hours.

    ``labels`` are those that all champions know, sorted, and none where these differ. None where
    there are neither 50 labels in each period nor probabilities of these labels.
    """
    labelled = all((side.right != NO_LABEL).sum() >= MIN_LABELS for side in sides)
    if labelled:
        names = sorted({name for side in sides for name in (*side.labels.names, *side.truth.names)})
        good, bad = (_Counts.of_labelled(side, names) for side in sides)
    elif labels and all(_known(side, labels).any() for side in sides):
        good, bad = (_Counts.expected(side, labels) for side in sides)
    else:
        return None
    generator = np.random.default_rng(_SEED)
    return Performance(
        not labelled,
        *(
            Figure(before[0], now[0], Term(now[0] - before[0], *interval(now[1:] - before[1:])))
            for before, now in zip(good.figures(generator), bad.figures(generator), strict=True)
        ),
    )


class _Counts(NamedTuple):
    """Documents by hour and class, float64 [hours, classes]: right answers, answers, true ones."""

    right: Floats
    answered: Floats
    true: Floats

    @classmethod
    def of_labelled(cls, documents: Documents, names: Sequence[str]) -> Self:
        """Count the labelled documents."""
        rows = documents.right != NO_LABEL
        answers, true = (
            _numbered(column, names)[rows] for column in (documents.labels, documents.truth)
        )
        hours = documents.hours[rows]
        ones = np.ones(len(hours))
        return cls(
            _by_hour(hours, answers, (answers == true).astype(np.float64), len(names)),
            _by_hour(hours, answers, ones, len(names)),
            _by_hour(hours, true, ones, len(names)),
        )

    @classmethod
    def expected(cls, documents: Documents, labels: Sequence[str]) -> Self:
        """Count documents by their probabilities, which are those of these labels."""
        rows = _known(documents, labels)
        probabilities = documents.probabilities[rows].astype(np.float64)
        answers, hours = _numbered(documents.labels, labels)[rows], documents.hours[rows]
        size = len(labels)
        names, numbers = np.unique(hours, return_inverse=True)
        true = [np.bincount(numbers, each, len(names)) for each in probabilities.T]
        right = probabilities[np.arange(len(answers)), answers]
        return cls(
            _by_hour(hours, answers, right, size),
            _by_hour(hours, answers, np.ones(len(answers)), size),
            np.column_stack(true),
        )

    def figures(self, generator: np.random.Generator) -> tuple[Floats, Floats]:
        """Return accuracy and macro F1, float64 [1 + samples], of all hours and of samples."""
        hours = len(self.right)
        weights = np.vstack([np.ones(hours), draws(hours, hours, _REPLICATES, generator)])
        right, answered, true = (weights @ counts for counts in self)
        accuracy = right.sum(axis=1) / answered.sum(axis=1)
        either = answered + true
        f1 = np.divide(2 * right, either, out=np.zeros_like(either), where=either > 0)
        return accuracy, f1.sum(axis=1) / (either > 0).sum(axis=1)


def _known(documents: Documents, labels: Sequence[str]) -> NDArray[np.bool_]:
    """Return which documents have probabilities of these labels, bool [rows]."""
    if documents.probabilities.shape[1] != len(labels):
        return np.zeros(len(documents), dtype=np.bool_)
    told = np.isfinite(documents.probabilities).all(axis=1)
    return np.asarray(told & (_numbered(documents.labels, labels) >= 0))


def _numbered(column: Categories, names: Sequence[str]) -> Ints:
    """Return the number of each text among names, int64 [rows]; -1 stands for none."""
    number = {name: at for at, name in enumerate(names)}
    return np.array([*(number.get(name, -1) for name in column.names), -1], dtype=np.int64)[
        column.codes
    ]


def _by_hour(hours: Ints, classes: Ints, weights: Floats, size: int) -> Floats:
    names, numbers = np.unique(hours, return_inverse=True)
    counts = np.bincount(numbers * size + classes, weights=weights, minlength=len(names) * size)
    return np.asarray(counts.reshape(len(names), size))
