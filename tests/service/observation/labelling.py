"""A champion of two labels whose answers get true labels, watched by alerts on a clock of ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from guards.answer import Answer
from guards.drift.calibration import Calibration
from guards.drift.feature_reference import AnsweredRows, CategoricalReference
from guards.drift.harm.cross_fitting import cross_fitted_residuals
from guards.drift.reference import Reference
from guards.drift.row_batch import RowBatch
from guards.events.feedback_received import FeedbackReceived
from guards.evidence.labels import LabelSource
from service.observation.champion_counts import Watched
from service.observation.champion_harm import ChampionHarm
from service.observation.feedback import RecentAnswer
from service.observation.label_alarms import LabelAlarms

if TYPE_CHECKING:
    from guards.events.alarms import DriftAlarm, DriftCleared

__all__ = [
    "LABELS",
    "NOTHING_COUNTED",
    "Labelling",
    "confident",
    "reference",
]

LABELS = ("invoice", "memo")
_LOOK_S = 300.0

NOTHING_COUNTED = RowBatch([]).add((), 0.0, None)
"""A document of which no feature is watched."""


def confident(rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return confidences, and whether answers are right: less often than they say."""
    confidence = np.maximum(1 - rng.beta(0.3, 8, rows), 0.51)
    return confidence, rng.random(rows) < 1 - 1.3 * (1 - confidence)


@lru_cache
def reference(rows: int = 20_000, labels: tuple[str, ...] = LABELS) -> Reference:
    """Return what held-out rows leave, each of them answered with one of ``labels``."""
    rng = np.random.default_rng(0)
    confidence, right = confident(rng, rows)
    predicted = rng.choice(labels, rows)
    answered = AnsweredRows(confidence, right)
    calibration = {
        label: Calibration.of(confidence[predicted == label], right[predicted == label])
        for label in LABELS
    }
    return Reference(
        {"answer.label": CategoricalReference.of(list(predicted), LABELS, answered=answered)},
        rows,
        calibration,
        cross_fitted_residuals(LABELS, list(predicted), confidence, right),
    )


@dataclass
class Labelling:
    """Labels that come one by one, and what is raised; a look is five minutes after the last."""

    reference: Reference
    now_s: float = 0.0
    events: list[DriftAlarm | DriftCleared] = field(default_factory=list)
    came: int = 0

    def __post_init__(self) -> None:
        self.harm = ChampionHarm(Watched.of(self.reference, ()))
        self.alarms = LabelAlarms(self.harm)

    def add(  # noqa: PLR0913 - what a label may say
        self,
        answered: str,
        confidence: float,
        *,
        right: bool,
        probability: float | None = None,
        source: LabelSource = LabelSource.TRUTH,
        name: str | None = None,
    ) -> bool:
        """Add the label of a document, drawn where it has a probability; whether it counts."""
        self.came += 1
        other = LABELS[1 - LABELS.index(answered)]
        probabilities = dict.fromkeys(LABELS, 1 - confidence) | {answered: confidence}
        answer = Answer(answered, confidence, 2 * confidence - 1, 0.5, probabilities)
        if probability is not None:
            source = LabelSource.QUEUE
        feedback = FeedbackReceived(
            name or f"r-{self.came}",
            answered if right else other,
            None,
            source,
            None if probability is None else "any",
            probability,
        )
        recent = RecentAnswer(answer, date(2026, 11, 27), NOTHING_COUNTED, answered_s=self.now_s)
        return self.harm.labels.add(feedback, recent)

    def look(self) -> list[DriftAlarm | DriftCleared]:
        """Look once more, five minutes later."""
        self.now_s += _LOOK_S
        events = self.alarms.look(self.now_s)
        self.events += events
        return events

    def stream(self, confidence: np.ndarray, right: np.ndarray, answered: str = "invoice") -> None:
        """Add labels, 25 to a look."""
        for number, (sure, was_right) in enumerate(
            zip(confidence.tolist(), right.tolist(), strict=True), start=1
        ):
            self.add(answered, sure, right=was_right)
            if number % 25 == 0:
                self.look()
