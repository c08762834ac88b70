"""What challengers answered since the last flush, beside the champion on the same documents."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from guards.drift.features import CHAMPION, answer_names, answer_values, labels_of, live_features
from guards.drift.sketch import MatrixSketch, RowSketch
from service.observation.answer_buffer import AnswerBuffer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guards.answer import Answer
    from guards.drift.distance import Score
    from guards.drift.feature_reference import FeatureReference
    from guards.drift.reference import Reference
    from guards.evidence.pair import ChallengerId
    from guards.json_types import JsonObject
    from service.observation.recent_windows import RecentWindows

__all__ = ["ChallengerWindows"]

_logger = logging.getLogger("bentoml.understudy")


class _ChallengerSketch:
    """The counts of one challenger, and of the champion on the same documents."""

    def __init__(
        self, key: str, features: Mapping[str, FeatureReference], labels: Sequence[str]
    ) -> None:
        self.references = features
        self.answers = RowSketch(answer_names(key), features)
        self.champion = RowSketch(answer_names(_champion_beside(key)), features)
        self.probabilities = AnswerBuffer(labels)
        self.disagreements = MatrixSketch()
        self.compared = 0

    def update(self, champion: Answer, answer: Answer) -> None:
        self.compared += 1
        self.probabilities.add(answer)
        self.answers.update(answer_values(answer), answer.confidence)
        self.champion.update(answer_values(champion), champion.confidence)
        self.disagreements.update([(champion.label, answer.label)])


class ChallengerWindows:
    """Counts comparisons in the window in which they arrive; used from one thread.

    ``references`` are those of the challengers that are watched, by id, with ``fingerprints``.
    """

    def __init__(self, champion: Reference) -> None:
        """Start without challengers; ``champion`` is the reference of the champion's bundle."""
        self._champion = champion
        self.references: dict[str, Reference] = {}
        self.fingerprints: dict[str, str] = {}
        self._features: dict[str, dict[str, FeatureReference]] = {}
        self._labels: dict[str, Sequence[str]] = {}
        self.open()

    @property
    def compared(self) -> bool:
        """Whether anything was compared."""
        return any(sketch.compared for sketch in self._sketches.values())

    def watch(self, challenger: ChallengerId, reference: Reference) -> None:
        """Count and score a challenger's answers against its own reference from now on."""
        key = str(challenger)
        own = live_features(reference.features, key)
        beside = live_features(self._champion.features, _champion_beside(key))
        names = (*answer_names(key), *answer_names(_champion_beside(key)))
        self._features[key] = {name: each for name, each in (own | beside).items() if name in names}
        self._labels[key] = labels_of(reference.features)
        self.references[key] = reference
        self.fingerprints[key] = reference.fingerprint
        self._sketches.setdefault(key, self._new(key))

    def features(self, challenger: ChallengerId) -> Mapping[str, FeatureReference]:
        """Return the watched features of a challenger's own answers."""
        key = str(challenger)
        watched = self._features[key]
        return {name: watched[name] for name in answer_names(key) if name in watched}

    def compare(self, challenger: ChallengerId, champion: Answer, answer: Answer) -> None:
        """Count one comparison with a challenger that is watched already."""
        self._sketches[str(challenger)].update(champion, answer)

    def open(self) -> None:
        """Begin the next window."""
        self._sketches = {key: self._new(key) for key in self._features}

    def _new(self, key: str) -> _ChallengerSketch:
        return _ChallengerSketch(key, self._features[key], self._labels[key])

    def freeze(
        self, recent: RecentWindows, start: str, *, closing: bool
    ) -> tuple[JsonObject, dict[str, Score]]:
        """Return the counts of each challenger since ``start``, and all of their scores.

        A challenger whose answers cannot be counted or scored has none, and the champion and the
        others have theirs.
        """
        counts: JsonObject = {}
        scores: dict[str, Score] = {}
        for key, sketch in self._sketches.items():
            counts[key] = {
                "compared": sketch.compared,
                "features": {},
                "champion": {},
                "answers": {},
                "disagreements": sketch.disagreements.get(),
            }
            try:
                own, champion = sketch.answers.get(), sketch.champion.get()
                counted = {**own, **champion}
                scores |= recent.scores(sketch.references, counted, start, closing=closing)
                answers = sketch.probabilities.get()
                counts[key] |= {"features": own, "champion": champion, "answers": answers}
            except Exception:
                _logger.exception("the window has no figures of challenger %r", key)
        return counts, scores


def _champion_beside(challenger: str) -> str:
    """Return the prefix of the champion's answers to what a challenger was compared on."""
    return f"{challenger}.{CHAMPION}"
