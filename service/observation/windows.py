"""The live window: counts of inputs, answers and comparisons since the last flush."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from guards.drift.features import CHAMPION, answer_names, answer_values, column_feature, live_name
from guards.drift.label_sketch import LabelSketch
from guards.drift.segment_sketch import SegmentSketch
from guards.drift.sketch import MatrixSketch, RowSketch
from guards.drift.unseen_sketch import UnseenSketch
from guards.events.events import DriftWindow
from service.observation.input_counts import InputCounts
from service.observation.recent_windows import RecentWindows
from service.observation.withheld import Withheld

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from guards.answer import Answer
    from guards.drift.distance import Score
    from guards.drift.reference import FeatureReference, Reference
    from guards.evidence.pair import ChallengerId
    from guards.json_types import JsonObject
    from guards.schema import CanonicalRow

__all__ = ["Windows"]

_logger = logging.getLogger("bentoml.understudy")


class _ChallengerSketch:
    """The counts of one challenger, and of the champion on the same documents."""

    def __init__(
        self,
        key: str,
        own: Mapping[str, FeatureReference],
        champion: Mapping[str, FeatureReference],
    ) -> None:
        self.references = {**own, **champion}
        self.answers = RowSketch(answer_names(key), own)
        self.champion = RowSketch(answer_names(_champion_beside(key)), champion)
        self.disagreements = MatrixSketch()
        self.compared = 0

    def update(self, champion: Answer, answer: Answer) -> None:
        self.compared += 1
        self.answers.update(answer_values(answer), answer.confidence)
        self.champion.update(answer_values(champion), champion.confidence)
        self.disagreements.update([(champion.label, answer.label)])


class Windows:
    """Collects one window after another; used from one thread.

    A document is counted in the window in which it was answered, a comparison and a label in the
    window in which they arrived, so that each is in exactly one. Of a private column the counts
    are left out until they are of 20 documents, and then written with those of the next window.
    """

    def __init__(
        self, reference: Reference, inputs: Sequence[str], private: Collection[str] = ()
    ) -> None:
        """Start a window against the champion's reference.

        ``inputs`` names the input features that ``observe`` receives, in their order. ``private``
        names private columns: the range of a private number is left out, because its ends are
        values that a client sent. The sketch itself leaves out private categories.
        """
        self.reference = reference.fingerprint
        self.names = (*inputs, *answer_names(CHAMPION))
        self.features = _answers_of(reference, CHAMPION)
        self.private = frozenset(map(column_feature, private))
        self._inputs_watched = frozenset(inputs)
        self._counted = {name: self.features[name] for name in self.names if name in self.features}
        self._challenger_features: dict[str, dict[str, FeatureReference]] = {}
        self._withheld = Withheld(self.private)
        self._recent = RecentWindows()
        self._last: DriftWindow | None = None
        self._open()

    @property
    def documents(self) -> int:
        """The number of documents in the live window."""
        return self._documents

    def watch(self, challenger: ChallengerId, reference: Reference) -> None:
        """Count and score a challenger's answers against its own reference from now on."""
        key = str(challenger)
        answers = _answers_of(reference, key)
        self._challenger_features[key] = {
            name: answers[name] for name in answer_names(key) if name in answers
        }
        self._challengers.setdefault(key, self._new_sketch(key))

    def observe(
        self,
        values: tuple[float | str, ...],
        answer: Answer,
        row: CanonicalRow,
        segment: str | None = None,
    ) -> None:
        """Count one answered document: the values of ``names``, and the issues of its input.

        The issues are those of ``row``, whose values are among ``values``.
        """
        self._documents += 1
        self._sketch.update(values, answer.confidence, segment)
        self._inputs.update(row)

    def compare(self, challenger: ChallengerId, champion: Answer, answer: Answer) -> None:
        """Count one comparison with a challenger that is watched already."""
        self._challengers[str(challenger)].update(champion, answer)

    def label(self, day: str, values: tuple[float | str, ...], *, correct: bool) -> None:
        """Count the true label of a document that was answered on a day with these values."""
        self._labels.update(day, values, correct=correct)
        self._labelled = True

    def flush(self) -> DriftWindow | None:
        """Return the live window and open the next; None where it is empty."""
        compared = any(sketch.compared for sketch in self._challengers.values())
        if not (self._documents or compared or self._labelled):
            return None
        self._last = self._freeze(closing=True)
        self._open()
        return self._last

    def latest(self) -> DriftWindow:
        """Return the last flushed window; before the first flush, the live one as it is."""
        return self._last or self._freeze(closing=False)

    def _open(self) -> None:
        self._start = datetime.now(UTC)
        self._documents = 0
        self._segments = SegmentSketch(self._counted, tuple(self.private))
        self._unseen = UnseenSketch(self._counted, self._inputs_watched, f"{CHAMPION}.label")
        self._sketch = RowSketch(self.names, self._counted, (self._segments, self._unseen))
        self._labels = LabelSketch(
            self.names, {n: f for n, f in self._counted.items() if n not in self.private}
        )
        self._labelled = False
        self._inputs = InputCounts()
        self._challengers = {key: self._new_sketch(key) for key in self._challenger_features}

    def _new_sketch(self, key: str) -> _ChallengerSketch:
        champion = {
            name: self.features[live]
            for name, live in zip(
                answer_names(_champion_beside(key)), answer_names(CHAMPION), strict=True
            )
            if live in self.features
        }
        return _ChallengerSketch(key, self._challenger_features[key], champion)

    def _freeze(self, *, closing: bool) -> DriftWindow:
        counted = self._sketch.get()
        told, withheld = self._withheld.split(counted, closing=closing)
        challengers, scores = self._freeze_challengers(closing=closing)
        return DriftWindow(
            start=self._start,
            # The wall clock can jump back; a window must not end before it starts.
            end=max(self._start, datetime.now(UTC)),
            documents=self._documents,
            reference=self.reference,
            counts={
                "features": told,
                "withheld": withheld,
                "inputs": self._inputs.get(),
                "unseen": self._unseen.get(),
                "segments": self._segments.get(),
                "labels": self._labels.get(),
                "challengers": challengers,
            },
            scores={**self._recent.scores(self._counted, counted, closing=closing), **scores},
        )

    def _freeze_challengers(self, *, closing: bool) -> tuple[JsonObject, dict[str, Score]]:
        """Return the counts of each challenger, and all of their scores.

        A challenger whose answers cannot be counted or scored has none, and the champion and the
        others have theirs.
        """
        counts: JsonObject = {}
        scores: dict[str, Score] = {}
        for key, sketch in self._challengers.items():
            counts[key] = {
                "compared": sketch.compared,
                "features": {},
                "champion": {},
                "disagreements": sketch.disagreements.get(),
            }
            try:
                own, champion = sketch.answers.get(), sketch.champion.get()
                scores |= self._recent.scores(
                    sketch.references, {**own, **champion}, closing=closing
                )
                counts[key] |= {"features": own, "champion": champion}
            except Exception:
                _logger.exception("the window has no figures of challenger %r", key)
        return counts, scores


def _answers_of(reference: Reference, who: str) -> dict[str, FeatureReference]:
    """Return the features of a reference under the names that they have in windows."""
    return {live_name(name, who): feature for name, feature in reference.features.items()}


def _champion_beside(challenger: str) -> str:
    """Return the prefix of the champion's answers to what a challenger was compared on."""
    return f"{challenger}.{CHAMPION}"
