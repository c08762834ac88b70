"""What was counted in this run becomes a verdict, an event and metrics."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from guards.evidence.criteria import Guardrail, Policy
from guards.evidence.pair import ChallengerId, Missed
from guards.evidence.pair_evidence import PairEvidence
from guards.evidence.verdict import Verdict, judge
from service.observation import judgement as judging

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client.samples import Sample

    from guards.evidence.label_evidence import LabelEvidence
    from tests.service.observation.recording import Recording

    Record = Callable[..., Recording]

SECOND = ChallengerId("docs", "2")
BOTH = [SECOND, ChallengerId("docs", "2", 2)]


def test_a_changed_decision_is_written_at_the_next_flush(record: Record) -> None:
    """Once promoted and once no longer, each with its reasons and the decision before."""
    recording = record([SECOND])

    def flush() -> list[tuple[str, str]]:
        recording.recorder.flush()
        asyncio.run(recording.recorder.report())
        lines = recording.lines("verdict.changed")
        return [(line["previous"], line["decision"]) for line in lines]

    assert flush() == []
    for number in range(40):
        recording.compared(f"d-{number}", champion=0, challenger=1)
        recording.label(f"d-{number}", 1)
    assert recording.judged().decision == "promote"
    assert recording.lines("verdict.changed") == []
    assert flush() == [("undecided", "promote")]
    assert flush() == [("undecided", "promote")]
    for number in range(40, 140):
        recording.compared(f"d-{number}", champion=0, challenger=1)
        recording.label(f"d-{number}", 0)
    assert flush() == [("undecided", "promote"), ("promote", "keep")]
    line = recording.lines("verdict.changed")[-1]
    assert line["challenger"] == SECOND.to_json()
    assert line["verdict"] == recording.judged().verdict
    assert "accuracy" in line["verdict"]["because"][0]


def test_metrics_show_the_last_verdict(record: Record) -> None:
    """One decision is 1 and the others 0, for each challenger by its id."""
    recording = record(BOTH)
    for number in range(40):
        recording.compared(f"d-{number}", champion=0, challenger=1)
        recording.challengers[1].settle(Missed.TIMEOUT)
        recording.label(f"d-{number}", 1)
    assert "understudy_verdict{" not in recording.metrics.render()[0].decode()
    asyncio.run(recording.recorder.report())
    scraped = recording.metrics.render()[0].decode()
    for sample in (
        'understudy_verdict{challenger="docs/2",decision="promote"} 1.0',
        'understudy_verdict{challenger="docs/2",decision="undecided"} 0.0',
        'understudy_verdict{challenger="docs/2#2",decision="undecided"} 1.0',
        'understudy_accuracy{bound="value",challenger="docs/2",variant="champion"} 0.0',
        'understudy_accuracy{bound="value",challenger="docs/2",variant="challenger"} 1.0',
    ):
        assert sample in scraped
    assert 'understudy_accuracy{bound="value",challenger="docs/2#2"' not in scraped
    (needed,) = {each.verdict["criteria"][0]["needed"] for each in map(recording.judged, BOTH)}
    assert needed == pytest.approx(40)


def test_metrics_show_an_accuracy_with_its_interval_while_there_is_one(record: Record) -> None:
    """The first flush after a label moves it, and it goes where its only label counts no more."""
    recording = record([SECOND])

    def flushed() -> list[float]:
        asyncio.run(recording.recorder.report())
        gauges = {sample.labels["bound"]: sample.value for sample in _accuracies(recording)}
        return [gauges[bound] for bound in ("low", "value", "high") if gauges]

    recording.compared("a", champion=0, challenger=1)
    assert flushed() == []
    recording.label("a", 1)
    low, value, high = flushed()
    assert low < value == high == 1
    recording.label("a", 0)
    assert flushed() == pytest.approx([0, 0, 1 - low])
    recording.answered("a", label=0)
    recording.challengers[0].settle(Missed.TIMEOUT)
    assert flushed() == []


def _accuracies(recording: Recording) -> list[Sample]:
    """Return what a scrape says of the challenger's accuracy."""
    families = text_string_to_metric_families(recording.metrics.render()[0].decode())
    return [
        sample
        for family in families
        for sample in family.samples
        if sample.name == "understudy_accuracy" and sample.labels["variant"] == "challenger"
    ]


def test_a_guardrail_of_a_segment_finds_its_labels(record: Record) -> None:
    """Documents of a segment are judged under its name, as they are offline."""
    policy = Policy(guardrails=(Guardrail.parse("segment:emea=.3"),))
    recording = record([SECOND], policy=policy)
    for number in range(30):
        recording.compared(f"d-{number}", champion=0, challenger=1)
        recording.label(f"d-{number}", 1)
    (guarded,) = (c for c in recording.judged().verdict["criteria"] if c["kind"] == "guardrail")
    assert guarded["shown"]


def test_a_verdict_is_computed_again_only_when_something_was_counted(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks often costs nothing; what is counted between shows at once."""
    recording = record([SECOND])
    calls: list[object] = []

    def counted(pairs: PairEvidence, labels: LabelEvidence | None, policy: Policy) -> Verdict:
        calls.append(pairs)
        return judge(pairs, labels, policy)

    monkeypatch.setattr(judging, "judge", counted)
    first = recording.judged()
    assert recording.judged() is first
    assert len(calls) == 1
    recording.compared("a", champion=0, challenger=1)
    assert recording.judged().compared == 1
    recording.label("a", 1)
    assert recording.judged().accuracy is not None
    assert len(calls) == 3


def test_evidence_that_cannot_be_counted_fails_nothing_else(
    record: Record, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Documents are answered and logged, windows flushed; the verdict is gone, said once."""
    recording = record(BOTH)

    def fail(*_: object) -> None:
        raise ArithmeticError

    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(PairEvidence, "update", fail)
        for number in range(3):
            recording.compared(str(number), champion=0, challenger=1)
            recording.recorder.flush()
    for challenger in recording.challengers[1:]:
        while challenger.pending:
            challenger.settle(recording.observation(label=0))
    assert recording.recorder.flushed_documents == 3
    assert len(recording.lines("request.observed")) == 3
    assert [record.message for record in caplog.records] == [
        "the evidence on docs/2 is incomplete, and there is no verdict any more"
    ]
    assert set(asyncio.run(recording.recorder.verdicts.review())) == {BOTH[1]}
    asyncio.run(recording.recorder.report())


def test_a_verdict_that_fails_is_tried_again(
    record: Record, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is missing meanwhile, the diagnostics say so once, and flushing goes on."""
    recording = record([SECOND])

    def fail(*_: object) -> None:
        raise ArithmeticError

    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(judging, "judge", fail)
        for number in range(3):
            recording.compared(str(number), champion=0, challenger=1)
            recording.recorder.flush()
            asyncio.run(recording.recorder.report())
            assert asyncio.run(recording.recorder.verdicts.review()) == {}
    assert len(caplog.records) == 1
    recording.compared("a", champion=0, challenger=1)
    assert recording.judged().compared == 4


def test_a_verdict_is_plain_json(record: Record) -> None:
    """All of it can be sent and logged, with and without evidence."""
    recording = record([SECOND])
    for number in range(3):
        text = json.dumps(recording.judged().verdict, allow_nan=False)
        assert json.loads(text)["decision"] == "undecided"
        recording.compared(str(number), champion=0, challenger=number % 2)
        recording.label(str(number), 1)
