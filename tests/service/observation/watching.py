"""Windows over simulated traffic, looked at for alarms minute by minute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.answer import Answer
from guards.drift.calibration import Calibration
from guards.drift.feature_reference import AnsweredRows, CategoricalReference, NumericReference
from guards.drift.features import TRUTH_VALUES, answer_values
from guards.drift.harm.cross_fitting import cross_fitted_residuals
from guards.drift.reference import Reference
from guards.schema import CanonicalRow
from service.observation.windows import Windows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from guards.drift.feature_reference import FeatureReference
    from guards.events.alarms import DriftAlarm, DriftCleared
    from service.observation.drift_alarms import DriftAlarms

__all__ = [
    "CLEAR",
    "COURTS",
    "INPUTS",
    "LABELS",
    "Traffic",
    "minutes",
    "observe",
    "reference",
    "windows",
]

LABELS = ("contract", "invoice")
COURTS = ("NDCA", "SDNY", "EDTX")
INPUTS = ("pages", "salary", "court")
CLEAR = 0.85
"""How sure a model is of most documents."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Documents of a kind: pages are ``scale`` times normal ones around ``centre``.

    ``courts`` are the shares of courts. The model is unsure of documents of EDTX, and right as
    often as it is confident.
    """

    courts: Sequence[float] = (0.6, 0.3, 0.1)
    centre: float = 10.0
    scale: float = 1.0
    missing: float = 0.0

    def draw(self, generator: np.random.Generator) -> tuple[float, float, str, float]:
        """Draw pages, salary, court and confidence of one document."""
        court = COURTS[int(generator.choice(3, p=self.courts))]
        pages = float("nan")
        if generator.random() >= self.missing:
            pages = self.scale * float(generator.normal(self.centre, 3))
        confidence = generator.uniform(0.55, 0.65) if court == "EDTX" else CLEAR
        return pages, float(generator.normal(5000, 900)), court, float(confidence)


def reference(rows: int = 20_000) -> Reference:
    """Return the reference of ordinary traffic."""
    generator = np.random.default_rng(1)
    drawn = [Traffic().draw(generator) for _ in range(rows)]
    answers = [_answer(confidence, generator) for *_, confidence in drawn]
    confidence = np.array([answer.confidence for answer in answers])
    correct = generator.random(rows) < confidence
    answered = AnsweredRows(confidence, correct)
    columns = list(zip(*drawn, strict=True))
    values = list(zip(*map(answer_values, answers), strict=True))
    labels = [answer.label for answer in answers]

    def numeric(column: Sequence[object], *, private: bool = False) -> NumericReference:
        numbers = np.array(column, dtype=np.float64)
        return NumericReference.of(numbers, private=private, answered=answered)

    features: dict[str, FeatureReference] = {
        "pages": numeric(columns[0]),
        "salary": numeric(columns[1], private=True),
        "court": CategoricalReference.of(list(map(str, columns[2])), COURTS, answered=answered),
        "answer.label": CategoricalReference.of(labels, LABELS, answered=answered),
        **{f"answer.{n}": numeric(values[i]) for i, n in ((1, "confidence"), (2, "margin"),
                                                         (3, "entropy"))},
        "answer.boundary": CategoricalReference.of(
            list(map(str, values[4])), TRUTH_VALUES, answered=answered
        ),
    }  # fmt: skip
    calibration = {}
    for label in LABELS:
        own = np.array([each == label for each in labels])
        calibration[label] = Calibration.of(confidence[own], correct[own])
    residuals = cross_fitted_residuals(LABELS, labels, confidence, correct)
    return Reference(features, rows, calibration, residuals)


def windows(reference: Reference) -> Windows:
    """Return windows over such documents."""
    return Windows(reference, INPUTS, {"salary"})


def observe(
    windows: Windows, traffic: Traffic, documents: int, generator: np.random.Generator
) -> None:
    """Observe so many documents."""
    for _ in range(documents):
        pages, salary, court, confidence = traffic.draw(generator)
        answer = _answer(confidence, generator)
        windows.observe(
            (pages, salary, court, *answer_values(answer)), answer, CanonicalRow((), ())
        )


def minutes(  # noqa: PLR0913, PLR0917 - what happens in them
    windows: Windows,
    traffic: Callable[[int], Traffic],
    count: int,
    documents: int,
    flush_s: float = 60.0,
    label: Callable[[DriftAlarms, float], None] | None = None,
) -> tuple[list[tuple[float, DriftAlarm | DriftCleared]], DriftAlarms]:
    """Flush ``count`` windows of so many documents each, one every ``flush_s``.

    ``traffic`` is that of a minute, and ``label`` may add labels before a look. Returns what was
    raised and cleared, with the minute in which, and the alarms.
    """
    generator = np.random.default_rng(2)
    alarms = windows.alarms(0)
    events = []
    for number in range(count):
        now_s = number * flush_s
        observe(windows, traffic(int(now_s // 60)), documents, generator)
        window = windows.flush()
        assert window is not None
        if label is not None:
            label(alarms, now_s)
            alarms.harm.labels.look(now_s)
        events += [(now_s / 60, event) for event in alarms.look(window, now_s)]
    return events, alarms


def _answer(confidence: float, generator: np.random.Generator) -> Answer:
    first = int(generator.integers(2))
    probabilities = np.full(2, 1 - confidence, dtype=np.float32)
    probabilities[first] = confidence
    return Answer.of(probabilities, LABELS)
