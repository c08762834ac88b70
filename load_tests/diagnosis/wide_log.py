"""The log of invented traffic of many inputs that all move: windows, a challenger, and alarms.

``python -m load_tests.diagnosis.wide_log FILE`` writes it with thirty inputs.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from guards.answer import Answer, Observation
from guards.bundle.identity import BundleIdentity
from guards.drift.feature_reference import CategoricalReference, NumericReference
from guards.drift.harm.gate import Harm, Severity
from guards.drift.line_cells import LineCells
from guards.drift.sketch import RowSketch
from guards.events.alarms import AlarmEvidence, DriftAlarm
from guards.events.drift_reference import DriftReference, reference_parts
from guards.events.drift_window import DriftWindow
from guards.events.rendering import line_renderer
from guards.events.request_observed import RequestObserved
from guards.events.service_events import ServiceStarted, Variant
from guards.events.window_parts import parts_of
from guards.evidence.pair import ChallengerId, Missed, ShadowOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guards.drift.feature_reference import FeatureReference
    from guards.events.events import Event

    Numbers = np.ndarray[Any, np.dtype[np.float64]]
    Columns = dict[str, np.ndarray[Any, np.dtype[Any]]]

__all__ = ["BAD", "GOOD", "main", "write_wide_log"]

GOOD = "2026-03-02..2026-03-04"
BAD = "2026-03-04..2026-03-06"
"""The periods, of two days each."""

_START = datetime(2026, 3, 2, tzinfo=UTC)
_HOURS = 48
_PER_HOUR = 12
_EMPTY = 0.3
_NEW = 0.15
_LABELS = ("contract", "invoice", "letter")
_COLOURS = ("red", "green", "blue", "white", "black", "grey")
_CHALLENGER = ChallengerId("docs", "3")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.diagnosis.wide_log")
    parser.add_argument("file", type=Path, metavar="FILE")
    write_wide_log(parser.parse_args().file)


def write_wide_log(path: Path, inputs: int = 30) -> Path:
    """Write the log of one replica, whose bundle is another one in the bad period; return its path.

    Two thirds of the ``inputs`` are numbers, the others categories. Every call writes the same.
    """
    features = _features(inputs)
    names = tuple(features)
    cells = LineCells(names, features, "grouped")
    with path.open("wb") as file:
        for bad in (False, True):
            run = _Run(cells, bad=bad)
            file.writelines(run.start())
            generator = np.random.default_rng([7, bad])
            for hour in range(_HOURS):
                moment = _START + timedelta(hours=hour + _HOURS * bad)
                columns = _draw(inputs, generator, _PER_HOUR, bad=bad)
                confidence = generator.beta(6 if bad else 12, 2, _PER_HOUR)
                sketch = RowSketch(names, features)
                rows = zip(*(columns[name].tolist() for name in names), strict=True)
                for number, (row, each) in enumerate(zip(rows, confidence.tolist(), strict=True)):
                    sketch.update(row, each)
                    at = moment + timedelta(minutes=5 * number)
                    file.write(run.observed(at, row, each))
                file.writelines(run.window(moment, sketch))
                if hour == _HOURS // 2:
                    file.write(run.alarm(moment, names[0]))
    return path


def _numbers(kind: int, generator: np.random.Generator, rows: int, moved: float) -> Numbers:
    """Draw numbers of one of five shapes."""
    match kind:
        case 0:
            return generator.lognormal(5 + moved, 1, rows)
        case 1:
            return generator.normal(10 + 2 * moved, 2, rows)
        case 2:
            return generator.poisson(3 + 2 * moved, rows).astype(float)
        case 3:
            zero = generator.random(rows) < _EMPTY
            return np.where(zero, 0.0, generator.uniform(0, 1 + moved, rows))
    numbers = generator.normal(0, 1, rows)
    return np.where(generator.random(rows) < _EMPTY * moved, np.nan, numbers)


def _draw(inputs: int, generator: np.random.Generator, rows: int, *, bad: bool) -> Columns:
    """Draw documents: two thirds of the inputs are numbers, the others categories."""
    columns: Columns = {}
    for at in range(inputs):
        if (at + 1) % 3:
            columns[f"number_{at:02}"] = _numbers(at % 5, generator, rows, 1.0 * bad)
            continue
        shares = np.arange(1, len(_COLOURS) + 1, dtype=float)
        shares = shares[::-1] if bad else shares
        drawn = np.array(_COLOURS, dtype=object)[
            generator.choice(len(_COLOURS), rows, p=shares / shares.sum())
        ]
        drawn[generator.random(rows) < _NEW * bad] = "mauve"
        columns[f"colour_{at:02}"] = drawn
    return columns


def _features(inputs: int) -> dict[str, FeatureReference]:
    held_out = _draw(inputs, np.random.default_rng(99), 2_000, bad=False)
    return {
        name: NumericReference.of(values)
        if values.dtype.kind == "f"
        else CategoricalReference.of(values.tolist(), _COLOURS)
        for name, values in held_out.items()
    }


class _Run:
    """Writes the lines of one run."""

    def __init__(self, cells: LineCells, *, bad: bool) -> None:
        self._bad = bad
        self._cells = cells
        self._model = BundleIdentity("docs", "2" if bad else "1", f"sha256:{1 + bad}f")
        self._start = _START + timedelta(hours=_HOURS * bad)
        self._name = f"run-{1 + bad}"
        self._render = line_renderer("replica-1", self._name)
        self._seq = count(1)

    def start(self) -> Iterator[bytes]:
        """Yield the first lines."""
        model = self._model
        started = ServiceStarted(
            champion=Variant(model.name, model.version, model.fingerprint, "torch"),
            challengers=(),
            engine={"name": "torch"},
            columns="compiled",
            environment={"libraries": {"torch": "2.13.0"}, "cpu": {"cores": 2}},
            git_commit="c0ffee",
            environment_differences={},
            tolerated=(),
            settings={"deadline_s": 10},
        )
        described = DriftReference("sha256:ref", "grouped", self._cells.described)
        events: list[Event] = [started, *reference_parts(described)]
        for event in events:
            yield self._render(event, self._start, next(self._seq))

    def observed(self, moment: datetime, row: tuple[float | str, ...], confidence: float) -> bytes:
        """Return the line of a document, of which a challenger answers five in six."""
        number = next(self._seq)
        champion = _answer(_LABELS[number % 3], confidence)
        theirs = _LABELS[(number + (number % (7 - 3 * self._bad) == 0)) % 3]
        outcome = _answer(theirs, 0.9) if number % 6 else Missed.TIMEOUT
        event = RequestObserved(
            request_id=f"{self._name}-{number}",
            observed_at=moment,
            origin_run=self._name,
            segment=("emea", "apac")[number % 2],
            model=self._model,
            champion=champion,
            outcomes=(ShadowOutcome.of(champion, _CHALLENGER, outcome),),
            tokens=17,
            truncated=False,
            unknown=(),
            missing=(),
            coerced=(),
            out_of_range=(),
            reference="sha256:ref",
            cells=self._cells.of(row),
        )
        return self._render(event, moment, number)

    def window(self, start: datetime, sketch: RowSketch) -> Iterator[bytes]:
        """Yield the lines of an hour's window."""
        end = start + timedelta(hours=1)
        counts = {"features": sketch.get()}
        for part in parts_of(DriftWindow(start, end, _PER_HOUR, "sha256:ref", counts, {})):
            yield self._render(part, end, next(self._seq))

    def alarm(self, moment: datetime, feature: str) -> bytes:
        """Return the line of an alarm."""
        alarm = DriftAlarm(
            feature=feature,
            segment=None,
            severity=Severity.NOTICE,
            harm=Harm.UNKNOWN,
            evidence=AlarmEvidence(1e9, 1e6, 900, 30),
            score={},
            explains=None,
            kind=None,
            words=f"{feature}: median 148 → 403",
            since=moment,
        )
        return self._render(alarm, moment, next(self._seq))


def _answer(label: str, confidence: float) -> Observation:
    rest = (1 - confidence) / (len(_LABELS) - 1)
    probabilities = {each: confidence if each == label else rest for each in _LABELS}
    answer = Answer(label, confidence, confidence - rest, 0.5, probabilities)
    return Observation(answer, infer_s=0.01, cpu_s=0.01)


if __name__ == "__main__":
    main()
