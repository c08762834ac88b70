"""Accuracy, precision, recall, F1 and calibration of a variant on labelled documents.

Each figure is a ratio of weighted sums, a document weighing 1 / the probability that it was
labelled. Its variance is that of the linearised ratio (Särndal, Swensson and Wretman 1992, section
5.6), and its interval that of Wilson (1927) for as many documents as would have this variance.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from guards.evidence.labels import LabelSource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from guards.evidence.label_evidence import LabelEvidence, LabelledAnswers
    from guards.json_types import JsonObject

    Floats = NDArray[np.float64]

__all__ = ["Figure", "figures", "figures_source", "segment_accuracy", "wilson"]

_Z = 1.959963984540054
"""Of a 95 % interval."""

_CONFIDENCE_BINS = 15


@dataclass(frozen=True, slots=True)
class Figure:
    """A share with its 95 % interval."""

    value: float
    low: float
    high: float

    def to_json(self) -> JsonObject:
        """Return the figure as plain JSON."""
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True)
class _Answers:
    """Groups of labelled documents: how many, what each weighs, whose answer, which truth."""

    counts: Floats
    weights: Floats
    answered: Sequence[str]
    truths: Sequence[str]


def wilson(share: float, documents: float) -> Figure:
    """Return a share of so many documents with the interval of Wilson (1927)."""
    centre = share + _Z**2 / (2 * documents)
    spread = _Z * sqrt(share * (1 - share) / documents + (_Z / (2 * documents)) ** 2)
    scale = 1 + _Z**2 / documents
    # Rounding alone would leave the ends 0 and 1 outside.
    low, high = min((centre - spread) / scale, share), max((centre + spread) / scale, share)
    return Figure(share, max(low, 0.0), min(high, 1.0))


def figures_source(evidence: LabelEvidence) -> LabelSource | None:
    """Return which labels figures can be computed from: those of the larger group that can.

    Labels that came regardless of the answers always can. Drawn ones can where agreements were
    drawn too, since labels on disagreements alone say nothing of either accuracy, and where none
    waits for its label, since a queue is seldom labelled at random. None where none can.
    """
    numbers = {LabelSource.TRUTH: 0, LabelSource.QUEUE: 0}
    agreements = 0
    for answers, count in evidence.answers.items():
        numbers[answers.source] += count
        if answers.source is LabelSource.QUEUE and answers.agree:
            agreements += count
    if not agreements or evidence.counts.waiting:
        del numbers[LabelSource.QUEUE]
    source = max(numbers, key=numbers.__getitem__)
    return source if numbers[source] else None


def figures(evidence: LabelEvidence, *, of_challenger: bool) -> JsonObject | None:
    """Return the figures of a variant; None where the labels allow none.

    They are ``documents``, ``accuracy``, ``macro_f1`` over the labels that are true or answered,
    ``calibration_error`` over 15 bins, and for each of these labels ``support`` in documents,
    ``precision``, ``recall`` and ``f1``, each None where nothing was counted.
    """
    source = figures_source(evidence)
    if source is None:
        return None
    answers = {key: count for key, count in evidence.answers.items() if key.source is source}
    groups = _groups(answers, of_challenger=of_challenger)
    answered, truths = (np.array(names, dtype=object) for names in (groups.answered, groups.truths))
    classes = sorted({*groups.answered, *groups.truths})
    hits = {name: (answered == name) & (truths == name) for name in classes}
    return {
        "labels": source.value,
        "documents": int(groups.counts.sum()),
        "accuracy": _json(_ratio(answered == truths, np.ones(len(answered)), groups)),
        "macro_f1": _json(_macro_f1(hits, answered, truths, groups)),
        "calibration_error": _calibration_error(evidence, source, of_challenger=of_challenger),
        "classes": {
            name: {
                "support": int(groups.counts[truths == name].sum()),
                "precision": _json(_ratio(hit, answered == name, groups)),
                "recall": _json(_ratio(hit, truths == name, groups)),
                "f1": _json(_ratio(2 * hit, _either(answered, truths, name), groups)),
            }
            for name, hit in hits.items()
        },
    }


def segment_accuracy(
    evidence: LabelEvidence, segment: str, *, of_challenger: bool
) -> JsonObject | None:
    """Return the accuracy of a variant on a segment's documents; None where labels allow none."""
    source = figures_source(evidence)
    answers = {
        key: count
        for key, count in evidence.answers.items()
        if key.source is source and key.cell.segment == segment
    }
    groups = _groups(answers, of_challenger=of_challenger)
    right = np.array(groups.answered, dtype=object) == np.array(groups.truths, dtype=object)
    return _json(_ratio(right, np.ones(len(right)), groups)) if answers else None


