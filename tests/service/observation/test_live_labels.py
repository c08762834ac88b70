"""True labels join the answers of this run, and become evidence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.comparison.comparison import compare_logs
from guards.events.log_table import LogTable
from guards.evidence.criteria import Guardrail, Policy
from guards.evidence.labels import KnownLabels, LabelSource
from guards.evidence.pair import ChallengerId, Missed
from guards.evidence.sampling import digests, uniforms
from service.observation import live_labels

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.observation.judgement import Judgement
    from tests.service.observation.recording import Recording

    Record = Callable[..., Recording]

SECOND = ChallengerId("docs", "2")


def evidence_for(judgement: Judgement) -> float:
    """Return the evidence that the challenger is better: 1 without labels, less with losses."""
    return float(judgement.verdict["criteria"][0]["evidence"])


@pytest.mark.parametrize("label_first", [False, True])
def test_a_label_joins_the_answers_whichever_comes_first(
    record: Record, *, label_first: bool
) -> None:
    """The label of an answered document counts, before and after the challenger has answered."""
    recording = record([SECOND])
    recording.answered("a", label=0)
    if label_first:
        assert recording.label("a", 1) == 1
        assert recording.judged().accuracy is None
    recording.challengers[0].settle(recording.observation(label=1))
    if not label_first:
        assert recording.judged().accuracy is None
        assert recording.label("a", 1) == 1
    after = recording.judged()
    assert after.accuracy is not None
    assert after.accuracy["documents"] == 1
    assert (after.accuracy["champion"]["value"], after.accuracy["challenger"]["value"]) == (0, 1)
    assert evidence_for(after) > 1
    assert after.labels["labelled"] == 1


@pytest.mark.parametrize("label_first", [False, True])
def test_of_a_repeated_document_the_last_answers_count(
    record: Record, *, label_first: bool
) -> None:
    """A late outcome of the earlier observation changes nothing any more."""
    recording = record([SECOND])
    recording.compared("a", champion=0, challenger=1)
    if label_first:
        recording.label("a", 1)
    recording.answered("a", label=0)
    recording.answered("a", label=1)
    recording.challengers[0].settle(recording.observation(label=0), index=1)
    recording.challengers[0].settle(recording.observation(label=1), index=0)
    if not label_first:
        recording.label("a", 1)
    assert evidence_for(recording.judged()) < 1
    assert recording.judged().compared == 3
    recording.answered("a", label=1)
    recording.challengers[0].settle(Missed.TIMEOUT)
    assert recording.judged().accuracy is None
    assert recording.judged().labels["not_compared"] == 1


def test_a_label_of_an_unknown_document_is_counted_and_left_to_the_log(record: Record) -> None:
    """It is no evidence here; a scrape counts it, and those that joined."""
    recording = record([SECOND])
    recording.compared("a", champion=0, challenger=1)
    assert recording.label("before our time", 1) == 0
    assert recording.label("a", 1) == 1
    labels = recording.judged().labels
    assert (labels["labelled"], labels["unmatched_live"], labels["beyond"]) == (1, 1, 0)
    assert (
        "1 of 2 labels came for documents that are no longer in memory: `understudy compare` reads "
        "them from the log"
    ) in recording.judged().verdict["because"]
    scraped = recording.metrics.render()[0].decode()
    assert 'understudy_labels_total{answer="matched"} 1.0' in scraped
    assert 'understudy_labels_total{answer="unmatched"} 1.0' in scraped


def test_only_the_first_labelled_documents_count(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is bounded, and a label of one document too many is counted, not used."""
    monkeypatch.setattr(live_labels, "_MAX_DOCUMENTS", 2)
    recording = record([SECOND])
    for request_id in ("a", "b", "c"):
        recording.compared(request_id, champion=0, challenger=1)
        recording.label(request_id, 1)
    recording.label("a", 0)
    after = recording.judged()
    assert (after.labels["labelled"], after.labels["beyond"]) == (2, 1)
    assert after.labels["contradicted"] == 1
    assert after.accuracy is not None
    assert after.accuracy["documents"] == 2


@pytest.mark.parametrize(
    ("late", "truth", "decision"),
    [(2, 1, "promote"), (3, 1, "undecided"), (3, 0, "keep")],
    ids=["few", "many", "harm"],
)
def test_many_late_labels_leave_a_promotion_to_the_log(
    record: Record, late: int, truth: int, decision: str
) -> None:
    """Quick labels are a selection: a twentieth may be late, and harm is shown all the same."""
    recording = record([SECOND])
    for number in range(40):
        recording.compared(f"d-{number}", champion=0, challenger=1)
        recording.label(f"d-{number}", truth)
    for number in range(late):
        recording.label(f"before our time {number}", 0)
    verdict = recording.judged().verdict
    assert verdict["decision"] == decision
    (words,) = (text for text in verdict["because"] if "no longer in memory" in text)
    assert words.startswith(f"{late} of {40 + late} labels")
    assert (verdict["because"].index(words) == 0) == (decision == "undecided")


