"""Ways in which logs and labels could promote a challenger that is worse, and do not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.comparison.comparison import compare_logs
from guards.comparison.queue import draw_queue
from guards.events.log_table import LogTable
from guards.evidence.criteria import Guardrail, Policy
from guards.evidence.labels import KnownLabels, LabelSource, TrueLabel
from guards.evidence.pair import Missed
from tests.guards.comparison.logs import CHALLENGER, CHAMPION, START, Seen, write_log

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from guards.comparison.comparison import ChallengerComparison

NOT_WORSE = Policy(rule="not-worse", margin=0.05)


def _compare(
    log: Path, labels: Iterable[TrueLabel], policy: Policy, ripe_s: float | None = 0.0
) -> ChallengerComparison:
    with LogTable.read([log]) as table:
        return compare_logs(table, KnownLabels(labels), policy, ripe_s=ripe_s).challengers[0]


def _losing(count: int, share: float = 0.1, every_s: float = 60) -> list[Seen]:
    """Return documents of which the challenger is wrong on a share, and the champion on none."""
    generator = np.random.default_rng(3)
    return [
        Seen(
            f"r-{number}",
            challenger="invoice" if generator.random() < share else "contract",
            second=number * every_s,
        )
        for number in range(count)
    ]


def _queue(log: Path, size: int, labelled: Iterable[str] = ()) -> list[TrueLabel]:
    with LogTable.read([log]) as table:
        queue = draw_queue(table.pairs(CHAMPION, CHALLENGER), frozenset(labelled), size)
    return [
        TrueLabel(row.request_id, None, LabelSource.QUEUE, row.stratum, row.inclusion_probability)
        for row in queue.rows
    ]


def _filled_in(queue: Sequence[TrueLabel], truth: str = "contract") -> list[TrueLabel]:
    return [
        TrueLabel(row.request_id, truth, row.source, row.stratum, row.inclusion_probability)
        for row in queue
    ]


@pytest.mark.parametrize("labelled", [0, 5, 20])
def test_a_queue_that_nobody_has_finished_proves_nothing(tmp_path: Path, labelled: int) -> None:
    """Times of which nothing was drawn are finished at once, and hold agreements only."""
    log = write_log(tmp_path / "log.jsonl", _losing(1500, every_s=300))
    queue = _queue(log, 60)

    found = _compare(log, [*_filled_in(queue[:labelled]), *queue[labelled:]], NOT_WORSE)

    assert found.verdict.decision == "undecided"


@pytest.mark.parametrize("policy", [Policy(), NOT_WORSE, Policy(require_robust=True)])
def test_a_label_that_only_the_challenger_knows_can_be_wrong(
    tmp_path: Path, policy: Policy
) -> None:
    """Its own label is no agreement: where it is wrong, the challenger has lost a document."""
    documents = [
        Seen(f"r-{n}", challenger="junk" if n % 5 == 0 else "contract", second=n)
        for n in range(500)
    ]
    log = write_log(tmp_path / "log.jsonl", documents)

    without = _compare(log, [], policy)
    found = _compare(log, [TrueLabel(seen.request_id, "contract") for seen in documents], policy)

    assert without.verdict.decision == "undecided"
    assert found.verdict.decision == "keep"
    assert found.report["accuracy"]["challenger"]["accuracy"]["value"] == pytest.approx(0.8)


@pytest.mark.parametrize(
    "policy", [NOT_WORSE, Policy(guardrails=(Guardrail.parse("class:contract=.05"),))]
)
def test_labels_that_are_rarer_on_disagreements_promote_nothing(
    tmp_path: Path, policy: Policy
) -> None:
    """Each labelled agreement looks like a document on which nothing was lost."""
    documents = _losing(4000, every_s=1)
    log = write_log(tmp_path / "log.jsonl", documents)
    labels = [
        TrueLabel(seen.request_id, "contract")
        for number, seen in enumerate(documents)
        if number % (2 if seen.challenger == "contract" else 25) == 0
    ]

    verdict = _compare(log, labels, policy).verdict

    assert verdict.decision != "promote"
    assert any("labels:agreement" in reason for reason in verdict.because)


def test_several_queues_tell_the_same_accuracy(tmp_path: Path) -> None:
    """Each stands for the same documents again, and rows that are left out stand for none."""
    log = write_log(tmp_path / "log.jsonl", _losing(3000, every_s=1))
    first = _filled_in(_queue(log, 150))
    second = _filled_in(_queue(log, 300, [label.request_id for label in first]))

    for labels in (first, [*first, *second], [*first, *second][::-1], first[:-20]):
        report = _compare(log, labels, Policy()).report
        accuracy = report["accuracy"]["challenger"]["accuracy"]["value"]
        assert accuracy == pytest.approx(1 - 1 / 10, abs=0.02)


def test_what_was_labelled_counts_while_the_service_goes_on(tmp_path: Path) -> None:
    """Documents that come after the draw were not drawn, and nobody waits for their labels."""
    documents = _losing(2400, every_s=1)
    before = write_log(tmp_path / "before.jsonl", documents[:2000])
    labels = _filled_in(_queue(before, 300))
    whole = write_log(tmp_path / "whole.jsonl", documents)

    first, later = (_compare(log, labels, Policy()) for log in (before, whole))

    assert first.verdict.decision == later.verdict.decision == "keep"


def test_labels_that_come_after_the_end_of_the_log_ripen(tmp_path: Path) -> None:
    """The last moment is that of the last label, where it is later than the last line."""
    documents = _losing(600, every_s=1)
    log = write_log(tmp_path / "log.jsonl", documents)
    moments = [START + timedelta(days=2, seconds=number) for number in range(len(documents))]
    labels = [
        TrueLabel(seen.request_id, "contract", labelled_at=moment)
        for seen, moment in zip(documents, moments, strict=True)
    ]

    found = _compare(log, labels, Policy(), ripe_s=None)

    assert found.report["labels"]["unripe"] <= 60
    assert found.verdict.decision == "keep"


def test_one_missed_document_does_not_change_the_kind_of_evidence(tmp_path: Path) -> None:
    """Robustness to a few misses is hardly less than the evidence itself."""
    documents = [
        Seen(f"r-{n}", challenger="invoice" if n % 8 == 0 else "contract", second=n)
        for n in range(2000)
    ]
    log = write_log(
        tmp_path / "log.jsonl", [*documents, Seen("lost", challenger=Missed.TIMEOUT, second=1)]
    )
    labels = _filled_in(_queue(log, 100), "invoice")

    success, *others = _compare(log, labels, Policy()).verdict.criteria

    (robust,) = (criterion for criterion in others if criterion.name == "robust to missing")
    assert labels[0].inclusion_probability == 0.25
    assert success.evidence is not None
    assert robust.evidence is not None
    assert success.evidence / 2 < robust.evidence < success.evidence