def _groups(answers: Mapping[LabelledAnswers, int], *, of_challenger: bool) -> _Answers:
    keys = sorted(answers, key=repr)
    return _Answers(
        counts=np.array([answers[key] for key in keys], dtype=np.float64),
        weights=np.array([1 / key.probability for key in keys], dtype=np.float64),
        answered=[key.challenger_label if of_challenger else key.cell.label for key in keys],
        truths=[key.truth for key in keys],
    )


def _either(answered: NDArray[np.object_], truths: NDArray[np.object_], name: str) -> Floats:
    return np.asarray((answered == name).astype(np.float64) + (truths == name))


def _ratio(
    parts: NDArray[np.generic], wholes: NDArray[np.generic], groups: _Answers
) -> Figure | None:
    """Return the weighted sum of ``parts`` over that of ``wholes``, both [groups]."""
    value, influence = _influence(parts, wholes, groups)
    if value is None:
        return None
    return _with_interval(value, influence, np.asarray(wholes, dtype=np.float64), groups)


def _influence(
    parts: NDArray[np.generic], wholes: NDArray[np.generic], groups: _Answers
) -> tuple[float | None, Floats]:
    """Return a ratio, and how much a document of each group moves it."""
    parts, wholes = (np.asarray(values, dtype=np.float64) for values in (parts, wholes))
    total = float((groups.counts * groups.weights * wholes).sum())
    if total == 0:
        return None, np.zeros(len(wholes))
    value = float((groups.counts * groups.weights * parts).sum()) / total
    return value, groups.weights * (parts - value * wholes) / total


def _with_interval(value: float, influence: Floats, wholes: Floats, groups: _Answers) -> Figure:
    variance = float((groups.counts * influence**2).sum())
    if variance > 0 and 0 < value < 1:
        return wilson(value, value * (1 - value) / variance)
    weights = groups.weights * (wholes > 0)
    return wilson(value, (groups.counts * weights).sum() ** 2 / (groups.counts * weights**2).sum())


def _macro_f1(
    hits: Mapping[str, NDArray[np.bool_]],
    answered: NDArray[np.object_],
    truths: NDArray[np.object_],
    groups: _Answers,
) -> Figure | None:
    each = [
        _influence(2 * hit, _either(answered, truths, name), groups) for name, hit in hits.items()
    ]
    known = [(value, influence) for value, influence in each if value is not None]
    if not known:
        return None
    value = sum(value for value, _ in known) / len(known)
    influence = np.mean([influence for _, influence in known], axis=0)
    return _with_interval(value, influence, np.ones(len(influence)), groups)


def _calibration_error(
    evidence: LabelEvidence, source: LabelSource, *, of_challenger: bool
) -> float:
    """Return the expected calibration error (Guo et al. 2017, eq. 3), weighted."""
    rows = [
        (
            pair.challenger_confidence if of_challenger else pair.champion_confidence,
            (pair.challenger_label if of_challenger else pair.cell.label) == label.label,
            1 / (label.inclusion_probability or 1.0) if label.source is LabelSource.QUEUE else 1.0,
        )
        for pair, label in evidence.pairs
        if label.source is source
    ]
    confidence, right, weights = np.array(rows, dtype=np.float64).T
    bins = np.minimum((confidence * _CONFIDENCE_BINS).astype(np.int64), _CONFIDENCE_BINS - 1)
    gaps = np.bincount(bins, weights=weights * (confidence - right), minlength=_CONFIDENCE_BINS)
    return float(np.abs(gaps).sum() / weights.sum())


def _json(figure: Figure | None) -> JsonObject | None:
    return None if figure is None else figure.to_json()