def test_labels_beyond_the_first_leave_a_promotion_to_the_log(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They do not count here either, and the reason says so."""
    monkeypatch.setattr(live_labels, "_MAX_DOCUMENTS", 40)
    recording = record([SECOND])
    for number in range(43):
        recording.compared(f"d-{number}", champion=0, challenger=1)
        recording.label(f"d-{number}", 1)
    verdict = recording.judged().verdict
    assert verdict["decision"] == "undecided"
    assert "3 of 43 labels" in verdict["because"][0]
    assert "beyond the first 10,000 labelled ones" in verdict["because"][0]


def test_labels_of_a_queue_enter_the_accuracy_and_decide_nothing(record: Record) -> None:
    """They weigh as much as they were improbable, and a remark says where they decide."""
    recording = record([SECOND])
    names = [f"d-{number}" for number in range(200)]
    drawn = [
        name for name, number in zip(names, uniforms(digests(names)), strict=True) if number < 0.5
    ]
    for number, name in enumerate(drawn[:40]):
        recording.compared(name, champion=0, challenger=number % 2)
        recording.label(name, number % 2, LabelSource.QUEUE)
    after = recording.judged()
    assert after.accuracy is not None
    assert after.accuracy["challenger"]["value"] == 1
    assert after.accuracy["champion"]["value"] == pytest.approx(0.5)
    success = after.verdict["criteria"][0]
    assert (success["shown"], success["bound"]) == (False, None)
    assert "40 labels of a queue are decided by `understudy compare`" in after.verdict["because"]
    assert (after.labels["off_rule"], after.labels["waiting"]) == (0, 0)


def test_a_correction_is_counted_and_no_evidence(record: Record) -> None:
    """Who dislikes an answer says nothing of the other answers."""
    recording = record([SECOND])
    recording.compared("a", champion=0, challenger=1)
    assert recording.label("a", 1, LabelSource.CORRECTION) == 1
    after = recording.judged()
    assert after.accuracy is None
    assert (after.labels["corrections"], after.labels["corrections_of_champion"]) == (1, 1)


def test_labels_of_young_documents_wait(record: Record) -> None:
    """With RIPE, a label counts once its document is old enough."""
    recording = record([SECOND], ripe_s=3600.0)
    recording.compared("a", champion=0, challenger=1)
    recording.label("a", 1)
    after = recording.judged()
    assert (after.accuracy, after.labels["unripe"], after.labels["ripe_s"]) == (None, 1, 3600.0)


def test_of_labels_that_differ_the_one_known_last_counts(record: Record) -> None:
    """Whichever is sent last: an old label that arrives late takes nothing back."""
    recording = record([SECOND], ripe_s=None)
    recording.compared("a", champion=0, challenger=1)
    recording.label("a", 1)
    recording.label("a", 0, labelled_at=datetime.now(UTC) - timedelta(days=1))
    after = recording.judged()
    assert after.accuracy is not None
    assert after.accuracy["challenger"]["value"] == 1
    assert after.labels["contradicted"] == 1


def test_labels_decide_here_what_they_decide_in_the_log(record: Record) -> None:
    """Whoever compares with the log finds the same evidence and the same accuracy."""
    policy = Policy("not-worse", 0.05, (Guardrail.parse("segment:emea=.1"),))
    recording = record([SECOND], policy=policy)
    rng = np.random.default_rng(7)
    for number in range(200):
        champion, challenger, truth = rng.integers(3, size=3).tolist()
        recording.compared(f"d-{number}", champion, challenger)
        # Some labels are contradicted later.
        known = datetime.now(UTC) - timedelta(days=number % 3)
        recording.label(f"d-{rng.integers(number + 1)}", truth, labelled_at=known)
    live = recording.judged()
    recording.text()
    with LogTable.read([recording.path]) as log:
        (offline,) = compare_logs(log, KnownLabels(log.feedback()), policy, ripe_s=0.0).challengers
    decisive = ("success", "guardrail", "deterioration")
    found, expected = (
        [criterion for criterion in verdict["criteria"] if criterion["kind"] in decisive]
        for verdict in (live.verdict, offline.verdict.to_json())
    )
    assert found == expected
    assert live.accuracy is not None
    for variant in ("champion", "challenger"):
        assert live.accuracy[variant] == offline.report["accuracy"][variant]["accuracy"]
