"""Invented traffic of a service in two periods, with causes that tests inject into the second."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count, product
from typing import TYPE_CHECKING, Any

import numpy as np

from guards.answer import Answer, Observation
from guards.bundle.identity import BundleIdentity
from guards.drift.feature_reference import CategoricalReference, NumericReference
from guards.drift.line_cells import LineCells
from guards.events.drift_reference import DriftReference, reference_parts
from guards.events.rendering import line_renderer
from guards.events.replay_started import ReplayStarted
from guards.events.request_observed import RequestObserved
from guards.events.service_events import ServiceStarted, Variant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from guards.drift.feature_reference import FeatureReference
    from guards.events.events import Event

    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Rows = dict[str, np.ndarray[Any, np.dtype[Any]]]

__all__ = ["BAD", "GOOD", "LABELS", "Replica", "Traffic", "write_log", "write_replay"]

MAX_TOKENS = 256
START = datetime(2026, 3, 2, tzinfo=UTC)
HOURS = 48
GOOD = "2026-03-02..2026-03-04"
BAD = "2026-03-04..2026-03-06"
LABELS = ("contract", "invoice", "letter")
COURTS = ("NDCA", "SDNY", "EDTX", "CDIL")
NAMES = (
    *("text.tokens", "text.truncated", "pages", "amount", "court"),
    *("champion.label", "champion.confidence"),
)


def draw(generator: np.random.Generator, rows: int, classes: tuple[float, ...]) -> Rows:
    """Draw documents; ``classes`` are the shares of the labels."""
    label = generator.choice(len(LABELS), rows, p=classes)
    tokens = np.rint(generator.lognormal(4.2 + 0.1 * label, 0.5))
    pages = np.rint(1 + generator.lognormal(1.2, 0.6, rows))
    return {
        "label": label,
        "text.tokens": tokens,
        "pages": np.where(generator.random(rows) < 0.03, np.nan, pages),
        "amount": generator.lognormal(5, 1, rows),
        "court": np.array(COURTS, dtype=object)[
            generator.choice(4, rows, p=(0.5, 0.25, 0.15, 0.1))
        ],
        "noise": generator.normal(size=rows),
    }


def confidence_of(rows: Rows, less: float = 0.0) -> Floats:
    """Return what the model makes of documents: it likes what it knows."""
    known = np.isin(rows["court"], COURTS)
    score = 2.4 - 0.9 * (rows["label"] == 2) + 0.5 * rows["noise"]
    score -= 1.6 * np.isnan(rows["pages"]) + 1.6 * ~known + less
    score -= 1.8 * (rows["text.tokens"] > MAX_TOKENS)
    score -= 0.8 * (np.nan_to_num(rows["pages"]) > 60)
    return np.asarray(0.34 + 0.66 / (1 + np.exp(-score)))


@dataclass(frozen=True)
class Replica:
    """A service: its name, and what it ran in the good and in the bad period.

    With another ``reference`` than that of all others, its cells have bounds of their own.
    """

    name: str = "replica-1"
    before: dict[str, str] = field(default_factory=dict)
    now: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Traffic:
    """What happens in the second period.

    ``change`` alters the documents drawn for it in place, ``less`` lowers the model's scores there,
    by replica, and ``classes`` are the shares of its labels. An hour has about ``per_hour``
    documents of each replica, and each hour has a taste of its own (``restless``).
    """

    seed: int = 1
    per_hour: int = 20
    restless: float = 0.05
    change: Callable[[Rows, np.random.Generator], None] | None = None
    less: dict[str, float] = field(default_factory=dict)
    classes: tuple[float, ...] = (0.4, 0.35, 0.25)
    replicas: tuple[Replica, ...] = (Replica(),)

    def rows(self, *, bad: bool, replica: Replica) -> Iterator[tuple[int, Rows, Floats]]:
        """Yield each hour, its documents, and the confidence of the answers."""
        generator = np.random.default_rng([self.seed, bad, *replica.name.encode()])
        shares = self.classes if bad else Traffic.classes
        for hour in range(HOURS):
            drawn = draw(generator, int(generator.poisson(self.per_hour)), shares)
            if bad and self.change is not None:
                self.change(drawn, generator)
            taste = self.restless * generator.normal()
            less = self.less.get(replica.name, 0.0) if bad else 0.0
            yield hour + HOURS * bad, drawn, confidence_of(drawn, less - taste)


def features(seed: int = 99) -> dict[str, FeatureReference]:
    """Return the reference of a champion, from held-out rows of the good period."""
    held_out = draw(np.random.default_rng(seed), 4_000, Traffic.classes)
    truncated = np.where(held_out["text.tokens"] > MAX_TOKENS, "true", "false")
    return {
        "text.tokens": NumericReference.of(np.minimum(held_out["text.tokens"], MAX_TOKENS)),
        "text.truncated": CategoricalReference.of(truncated.tolist(), ["false", "true"]),
        "pages": NumericReference.of(held_out["pages"]),
        "amount": NumericReference.of(held_out["amount"]),
        "court": CategoricalReference.of(held_out["court"].tolist(), COURTS),
        "champion.label": CategoricalReference.of(
            [LABELS[label] for label in held_out["label"]], LABELS
        ),
        "champion.confidence": NumericReference.of(confidence_of(held_out)),
    }


def write_log(traffic: Traffic, path: Path) -> Path:
    """Write the log of all replicas of both periods; request ids count up from ``a-0``."""
    cells = LineCells(NAMES, features(), "grouped")
    numbers = count()
    with path.open("wb") as file:
        for replica, bad in product(traffic.replicas, (False, True)):
            written = _Run(replica, cells, bad=bad)
            file.writelines(written.start())
            file.writelines(_documents(traffic, written, numbers, replica, bad=bad))
    return path


def write_replay(traffic: Traffic, path: Path, fingerprint: str = "sha256:1f") -> Path:
    """Write the log of a replay of the same documents, by the model of the good period."""
    numbers = count()
    as_before = replace(traffic, less={})
    written = _Replay(fingerprint)
    with path.open("wb") as file:
        file.writelines(written.start())
        for replica, bad in product(traffic.replicas, (False, True)):
            file.writelines(_documents(as_before, written, numbers, replica, bad=bad))
    return path


def _documents(
    traffic: Traffic, run: _Run, numbers: Iterator[int], replica: Replica, *, bad: bool
) -> Iterator[bytes]:
    """Yield the lines of a replica's documents of a period."""
    for hour, rows, confidence in traffic.rows(bad=bad, replica=replica):
        for row, each in enumerate(confidence.tolist()):
            moment = START + timedelta(hours=hour, seconds=3600 * row / len(confidence))
            values = _values(rows, row, each)
            yield run.observed(f"a-{next(numbers)}", moment, values, each)


