"""The log of a service from before challengers had ordinals: a clean run, then one that was killed.

The champion has two challengers of one bundle, and in the first run one that was refused. The
killed run has the first one alone, and was cut off in its last line.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guards.events.drift_window import DriftWindow
from guards.events.feedback_received import FeedbackReceived
from guards.events.reading import LogAccount, LogReader
from guards.events.request_observed import RequestObserved
from guards.events.service_events import BundleRefused, ServiceStarted, ServiceStopped
from guards.evidence.labels import LabelSource
from guards.evidence.pair import ChallengerId, Missed

if TYPE_CHECKING:
    from guards.events.events import Event

LOG = Path(__file__).parent / "logs" / "before-ordinals.jsonl"
SECOND, TWIN = ChallengerId("docs", "2"), ChallengerId("docs", "2", 2)
REFUSED = ChallengerId("docs", "3")


@pytest.fixture(scope="module")
def account() -> LogAccount:
    """Return the account of the log."""
    reader = LogReader([LOG])
    assert list(reader)
    return reader.account


@pytest.fixture(scope="module")
def events() -> list[Event]:
    """Return the events of the log."""
    return [line.event for line in LogReader([LOG])]


def test_all_lines_but_the_torn_one_are_read(account: LogAccount, events: list[Event]) -> None:
    """No line is malformed or unknown, and none is missing."""
    assert account == LogAccount(lines=22, torn=1)
    assert Counter(event.name for event in events) == {
        "service.started": 2,
        "guard.refused": 1,
        "request.observed": 11,
        "drift.window": 4,
        "feedback.received": 2,
        "service.stopped": 1,
    }


def test_challengers_of_one_bundle_have_ordinals(events: list[Event]) -> None:
    """In the start, in every document and in the final account."""
    started = [event for event in events if isinstance(event, ServiceStarted)]
    challengers = [(c.name, c.version, c.ordinal) for c in started[0].challengers]
    assert challengers == [SECOND, TWIN, REFUSED]
    assert started[0].champion.ordinal is None
    observed = [event for event in events if isinstance(event, RequestObserved)]
    assert [[one.challenger for one in event.outcomes] for event in observed] == [
        *[[SECOND, TWIN, REFUSED]] * 8,
        *[[SECOND]] * 3,
    ]
    (stopped,) = (event for event in events if isinstance(event, ServiceStopped))
    assert [account.challenger for account in stopped.challengers] == challengers


def test_documents_have_their_observations(events: list[Event]) -> None:
    """Processor time was not measured; captured documents are those with a disagreement."""
    observed = [event for event in events if isinstance(event, RequestObserved)]
    for event in observed:
        assert event.champion.cpu_s is None
        assert not event.champion.exclusive
        assert event.champion.queue_s is not None
        assert event.champion.preprocess_s is not None
        second = event.outcomes[0]
        assert second.status == "ok"
        assert (event.document is not None) == second.disagree
        for other in event.outcomes[1:2]:
            assert other.comparison == second.comparison
        for other in event.outcomes[2:]:
            assert (other.outcome, other.comparison) == (Missed.CHALLENGER_DOWN, None)
    issues = [(event.unknown, event.coerced, event.out_of_range) for event in observed[:4]]
    nothing: tuple[str, ...] = ()
    assert issues == [
        (nothing, nothing, nothing),
        (("court",), nothing, nothing),
        (nothing, nothing, nothing),
        (nothing, ("pages",), ("pages",)),
    ]
    assert observed[2].missing == ("pages", "amount", "court")


def test_the_final_account_balances_and_windows_add_up(events: list[Event]) -> None:
    """The balance of every challenger, and the documents of the first run's windows."""
    (stopped,) = (event for event in events if isinstance(event, ServiceStopped))
    assert stopped.coverage.balanced
    assert all(account.coverage.balanced for account in stopped.challengers)
    assert stopped.coverage.missed == {"challenger_down": 8}
    windows = [event for event in events if isinstance(event, DriftWindow)]
    assert [window.documents for window in windows] == [4, 4, 0, 4]
    assert sum(window.documents for window in windows[:3]) == stopped.observed == 8
    assert all("champion.label" in window.scores for window in windows)


def test_refusal_and_feedback_are_read(events: list[Event]) -> None:
    """Findings are typed, and a label knows its answer while there is one."""
    (refused,) = (event for event in events if isinstance(event, BundleRefused))
    assert (refused.role, refused.bundle) == ("challenger", "docs/3")
    assert [finding.code for finding in refused.findings] == ["manifest_invalid"]
    known, unknown = (event for event in events if isinstance(event, FeedbackReceived))
    assert (known.request_id, known.label) == ("document-0", "letter")
    assert known.answered is not None
    assert (known.source, known.stratum) == (LabelSource.TRUTH, None)
    assert (unknown.request_id, unknown.answered) == ("gone", None)
