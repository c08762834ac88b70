"""The observe step: windows, counters, metrics and log agree on every document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guards.drift.features import ANSWER_FEATURES
from guards.errors import Finding
from guards.events.log_table import LogTable
from guards.evidence.pair import ChallengerId, Missed
from service.observation.input_counts import EXTRA, KINDS
from tests.service.observation.recording import SALARY, SENDER, STAMP, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.service.observation.recording import Recording

SECOND = ChallengerId("docs", "2")


def test_a_window_is_flushed_when_it_holds_enough(record: Callable[..., Recording]) -> None:
    """Every FLUSH_DOCUMENTS documents make one line, and the rest waits for the next flush."""
    recording = record([SECOND], flush_documents=3)
    for number in range(7):
        recording.answered(str(number), pages=number)
        recording.challengers[0].settle(recording.observation(label=number % 2))
    assert [line["window"]["documents"] for line in recording.lines("drift.window")] == [3, 3]
    assert recording.recorder.flushed_documents == 6
    recording.recorder.flush()
    recording.recorder.flush()
    lines = recording.lines("drift.window")
    assert [line["window"]["documents"] for line in lines] == [3, 3, 1]
    assert recording.recorder.flushed_documents == recording.recorder.documents == 7
    assert {line["reference"] for line in lines} == {recording.bundle.reference.fingerprint}
    fields = {"window", "reference", "challenger_references", "counts", "scores"}
    assert set(lines[0]) - {"part", "parts"} == STAMP | fields
    assert lines[0]["challenger_references"] == {"docs/2": recording.bundle.reference.fingerprint}
    compared = [line["counts"]["challengers"]["docs/2"]["compared"] for line in lines]
    assert sum(compared) == 7
    for who in ("champion", "docs/2"):
        assert {f"{who}.{feature}" for feature in ANSWER_FEATURES} <= set(lines[0]["scores"])


def test_issues_of_inputs_are_counted_alike_everywhere(record: Callable[..., Recording]) -> None:
    """Window, totals and scrape agree; of private columns the names are there and no value."""
    recording = record()
    recording.answered(pages="3", amount=SALARY * 1e6, sender=SENDER, colour=SALARY, **{TEXT: 1})
    recording.answered(pages=3, court="NDCA", amount=1, sender=7)
    recording.recorder.flush()
    recording.answered(pages=3, court="NDCA", amount=1, sender="")
    (window,) = recording.lines("drift.window")
    assert window["counts"]["inputs"] == {
        "unknown": {"sender": 2},
        "missing": {"court": 1},
        "coerced": {"pages": 1, "sender": 1},
        "out_of_range": {"amount": 1},
        "extra": {"colour": 1, TEXT: 1},
    }
    totals = recording.recorder.inputs.get()
    assert totals == window["counts"]["inputs"] | {"missing": {"court": 1, "sender": 1}}
    scraped = recording.metrics.render()[0].decode()
    for kind in KINDS:
        for feature, documents in totals[kind].items():
            if kind != EXTRA:
                labels = f'feature="{feature}",kind="{kind}"'
                assert f"understudy_inputs_total{{{labels}}} {documents}.0" in scraped
    assert 'understudy_inputs_total{feature="",kind="extra"} 2.0' in scraped
    assert TEXT not in scraped
    assert SENDER not in recording.text()
    assert str(SALARY) not in recording.text()


def test_metrics_and_coverage_agree(record: Callable[..., Recording]) -> None:
    """A scrape counts each outcome once, under the id of the challenger."""
    recording = record([SECOND])
    for number in range(3):
        recording.answered(str(number))
    recording.challengers[0].settle(recording.observation(label=0))
    recording.challengers[0].settle(recording.observation(label=1))
    recording.challengers[0].settle(Missed.ERROR)
    scraped = recording.metrics.render()[0].decode()
    for sample in (
        "understudy_documents_total 3.0",
        'understudy_shadow_eligible_total{challenger="docs/2"} 3.0',
        'understudy_shadow_compared_total{challenger="docs/2"} 2.0',
        'understudy_shadow_missed_total{challenger="docs/2",reason="error"} 1.0',
        'understudy_disagreements_total{challenger="docs/2"} 1.0',
        "understudy_champion_confidence_count 3.0",
    ):
        assert sample in scraped
    assert recording.recorder.confidence == pytest.approx(0.75)
    assert recording.recorder.mirror.total().balanced


def test_two_challengers_of_one_bundle_have_keys_of_their_own(
    record: Callable[..., Recording],
) -> None:
    """Windows and metrics count the second one under its ordinal."""
    recording = record([SECOND, ChallengerId("docs", "2", 2)])
    recording.answered()
    recording.challengers[0].settle(recording.observation(label=0))
    recording.challengers[1].settle(Missed.TIMEOUT)
    recording.recorder.flush()
    (window,) = recording.lines("drift.window")
    compared = {key: counts["compared"] for key, counts in window["counts"]["challengers"].items()}
    assert compared == {"docs/2": 1, "docs/2#2": 0}
    assert "docs/2#2.label" in window["scores"]
    scraped = recording.metrics.render()[0].decode()
    assert 'understudy_shadow_compared_total{challenger="docs/2"} 1.0' in scraped
    assert 'understudy_shadow_missed_total{challenger="docs/2#2",reason="timeout"} 1.0' in scraped


def test_a_refused_challenger_is_logged_with_its_findings(
    record: Callable[..., Recording],
) -> None:
    """The line names the role and the challenger, and what waited is missed."""
    recording = record([SECOND])
    recording.answered()
    finding = Finding("root_changed", "manifest.json", "a", "b", "seal it again")
    recording.challengers[0].refuse([finding])
    (line,) = recording.lines("guard.refused")
    assert (line["role"], line["bundle"]) == ("challenger", "docs/2")
    assert line["findings"] == [finding.to_json()]
    (observed,) = recording.lines("request.observed")
    assert observed["challengers"][0]["reason"] == "challenger_down"


def test_what_waits_is_written_when_a_stop_begins(record: Callable[..., Recording]) -> None:
    """The lines of documents do not wait any longer for challengers; outcomes follow them."""
    twin = ChallengerId("docs", "2", 2)
    recording = record([SECOND, twin])
    for request_id in ("done", "half", "neither"):
        recording.answered(request_id)
    for challenger in recording.challengers:
        challenger.settle(recording.observation(label=0))
    recording.challengers[0].settle(Missed.TIMEOUT)

    recording.recorder.write_ahead()

    assert statuses(recording) == [
        ("done", ["ok", "ok"]),
        ("half", ["timeout", "pending"]),
        ("neither", ["pending", "pending"]),
    ]
    (window,) = recording.lines("drift.window")
    assert window["window"]["documents"] == 3
    recording.answered("late")
    assert statuses(recording)[3:] == [("late", ["pending", "pending"])]
    recording.challengers[1].settle(recording.observation(label=1))
    recording.challengers[0].settle(Missed.SHUTDOWN)
    later = statuses(recording, "comparison.completed")
    assert later == [("half", ["ok"]), ("neither", ["missed"])]
    for line, id_ in zip(recording.lines("comparison.completed"), (twin, SECOND), strict=True):
        (entry,) = line["challengers"]
        assert (entry["name"], entry["version"], entry["ordinal"]) == id_
        assert line["origin_run"] == "run-1"
    assert len(recording.lines("request.observed")) == 4


def statuses(recording: Recording, event: str = "request.observed") -> list[tuple[str, list[str]]]:
    """Return the request of each line, and the status of each challenger."""
    return [
        (line["request_id"], [entry["status"] for entry in line["challengers"]])
        for line in recording.lines(event)
    ]


@pytest.mark.parametrize("second", [SECOND, ChallengerId("docs", "3")])
def test_a_log_that_was_cut_short_tells_what_was_answered(
    record: Callable[..., Recording], second: ChallengerId
) -> None:
    """Whoever reads it after a kill finds every document, and what came counts as it would have."""
    recording = record([second])
    for request_id in ("a", "b", "c"):
        recording.answered(request_id)
    recording.recorder.write_ahead()
    recording.challengers[0].settle(recording.observation(label=1))
    recording.text()

    with LogTable.read([recording.path]) as table:
        (champion,) = table.champions
        (pairs,) = table.pairs(champion.identity, second)

    outcomes = [pairs.outcomes.names[code] for code in pairs.outcomes.codes]
    assert (pairs.request_ids, outcomes) == (["a", "b", "c"], ["compared", "shutdown", "shutdown"])
    assert champion.documents == 3


def test_a_disagreement_that_came_late_is_captured(record: Callable[..., Recording]) -> None:
    """Its document is with the outcome, since nobody knew before that they would differ."""
    recording = record([SECOND], capture="disagreements")
    for request_id in ("differs", "agrees"):
        recording.answered(request_id)
    recording.recorder.write_ahead()
    for label in (1, 0):
        recording.challengers[0].settle(recording.observation(label=label))

    assert not any("document" in line for line in recording.lines("request.observed"))
    differs, agrees = recording.lines("comparison.completed")
    assert differs["document"]["text"] == TEXT
    assert "document" not in agrees
