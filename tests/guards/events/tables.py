"""Lines of observed documents, and what a table of them must give by way of typed events."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from guards.answer import Answer, Observation
from guards.bundle.identity import BundleIdentity
from guards.events.comparison_completed import ComparisonCompleted
from guards.events.feedback_received import FeedbackReceived
from guards.events.log_table import LogTable
from guards.events.reading import LogAccount, LogReader
from guards.events.rendering import line_renderer
from guards.events.request_observed import RequestObserved
from guards.evidence.columns import COMPARED
from guards.evidence.pair import ChallengerId, Missed, ShadowOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np

    from guards.events.events import Event
    from guards.events.lines import LogLine
    from guards.evidence.columns import Categories, PairColumns

__all__ = [
    "CHAMPION",
    "MOMENT",
    "SECOND",
    "TWIN",
    "account",
    "altered",
    "answered",
    "assert_same_as_line_by_line",
    "line",
    "observed",
    "rows_of",
]

MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)
CHAMPION = BundleIdentity("docs", "1", "sha256:1f")
SECOND, TWIN = ChallengerId("docs", "2"), ChallengerId("docs", "2", 2)


def answered(label: str = "letter", confidence: float = 0.75) -> Observation:
    """Return an observation of two classes."""
    probabilities = {"letter": confidence, "memo": 1 - confidence}
    answer = Answer(label, confidence, 0.5, 0.8, probabilities)
    return Observation(answer, infer_s=0.01, cpu_s=0.002, queue_s=0.1)


def observed(
    request_id: str = "a", seconds: int = 0, **outcomes: Observation | Missed | None
) -> Event:
    """Return an answered document, with the outcomes of the challengers ``second`` and ``twin``."""
    champion = answered()
    ids = {"second": SECOND, "twin": TWIN}
    return RequestObserved(
        request_id=request_id,
        observed_at=MOMENT + timedelta(seconds=seconds),
        origin_run="run-1",
        segment="emea",
        model=CHAMPION,
        champion=champion,
        outcomes=tuple(
            ShadowOutcome.of(champion, ids[name], outcome)
            for name, outcome in (outcomes or {"second": answered("memo", 0.5)}).items()
        ),
        tokens=17,
        truncated=False,
        unknown=(),
        missing=(),
        coerced=(),
        out_of_range=(),
        document={"text": "a"},
        reference="sha256:ab",
        cells=(1, None, 30),
    )


def line(seq: int, event: Event | None = None, *, run: str = "run-1") -> bytes:
    """Render one line, of an observed document unless another event is given."""
    return line_renderer("replica-1", run)(event or observed(), MOMENT, seq)


def altered(seq: int, path: str, value: object, event: Event | None = None) -> bytes:
    """Render a line with one other value, or without it where the value is ``...``.

    The names and indices of its path stand between dots.
    """
    content = json.loads(line(seq, event))
    *parents, name = (int(part) if part.isdecimal() else part for part in path.split("."))
    place = content
    for parent in parents:
        place = place[parent]
    if value is ...:
        place.pop(name)
    else:
        place[name] = value
    return json.dumps(content, separators=(",", ":")).encode() + b"\n"


def account(*paths: Path) -> LogAccount:
    """Return the account that the table gives."""
    with LogTable.read(paths) as table:
        return table.account


def rows_of(columns: Iterable[PairColumns]) -> list[tuple[object, ...]]:
    """Return all batches as rows; NaN becomes None, so that rows can be compared."""
    return [row for batch in columns for row in _rows(batch)]


def _rows(batch: PairColumns) -> Iterable[tuple[object, ...]]:
    variants = [
        column
        for variant in (batch.champion, batch.challenger)
        for column in (
            _texts(variant.labels),
            *map(_floats, (variant.confidence, variant.margin, variant.entropy, variant.cpu_s)),
        )
    ]
    return zip(
        batch.request_ids,
        batch.observed_at.tolist(),
        batch.last.tolist(),
        _texts(batch.segments),
        batch.tokens.tolist(),
        _texts(batch.outcomes),
        batch.comparable.tolist(),
        *variants,
        _floats(batch.divergence),
        strict=True,
    )


def _texts(categories: Categories) -> list[str | None]:
    names = [*categories.names, None]
    return [names[code] for code in categories.codes.tolist()]


def _floats(values: np.ndarray) -> list[str | None]:
    return [None if math.isnan(value) else value.hex() for value in values.tolist()]


def expected_rows(
    lines: Iterable[LogLine], champion: BundleIdentity, challenger: ChallengerId
) -> list[tuple[object, ...]]:
    """Return the rows of a pair by way of typed events; of a challenger named twice the first."""
    found = [
        ((event.observed_at, entry.stamp.run, entry.stamp.seq), event, pair)
        for entry in lines
        if isinstance(event := entry.event, RequestObserved) and event.model == champion
        for pair in [one for one in event.outcomes if one.challenger == challenger][:1]
    ]
    found.sort(key=lambda item: item[0])
    latest = {event.request_id: place for place, event, _ in found}
    return [
        _expected(event, pair, last=latest[event.request_id] == place)
        for place, event, pair in found
    ]


def _expected(event: RequestObserved, pair: ShadowOutcome, *, last: bool) -> tuple[object, ...]:
    since = event.observed_at - datetime(1970, 1, 1, tzinfo=UTC)
    compared = isinstance(pair.outcome, Observation)
    ours = event.champion.answer
    theirs = pair.outcome.answer if isinstance(pair.outcome, Observation) else None
    return (
        event.request_id,
        since // timedelta(microseconds=1),
        last,
        event.segment,
        event.tokens,
        COMPARED if compared else str(pair.outcome),
        theirs is not None
        and ours.label in theirs.probabilities
        and theirs.label in ours.probabilities,
        *_observation(event.champion),
        *(_observation(pair.outcome) if isinstance(pair.outcome, Observation) else [None] * 5),
        pair.comparison and float(pair.comparison.js_divergence).hex(),
    )


def _observation(observation: Observation) -> list[str | None]:
    answer = observation.answer
    cpu_s = None if observation.exclusive else observation.cpu_s
    numbers = (answer.confidence, answer.margin, answer.entropy, cpu_s)
    return [answer.label, *(None if x is None else float(x).hex() for x in numbers)]


def _joined(lines: list[LogLine]) -> list[LogLine]:
    """Put outcomes that came later where they were awaited, in the order of their lines."""
    came: defaultdict[tuple[object, ...], list[ShadowOutcome]] = defaultdict(list)
    for entry in sorted(lines, key=lambda entry: (entry.stamp.run, entry.stamp.seq)):
        if isinstance(event := entry.event, ComparisonCompleted):
            for shadow in event.outcomes:
                came[event.origin_run, event.request_id, shadow.challenger].append(shadow)
    joined = {}
    for entry in sorted(lines, key=_place):
        if isinstance(event := entry.event, RequestObserved):
            outcomes = []
            for shadow in event.outcomes:
                waits = came[event.origin_run, event.request_id, shadow.challenger]
                never = ShadowOutcome(shadow.challenger, Missed.SHUTDOWN, None)
                later = waits.pop(0) if shadow.outcome is None and waits else never
                outcomes.append(later if shadow.outcome is None else shadow)
            joined[id(entry)] = replace(event, outcomes=tuple(outcomes))
    return [replace(entry, event=joined.get(id(entry), entry.event)) for entry in lines]


def _place(entry: LogLine) -> tuple[object, ...]:
    observed_at = getattr(entry.event, "observed_at", entry.stamp.timestamp)
    return observed_at, entry.stamp.run, entry.stamp.seq


def assert_same_as_line_by_line(*paths: Path) -> LogAccount:
    """Compare all that a table gives with the typed lines."""
    reader = LogReader(paths)
    lines = _joined(list(reader))
    events = [entry.event for entry in lines]
    documents = [event for event in events if isinstance(event, RequestObserved)]
    ids = {(event.model, one.challenger) for event in documents for one in event.outcomes}
    with LogTable.read(paths) as table:
        assert table.account == reader.account
        assert {seen.identity for seen in table.champions} == {event.model for event in documents}
        assert sum(seen.documents for seen in table.champions) == len(documents)
        read = {
            (seen.identity, challenger)
            for seen in table.champions
            for challenger in table.challengers(seen.identity)
        }
        assert read == ids
        for champion, challenger in ids:
            expected = expected_rows(lines, champion, challenger)
            assert rows_of(table.pairs(champion, challenger)) == expected
        labels = [(label.request_id, label.label) for label in table.feedback()]
    feedback = [event for event in events if isinstance(event, FeedbackReceived)]
    assert sorted(labels) == sorted((event.request_id, event.label) for event in feedback)
    return reader.account
