"""What the latest labels say about the champion, beside the estimate for the same documents."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from guards.drift.features import labels_of
from guards.performance.answer_counts import AnswerCounts
from guards.performance.estimate import estimate
from guards.performance.realised import realised
from guards.performance.sealed import SealedPerformance

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guards.answer import Answer
    from guards.drift.reference import Reference
    from guards.evidence.figures import Figure
    from guards.json_types import JsonObject

__all__ = ["RealisedPerformance"]

_LATEST = 1_000


class _Labelled(NamedTuple):
    answer: Answer
    probability: float
    right: bool


class RealisedPerformance:
    """Keeps the latest 1,000 labelled documents of the run."""

    def __init__(self, reference: Reference) -> None:
        """Start without labels."""
        self._labels = labels_of(reference.features)
        self._sealed = SealedPerformance.from_reference(reference.calibration, reference.pairs)
        self._latest: deque[_Labelled] = deque(maxlen=_LATEST)
        self._told: JsonObject | None = None

    def add(self, answer: Answer, inclusion_probability: float, *, right: bool) -> None:
        """Add a labelled document with the answer that it got."""
        self._latest.append(_Labelled(answer, inclusion_probability, right))
        self._told = None

    def get(self) -> JsonObject:
        """Return documents, accuracy and precision by label as plain JSON.

        ``estimated`` has the same of the same documents without their labels; None where these were
        drawn with several probabilities, and without held-out rows.
        """
        # A page that is open asks every other second, and an answer takes some milliseconds.
        if self._told is None:
            self._told = self._computed()
        return self._told

    def _computed(self) -> JsonObject:
        answered = sorted({each.answer.label for each in self._latest})
        own = {name: [e for e in self._latest if e.answer.label == name] for name in answered}
        return {
            "documents": len(self._latest),
            "accuracy": _json(_share_right(self._latest)),
            "classes": {
                name: {"documents": len(each), "precision": _json(_share_right(each))}
                for name, each in own.items()
            },
            "estimated": self._estimated(),
        }

    def _estimated(self) -> JsonObject | None:
        weights = {each.probability for each in self._latest}
        if len(weights) != 1 or not self._sealed.documents:
            return None
        counts = AnswerCounts(self._labels)
        counts.update(np.array([list(each.answer.probabilities.values()) for each in self._latest]))
        expected = estimate(self._sealed, counts.get())
        return {
            "accuracy": _json(expected.accuracy),
            "classes": {
                name: {"precision": _json(each.precision)}
                for name, each in expected.classes.items()
            },
        }


def _share_right(labelled: Iterable[_Labelled]) -> Figure | None:
    documents, right = Counter[float](), Counter[float]()
    for each in labelled:
        documents[each.probability] += 1
        right[each.probability] += each.right
    return realised({chance: (right[chance], count) for chance, count in documents.items()})


def _json(figure: Figure | None) -> JsonObject | None:
    if figure is None:
        return None
    return {name: round(share, 4) for name, share in figure.to_json().items()}
