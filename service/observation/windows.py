"""The live window: counts of inputs, answers and comparisons since the last flush."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from guards.drift.distance import Score, score
from guards.drift.features import (
    CHAMPION,
    answer_names,
    answer_values,
    column_feature,
    live_name,
)
from guards.drift.sketch import MatrixSketch, RowSketch
from guards.events.events import DriftWindow
from service.observation.input_counts import InputCounts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from guards.answer import Answer
    from guards.drift.reference import FeatureReference, Reference
    from guards.evidence.pair import ChallengerId
    from guards.json_types import JsonMapping, JsonObject
    from guards.schema import CanonicalRow

__all__ = ["Windows"]

_logger = logging.getLogger("bentoml.understudy")


@dataclass(slots=True)
class _ChallengerSketch:
    """The counts of one challenger in the window."""

    answers: RowSketch
    disagreements: MatrixSketch = field(default_factory=MatrixSketch)
    compared: int = 0


class Windows:
    """Collects one window after another; used from one thread.

    A document is counted in the window in which it was answered, and a comparison in the window in
    which it arrived, so that each is in exactly one.
    """

    def __init__(
        self, reference: Reference, inputs: Sequence[str], private: Collection[str] = ()
    ) -> None:
        """Start a window against the champion's reference.

        ``inputs`` names the input features that ``observe`` receives, in their order. ``private``
        names private columns: the range of a private number is left out, because its ends are
        values that a client sent. The sketch itself leaves out private categories.
        """
        self._reference = reference.fingerprint
        self._private = frozenset(map(column_feature, private))
        self._names = (*inputs, *answer_names(CHAMPION))
        self._features = _as_answers_of(reference, CHAMPION)
        self._challenger_features: dict[str, dict[str, FeatureReference]] = {}
        self._last: DriftWindow | None = None
        self._open()

    @property
    def documents(self) -> int:
        """The number of documents in the live window."""
        return self._documents

    def watch(self, challenger: ChallengerId, reference: Reference) -> None:
        """Count and score a challenger's answers against its own reference from now on."""
        key = str(challenger)
        answers = _as_answers_of(reference, key)
        self._challenger_features[key] = {name: answers[name] for name in answer_names(key)}
        self._challengers.setdefault(key, self._new_sketch(key))

    def observe(self, inputs: tuple[float | str, ...], answer: Answer, row: CanonicalRow) -> None:
        """Count one answered document: its input features, the champion's answer, its issues.

        The issues are those of ``row``, whose values are among ``inputs``.
        """
        self._documents += 1
        self._sketch.update((*inputs, *answer_values(answer)))
        self._inputs.update(row)

    def compare(self, challenger: ChallengerId, champion: Answer, answer: Answer) -> None:
        """Count one comparison with a challenger that is watched already."""
        sketch = self._challengers[str(challenger)]
        sketch.compared += 1
        sketch.answers.update(answer_values(answer))
        sketch.disagreements.update([(champion.label, answer.label)])

    def flush(self) -> DriftWindow | None:
        """Return the live window and open the next; None where it is empty."""
        if not self._documents and not any(
            sketch.compared for sketch in self._challengers.values()
        ):
            return None
        self._last = self._freeze()
        self._open()
        return self._last

    def latest(self) -> DriftWindow:
        """Return the last flushed window; before the first flush, the live one as it is."""
        return self._last or self._freeze()

    def _open(self) -> None:
        self._start = datetime.now(UTC)
        self._documents = 0
        self._sketch = RowSketch(self._names, self._features)
        self._inputs = InputCounts()
        self._challengers = {key: self._new_sketch(key) for key in self._challenger_features}

    def _new_sketch(self, key: str) -> _ChallengerSketch:
        return _ChallengerSketch(RowSketch(answer_names(key), self._challenger_features[key]))

    def _freeze(self) -> DriftWindow:
        counted = self._sketch.get()
        answers, challenger_scores = self._freeze_challengers()
        return DriftWindow(
            start=self._start,
            # The wall clock can jump back; a window must not end before it starts.
            end=max(self._start, datetime.now(UTC)),
            documents=self._documents,
            reference=self._reference,
            counts={
                "features": {
                    name: _without_range(counts) if name in self._private else counts
                    for name, counts in counted.items()
                },
                "inputs": self._inputs.get(),
                "challengers": {
                    key: {
                        "compared": sketch.compared,
                        "features": answers[key],
                        "disagreements": sketch.disagreements.get(),
                    }
                    for key, sketch in self._challengers.items()
                },
            },
            scores={**_scores(self._features, counted), **challenger_scores},
        )

    def _freeze_challengers(self) -> tuple[dict[str, JsonObject], dict[str, Score]]:
        """Return the counts of each challenger's answers, and all of their scores.

        A challenger whose answers cannot be counted or scored has none, and the champion and the
        others have theirs.
        """
        answers: dict[str, JsonObject] = {}
        scores: dict[str, Score] = {}
        for key, sketch in self._challengers.items():
            answers[key] = {}
            try:
                counted = sketch.answers.get()
                scores |= _scores(self._challenger_features[key], counted)
                answers[key] = {**counted}
            except Exception:
                _logger.exception("the window has no figures of challenger %r", key)
        return answers, scores


def _as_answers_of(reference: Reference, who: str) -> dict[str, FeatureReference]:
    return {live_name(name, who): feature for name, feature in reference.features.items()}


def _without_range(counts: JsonMapping) -> JsonObject:
    return {name: value for name, value in counts.items() if name not in ("minimum", "maximum")}


def _scores(features: Mapping[str, FeatureReference], counted: JsonMapping) -> dict[str, Score]:
    return {name: score(feature, counted[name]) for name, feature in features.items()}