class _Run:
    """Writes the lines of one run."""

    def __init__(self, replica: Replica, cells: LineCells, *, bad: bool) -> None:
        self.run = f"{replica.name}-{'bad' if bad else 'good'}"
        self._told = replica.now if bad else replica.before
        self._reference = self._told.get("reference", "sha256:ref")
        of_its_own = "reference" in self._told
        self._cells = LineCells(NAMES, features(98), "grouped") if of_its_own else cells
        self._model = BundleIdentity("docs", "1", self._told.get("bundle", "sha256:1f"))
        self._render = line_renderer(replica.name, self.run)
        self._seq = count(1)

    def start(self) -> Iterator[bytes]:
        """Yield the first lines."""
        model = self._model
        libraries = {"torch": self._told.get("torch", "2.13.0")}
        started = ServiceStarted(
            champion=Variant(model.name, model.version, model.fingerprint, "torch"),
            challengers=(),
            engine={"name": "torch"},
            columns="compiled",
            environment={"libraries": libraries, "cpu": {"cores": 2}},
            git_commit="c0ffee",
            environment_differences={},
            tolerated=(),
            settings={"deadline_s": 10, "replica": self.run},
        )
        described = DriftReference(self._reference, "grouped", self._cells.described)
        yield from self._rendered(started, *reference_parts(described))

    def _rendered(self, *events: Event) -> Iterator[bytes]:
        for event in events:
            yield self._render(event, START, next(self._seq))

    def observed(
        self, request_id: str, moment: datetime, values: tuple[float | str, ...], confidence: float
    ) -> bytes:
        """Return the line of a document."""
        label = str(values[NAMES.index("champion.label")])
        rest = (1 - confidence) / (len(LABELS) - 1)
        probabilities = {each: confidence if each == label else rest for each in LABELS}
        answer = Answer(label, confidence, confidence - rest, 0.5, probabilities)
        event = RequestObserved(
            request_id=request_id,
            observed_at=moment,
            origin_run=self.run,
            segment="emea",
            model=self._model,
            champion=Observation(answer, infer_s=0.01, cpu_s=0.01),
            outcomes=(),
            tokens=17,
            truncated=False,
            unknown=(),
            missing=(),
            coerced=(),
            out_of_range=(),
            reference=self._reference,
            cells=self._cells.of(values),
        )
        return self._render(event, moment, next(self._seq))


class _Replay(_Run):
    """Writes the lines of a replay."""

    def __init__(self, fingerprint: str) -> None:
        cells = LineCells(NAMES, features(), "grouped")
        super().__init__(Replica("replay", before={"bundle": fingerprint}), cells, bad=False)

    def start(self) -> Iterator[bytes]:
        """Yield the first line."""
        model = self._model
        variant = Variant(model.name, model.version, model.fingerprint, "torch")
        yield from self._rendered(ReplayStarted(variant, ()))


def _values(rows: Rows, row: int, confidence: float) -> tuple[float | str, ...]:
    """Return what the champion watches of a document, in the order of ``NAMES``."""
    tokens = float(rows["text.tokens"][row])
    return (
        min(tokens, MAX_TOKENS),
        "true" if tokens > MAX_TOKENS else "false",
        float(rows["pages"][row]),
        float(rows["amount"][row]),
        str(rows["court"][row]),
        LABELS[rows["label"][row]],
        confidence,
    )
