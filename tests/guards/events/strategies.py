"""Hypothesis strategies for every event, with any values that a line can hold."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from guards.answer import Answer, Observation
from guards.bundle.identity import BundleIdentity
from guards.drift.described import DescribedFeature
from guards.drift.distance import Score
from guards.drift.harm.gate import Harm, Severity
from guards.errors import Finding
from guards.events.alarms import AlarmEvidence, DriftAlarm, DriftCleared
from guards.events.comparison_completed import ComparisonCompleted
from guards.events.drift_reference import DriftReference
from guards.events.drift_window import DriftWindow
from guards.events.feedback_received import FeedbackReceived
from guards.events.replay_started import ReplayStarted
from guards.events.request_observed import RequestObserved
from guards.events.service_events import (
    BundleRefused,
    ChallengerAccount,
    ServiceStarted,
    ServiceStopped,
    ServiceStopping,
    Variant,
)
from guards.events.verdict_changed import VerdictChanged
from guards.evidence.coverage import Coverage
from guards.evidence.labels import LabelSource
from guards.evidence.pair import ChallengerId, Comparison, Missed, ShadowOutcome

if TYPE_CHECKING:
    from guards.events.events import Event
    from guards.evidence.pair import Outcome

__all__ = ["EVENTS_OF_ALL_TYPES", "MOMENTS"]

# UTF-8 has no bytes for surrogates, which the renderer replaces.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.integers(0, 2**40)
MOMENTS = st.datetimes(timezones=st.just(UTC))
OBJECTS = st.dictionaries(
    TEXTS,
    st.recursive(
        st.none() | st.booleans() | COUNTS | NUMBERS | TEXTS,
        lambda values: st.lists(values, max_size=2) | st.dictionaries(TEXTS, values, max_size=2),
        max_leaves=4,
    ),
    max_size=3,
)
NAMES = st.lists(TEXTS, max_size=2).map(tuple)

FINDINGS = st.lists(
    st.builds(Finding, st.just("root_changed"), TEXTS, TEXTS, TEXTS, TEXTS), max_size=2
).map(tuple)
ANSWERS = st.builds(
    Answer, TEXTS, NUMBERS, NUMBERS, NUMBERS, st.dictionaries(TEXTS, NUMBERS, max_size=3)
)
OBSERVATIONS = st.builds(
    Observation, ANSWERS, NUMBERS, *[st.none() | NUMBERS] * 3, exclusive=st.booleans()
)
IDS = st.builds(ChallengerId, TEXTS, TEXTS, st.integers(1, 9))
COVERAGES = st.builds(
    Coverage, COUNTS, COUNTS, COUNTS, COUNTS, st.dictionaries(TEXTS, COUNTS, max_size=2)
)
SCORES = st.builds(
    Score,
    st.sampled_from(["ks", "js"]),
    st.none() | NUMBERS,
    st.none() | NUMBERS,
    NUMBERS,
    st.booleans(),
    COUNTS,
)


@st.composite
def shadow_outcomes(draw: st.DrawFn) -> ShadowOutcome:
    """Draw what a challenger made of a document, or that it is awaited."""
    outcome: Outcome | None = draw(st.none() | st.sampled_from(Missed) | OBSERVATIONS)
    comparison = st.builds(Comparison, st.booleans(), NUMBERS, NUMBERS)
    answered = isinstance(outcome, Observation)
    return ShadowOutcome(draw(IDS), outcome, draw(comparison) if answered else None)


OUTCOMES = st.lists(shadow_outcomes(), max_size=3).map(tuple)


@st.composite
def request_observed(draw: st.DrawFn) -> RequestObserved:
    """Draw a document."""
    return RequestObserved(
        request_id=draw(TEXTS),
        observed_at=draw(MOMENTS),
        origin_run=draw(TEXTS),
        segment=draw(st.none() | TEXTS),
        model=draw(st.builds(BundleIdentity, TEXTS, TEXTS, TEXTS)),
        champion=draw(OBSERVATIONS),
        outcomes=draw(OUTCOMES),
        tokens=draw(COUNTS),
        truncated=draw(st.booleans()),
        unknown=draw(NAMES),
        missing=draw(NAMES),
        coerced=draw(NAMES),
        out_of_range=draw(NAMES),
        document=draw(st.none() | OBJECTS),
        reference=draw(st.none() | TEXTS),
        cells=draw(st.none() | st.lists(st.none() | st.integers(0, 2**15 - 1), max_size=3)),
    )


@st.composite
def described_features(draw: st.DrawFn) -> DescribedFeature:
    """Draw a feature of a reference."""
    counts = draw(st.lists(COUNTS, min_size=3, max_size=6).map(tuple))
    size = len(counts) - 2
    if draw(st.booleans()):
        edges = draw(st.sets(NUMBERS, min_size=size - 1, max_size=size - 1))
        return DescribedFeature(draw(TEXTS), counts, tuple(sorted(edges)), {})
    named = draw(st.dictionaries(st.integers(0, size - 1), TEXTS))
    return DescribedFeature(draw(TEXTS), counts, None, named)


TOTALS = {
    "observed": COUNTS,
    "flushed": COUNTS,
    "coverage": COVERAGES,
    "challengers": st.lists(st.builds(ChallengerAccount, IDS, COVERAGES), max_size=3).map(tuple),
    "lost_log_lines": st.dictionaries(TEXTS, COUNTS, max_size=2),
}

EVENTS_OF_ALL_TYPES: tuple[st.SearchStrategy[Event], ...] = (
    st.builds(
        ServiceStarted,
        champion=st.builds(Variant, TEXTS, TEXTS, TEXTS, TEXTS),
        challengers=st.lists(
            st.builds(Variant, TEXTS, TEXTS, st.none() | TEXTS, TEXTS, st.integers(1, 9)),
            max_size=3,
        ).map(tuple),
        engine=OBJECTS,
        columns=st.none() | TEXTS,
        environment=OBJECTS,
        git_commit=st.none() | TEXTS,
        environment_differences=st.dictionaries(TEXTS, st.tuples(TEXTS, TEXTS), max_size=2),
        tolerated=FINDINGS,
        settings=OBJECTS,
        guard=OBJECTS,
    ),
    st.builds(BundleRefused, TEXTS, TEXTS, FINDINGS),
    request_observed(),
    st.builds(ComparisonCompleted, TEXTS, TEXTS, OUTCOMES, st.none() | OBJECTS),
    st.builds(
        DriftReference,
        TEXTS,
        st.sampled_from(["grouped", "full"]),
        st.lists(described_features(), max_size=2).map(tuple),
        st.just(2),
        st.integers(2, 9),
    ),
    st.builds(
        DriftWindow,
        start=MOMENTS,
        end=MOMENTS,
        documents=COUNTS,
        reference=TEXTS,
        counts=OBJECTS,
        scores=st.dictionaries(TEXTS, SCORES, max_size=2),
    ),
    st.builds(
        DriftAlarm,
        TEXTS,
        st.none() | TEXTS,
        st.sampled_from(Severity),
        st.sampled_from(Harm),
        st.builds(AlarmEvidence, NUMBERS, NUMBERS, COUNTS, COUNTS),
        OBJECTS,
        st.none() | NUMBERS,
        st.none() | TEXTS,
        TEXTS,
        MOMENTS,
        TEXTS,
    ),
    st.builds(DriftCleared, TEXTS, st.none() | TEXTS, MOMENTS, TEXTS),
    st.builds(
        FeedbackReceived,
        TEXTS,
        TEXTS,
        st.none() | st.tuples(TEXTS, NUMBERS),
        st.sampled_from(LabelSource),
        st.none() | TEXTS,
        st.none() | st.floats(0, 1, exclude_min=True),
        st.none() | MOMENTS,
    ),
    st.builds(
        VerdictChanged,
        IDS,
        TEXTS,
        st.builds(lambda verdict, text: verdict | {"decision": text}, OBJECTS, TEXTS),
    ),
    st.builds(
        ReplayStarted,
        st.builds(Variant, TEXTS, TEXTS, TEXTS, TEXTS),
        st.lists(st.builds(Variant, TEXTS, TEXTS, TEXTS, TEXTS, st.integers(1, 9)), max_size=3).map(
            tuple
        ),
    ),
    st.builds(ServiceStopping, **TOTALS),
    st.builds(ServiceStopped, **TOTALS),
)
"""One strategy for each type in ``EVENTS``, in their order."""
