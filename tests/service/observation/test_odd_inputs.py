"""Odd columns, references, windows and clocks: what is told of them, and that watching goes on."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.answer import Answer
from guards.drift.calibration import Calibration
from guards.drift.feature_reference import CategoricalReference, NumericReference
from guards.drift.features import TRUTH_VALUES, answer_values
from guards.drift.reference import Reference
from guards.events.window_parts import parts_of
from guards.schema import CanonicalRow
from service.observation.alerts import Alerts
from service.observation.windows import Windows
from service.telemetry.log import EventLog
from service.telemetry.metrics import Metrics
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from guards.drift.feature_reference import FeatureReference
    from guards.json_types import JsonObject

    Value = float | str

LABELS = ("contract", "invoice")
NAN, INFINITY = math.nan, math.inf
MANY = tuple(f"sender-{number}" for number in range(10_000))


def column(values: Sequence[Value], known: Sequence[str] = ()) -> FeatureReference:
    """Return the reference of a column: of categories where any are known."""
    if known:
        return CategoricalReference.of([str(value) for value in values], known)
    return NumericReference.of(np.array(values, dtype=np.float64))


@dataclass
class Watched:
    """A service that watches one column, with its log and a clock that the test moves."""

    windows: Windows
    log: EventLog
    path: Path
    now_s: float = 0.0
    generator: np.random.Generator = field(default_factory=lambda: np.random.default_rng(4))

    def __post_init__(self) -> None:
        """Begin to watch."""
        metrics = Metrics(queue_documents=lambda: 0, lost_log_lines=dict, ready=lambda: True)
        alarms = self.windows.alarms(0)
        self.alerts = Alerts(alarms, self.log, metrics, clock=lambda: self.now_s)

    def minute(self, values: Sequence[Value], after_s: float = 60.0) -> None:
        """Answer a document of each value, flush them, and look."""
        for value in values:
            answer = answered(self.generator)
            self.windows.observe((value, *answer_values(answer)), answer, CanonicalRow((), ()))
        window = self.windows.flush()
        assert window is not None
        for part in parts_of(window):
            self.log.emit(part)
        self.alerts.look(window)
        self.now_s += after_s

    def told(self) -> list[JsonObject]:
        """Return the alarms of the column, once all that was said is known to be sound.

        Watching goes on, and no number of a line or of the status is none.
        """
        assert self.log.flush(PATIENCE_S)
        lines = [
            json.loads(line, parse_constant=pytest.fail)
            for line in self.path.read_text().splitlines()
        ]
        status = self.alerts.status()
        json.dumps(status, allow_nan=False)
        assert status["watching"]
        windows = [line for line in lines if line["event"] == "drift.window"]
        numbers = {
            "column": [window["scores"].get("column") for window in windows],
            "estimates": self.windows.estimates(),
        }
        json.dumps(numbers, allow_nan=False)
        alarms = [line for line in lines if line["event"] == "drift.alarm"]
        assert not {"nan", "inf", "None"} & {w for a in alarms for w in a["words"].split()}
        return [alarm for alarm in alarms if alarm["feature"] == "column"]


def answered(generator: np.random.Generator) -> Answer:
    """Draw an answer."""
    confidence = float(generator.uniform(0.6, 0.95))
    probabilities = np.full(2, 1 - confidence, dtype=np.float32)
    probabilities[int(generator.integers(2))] = confidence
    return Answer.of(probabilities, LABELS)


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Callable[[FeatureReference, int], Watched]]:
    """Return a function that watches a column, with a reference of so many answers."""
    path = tmp_path / "log.jsonl"
    nowhere = os.open(os.devnull, os.O_WRONLY)
    log = EventLog("here", "run-1", stdout=nowhere, path=path)

    def watch(reference: FeatureReference, rows: int = 2_000) -> Watched:
        generator = np.random.default_rng(5)
        answers = [answer_values(answered(generator)) for _ in range(rows)]
        label, confidence, margin, entropy, boundary = zip(*answers, strict=True)
        features = {
            "column": reference,
            "answer.label": column(label, LABELS),
            "answer.confidence": column(confidence),
            "answer.margin": column(margin),
            "answer.entropy": column(entropy),
            "answer.boundary": column([str(each) for each in boundary], TRUTH_VALUES),
        }
        right = generator.random(rows) < np.array(confidence)
        told = list(zip(label, confidence, right, strict=True))
        of_label = {
            name: Calibration.of(*zip(*((c, r) for n, c, r in told if n == name), strict=True))
            for name in LABELS
        }
        return Watched(Windows(Reference(features, rows, of_label), ("column",)), log, path)

    yield watch
    log.close(PATIENCE_S)
    os.close(nowhere)


ORDINARY = np.random.default_rng(6).normal(10, 3, 2_000).tolist()


@pytest.mark.parametrize(
    ("reference", "usual", "changed"),
    [
        pytest.param(column([7.0] * 2_000), [7.0], [8.0], id="a constant"),
        pytest.param(column([7.0] * 2_000), [7.0], [NAN], id="a constant that is missing"),
        pytest.param(column([NAN] * 2_000), [NAN], [5.0], id="all missing in training"),
        pytest.param(column([7.0, NAN] * 1_000), [7.0, NAN], [7.0], id="a constant or missing"),
        pytest.param(column(ORDINARY), ORDINARY[:50], [NAN], id="not a number everywhere"),
        pytest.param(column(ORDINARY), ORDINARY[:50], [INFINITY, -INFINITY], id="infinite"),
        pytest.param(column(ORDINARY), ORDINARY[:50], [1.7e308, -1.7e308], id="huge"),
        pytest.param(column(["NDCA"] * 2_000, ["NDCA"]), ["NDCA"], ["SDNY"], id="one category"),
        pytest.param(column(["NDCA"] * 2_000, ["NDCA"]), ["NDCA"], [""], id="an empty category"),
        pytest.param(column([""] * 2_000, ["NDCA"]), [""], ["NDCA"], id="a category never seen"),
        pytest.param(column(MANY, MANY), MANY[::200], ["sender-1"], id="10,000 categories"),
        pytest.param(column(MANY, MANY), MANY[::200], ["new"], id="10,000 categories, a new one"),
    ],
)
def test_a_column_that_changed_is_told_and_one_that_did_not_is_not(
    watching: Callable[..., Watched],
    reference: FeatureReference,
    usual: Sequence[Value],
    changed: Sequence[Value],
) -> None:
    """Whatever the column was in training: nothing at first, and an alarm within ten minutes."""
    watched = watching(reference)
    for _ in range(5):
        watched.minute(list(usual) * (50 // len(usual)))
    assert watched.told() == []
    for _ in range(10):
        watched.minute(list(changed) * (50 // len(changed)))
    assert len(watched.told()) == 1


def test_a_reference_of_fifty_rows(watching: Callable[..., Watched]) -> None:
    """Its own chance is allowed for: other rows of the same kind are no change, other units are."""
    watched = watching(column(ORDINARY[:50]), 50)
    for start in range(0, 2_000, 100):
        watched.minute(ORDINARY[start : start + 100])
    assert watched.told() == []
    for start in range(0, 2_000, 100):
        watched.minute([1_000 * value for value in ORDINARY[start : start + 100]])
    assert len(watched.told()) == 1


def test_windows_of_one_document(watching: Callable[..., Watched]) -> None:
    """Some dozens of them tell that all values are missing now."""
    watched = watching(column(ORDINARY))
    for value in ORDINARY[:60]:
        watched.minute([value])
    assert watched.told() == []
    for _ in range(60):
        watched.minute([NAN])
    assert len(watched.told()) == 1


@pytest.mark.parametrize("jump_s", [0.0, 1e-9, 3_600.0, 40 * 86_400.0, 1e12])
def test_a_clock_that_jumps_or_stands(watching: Callable[..., Watched], jump_s: float) -> None:
    """A machine that slept for an hour, or for years, goes on watching, and no jump is drift."""
    watched = watching(column(ORDINARY))
    for start in range(0, 1_000, 50):
        watched.minute(ORDINARY[start : start + 50], after_s=jump_s)
    assert watched.told() == []
    for _ in range(5):
        watched.minute([NAN] * 50)
    assert len(watched.told()) == 1
