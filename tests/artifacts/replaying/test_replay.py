"""Champion and challengers answer documents of the past."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from artifacts.bundle.opening import Bundle, open_bundle
from artifacts.replaying.replay import Replay
from guards.events.recorded import RecordedDocument
from guards.evidence.pair import ChallengerId

if TYPE_CHECKING:
    from pathlib import Path

    from guards.events.request_observed import RequestObserved

MOMENT = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def opened(champion: Path, challenger: Path) -> tuple[Bundle, Bundle]:
    """Open both bundles."""
    return open_bundle(champion), open_bundle(challenger)


def recorded(bundle: Bundle) -> list[RecordedDocument]:
    """Return the golden documents of a bundle as recorded ones."""
    return [
        RecordedDocument(f"a-{index}", MOMENT, "emea", document)
        for index, document in enumerate(bundle.probe_documents)
    ]


def replayed(replay: Replay, documents: list[RecordedDocument]) -> list[RequestObserved]:
    """Answer documents again."""
    return list(replay.events("run-1", documents))


def test_answers_are_those_of_the_bundles(opened: tuple[Bundle, Bundle]) -> None:
    """Under the identity and the moment of the documents, with the challenger's beside them."""
    champion, challenger = opened
    documents = recorded(champion)
    events = replayed(Replay(opened), documents)

    assert [event.request_id for event in events] == [each.request_id for each in documents]
    probes = champion.probe(champion.probe_documents).probabilities
    others = challenger.probe(champion.probe_documents).probabilities
    for event, probabilities, other in zip(events, probes, others, strict=True):
        assert (event.observed_at, event.segment, event.origin_run) == (MOMENT, "emea", "run-1")
        assert event.model == champion.identity
        assert event.champion.answer.confidence == pytest.approx(probabilities.max(), abs=1e-6)
        assert event.champion.answer.label == champion.labels[probabilities.argmax()]
        (outcome,) = event.outcomes
        assert outcome.challenger == ChallengerId("docs", "2")
        assert outcome.to_json()["confidence"] == pytest.approx(other.max(), abs=1e-6)
        assert event.document is None


def test_bundles_of_one_name_are_numbered(opened: tuple[Bundle, Bundle]) -> None:
    """As those of a service are, and the first line says which is which."""
    champion, challenger = opened
    replay = Replay([champion, challenger, challenger])
    (event,) = replayed(replay, recorded(champion)[:1])

    assert [outcome.challenger.ordinal for outcome in event.outcomes] == [1, 2]
    first = next(iter(replay.opening()))
    assert first.to_json()["champion"]["fingerprint"] == champion.identity.fingerprint
    assert [each["ordinal"] for each in first.to_json()["challengers"]] == [1, 2]


def test_a_document_that_does_not_fit_is_counted(opened: tuple[Bundle, Bundle]) -> None:
    """By its reason; the others are answered."""
    champion, _ = opened
    good, bad = recorded(champion)[:2]
    assert bad.document is not None
    features = {**bad.document["features"], "pages": "many"}
    replay = Replay(opened)
    events = replayed(replay, [replace(bad, document={**bad.document, "features": features}), good])

    assert [event.request_id for event in events] == [good.request_id]
    ((reason, count),) = replay.left_out.items()
    assert "pages" in reason
    assert count == 1
