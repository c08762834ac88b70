"""Writes event logs as a service would: documents answered by a champion and one challenger."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from guards.answer import Answer, Observation
from guards.bundle.identity import BundleIdentity
from guards.events.rendering import line_renderer
from guards.events.request_observed import RequestObserved
from guards.evidence.pair import ChallengerId, Missed, ShadowOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from guards.events.events import Event
    from guards.events.feedback_received import FeedbackReceived
    from guards.json_types import JsonObject

__all__ = ["CHALLENGER", "CHAMPION", "START", "Seen", "observed", "write_log"]

LABELS = ("contract", "invoice", "letter")
CHAMPION = BundleIdentity("docs", "1", "sha256:" + "a" * 64)
CHALLENGER = ChallengerId("docs", "2")
START = datetime(2026, 3, 2, 8, tzinfo=UTC)


@dataclass(frozen=True)
class Seen:
    """A document as it was answered; ``second`` is when, from ``START``."""

    request_id: str
    champion: str = "contract"
    challenger: str | Missed = "contract"
    confidence: tuple[float, float] = (0.9, 0.9)
    second: float = 0.0
    segment: str | None = None
    cpu_s: tuple[float, float] = (0.01, 0.01)
    exclusive: bool = False
    model: BundleIdentity = CHAMPION
    tokens: int = 20
    document: JsonObject | None = None
    challengers: Sequence[ChallengerId] = field(default=(CHALLENGER,))


def observed(seen: Seen) -> RequestObserved:
    """Return the event of a document."""
    champion = _observation(seen.champion, seen.confidence[0], seen.cpu_s[0], seen.exclusive)
    outcome = seen.challenger
    theirs = (
        outcome
        if isinstance(outcome, Missed)
        else _observation(outcome, seen.confidence[1], seen.cpu_s[1])
    )
    return RequestObserved(
        request_id=seen.request_id,
        observed_at=START + timedelta(seconds=seen.second),
        origin_run="run",
        segment=seen.segment,
        model=seen.model,
        champion=champion,
        outcomes=tuple(ShadowOutcome.of(champion, who, theirs) for who in seen.challengers),
        tokens=seen.tokens,
        truncated=False,
        unknown=(),
        missing=(),
        coerced=(),
        out_of_range=(),
        document=seen.document,
    )


def write_log(path: Path, documents: Iterable[Seen | FeedbackReceived], run: str = "run") -> Path:
    """Write a line for each document, and for each label, in this order."""
    render = line_renderer("replica", run)
    moment, lines = START, []
    for seq, item in enumerate(documents, 1):
        event: Event
        if isinstance(item, Seen):
            event, moment = observed(item), START + timedelta(seconds=item.second)
        else:
            event = item
        lines.append(render(event, moment, seq))
    path.write_bytes(b"".join(lines))
    return path


def _observation(
    label: str,
    confidence: float,
    cpu_s: float,
    exclusive: bool = False,  # noqa: FBT001, FBT002
) -> Observation:
    labels = LABELS if label in LABELS else (*LABELS, label)
    probabilities = np.full(len(labels), (1 - confidence) / (len(labels) - 1))
    probabilities[labels.index(label)] = confidence
    answer = Answer.of(probabilities.astype(np.float32), labels)
    return Observation(answer, 0.01, cpu_s, exclusive=exclusive)
