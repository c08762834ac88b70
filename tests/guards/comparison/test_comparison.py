"""What logs and labels together say of champion and challenger."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.bundle.identity import BundleIdentity
from guards.comparison.comparison import compare_logs
from guards.errors import CallError
from guards.events.feedback_received import FeedbackReceived
from guards.events.log_table import LogTable
from guards.evidence.criteria import Guardrail, Policy
from guards.evidence.labels import KnownLabels, LabelSource, TrueLabel
from guards.evidence.pair import ChallengerId, Missed
from tests.guards.comparison.logs import CHAMPION, LABELS, Seen, write_log

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from guards.comparison.comparison import Comparison

SECOND = ChallengerId("docs", "3")


def _compare(
    *logs: Path,
    labels: Iterable[TrueLabel] = (),
    policy: Policy | None = None,
    challenger: str | None = None,
) -> Comparison:
    with LogTable.read(logs) as log:
        known = KnownLabels([*log.feedback(), *labels])
        return compare_logs(log, known, policy or Policy(), challenger=challenger, ripe_s=0.0)


def _documents(count: int, disagree_every: int = 10) -> list[Seen]:
    """Return documents of which each n-th has another label from the challenger."""
    generator = np.random.default_rng(7)
    return [
        Seen(
            f"r-{number}",
            champion=LABELS[number % 3],
            challenger=LABELS[(number + (number % disagree_every == 0)) % 3],
            confidence=(0.9, float(generator.uniform(0.7, 0.9))),
            second=number,
            segment=("emea", "apac")[number % 2],
        )
        for number in range(count)
    ]


def _truths(documents: Iterable[Seen], *, won_by_challenger: float) -> list[TrueLabel]:
    """Return labels of which the challenger wins a share of the disagreements."""
    generator = np.random.default_rng(8)
    return [
        TrueLabel(
            seen.request_id,
            str(seen.challenger) if generator.random() < won_by_challenger else seen.champion,
        )
        for seen in documents
    ]


def test_a_quiet_drop_is_called_out_without_a_label(tmp_path: Path) -> None:
    """Lower confidence on the same documents is in the report, and in the reasons."""
    comparison = _compare(write_log(tmp_path / "log.jsonl", _documents(400)))

    challenger = comparison.to_json()["challengers"][0]
    assert -0.15 < challenger["confidence_shift"] < -0.05
    assert challenger["confidence_shift_interval"]["high"] < 0
    assert challenger["verdict"]["decision"] == "undecided"
    assert any("less confident by 0." in reason for reason in challenger["verdict"]["because"])


@pytest.mark.parametrize(("won", "decision"), [(0.9, "promote"), (0.1, "keep"), (0.5, "undecided")])
def test_labels_decide(tmp_path: Path, won: float, decision: str) -> None:
    """Where labels favour one variant on the disagreements, the verdict follows them."""
    documents = _documents(900)

    comparison = _compare(
        write_log(tmp_path / "log.jsonl", documents),
        labels=_truths(documents, won_by_challenger=won),
    )

    assert comparison.challengers[0].verdict.decision == decision


def test_labels_in_the_log_count(tmp_path: Path) -> None:
    """Feedback that the service wrote to its log is joined without a table."""
    documents = _documents(900)
    feedback = [
        FeedbackReceived(label.request_id, str(label.label), None)
        for label in _truths(documents, won_by_challenger=0.9)
    ]

    comparison = _compare(write_log(tmp_path / "log.jsonl", [*documents, *feedback]))

    assert comparison.challengers[0].verdict.decision == "promote"
    assert comparison.challengers[0].report["labels"]["labelled"] == 900


def test_replicas_and_days_give_the_same_digits_in_any_order(tmp_path: Path) -> None:
    """How documents are spread over files and runs changes nothing, to the last digit."""
    documents = _documents(600)
    labels = _truths(documents, won_by_challenger=0.7)
    whole = _compare(write_log(tmp_path / "whole.jsonl", documents), labels=labels)
    parts = [
        write_log(tmp_path / f"{part}.jsonl", documents[part::3], run=f"run-{part}")
        for part in (2, 0, 1)
    ]

    split = _compare(*parts, labels=reversed(labels))

    assert split.to_json()["challengers"] == whole.to_json()["challengers"]


def test_the_champion_of_before_is_left_out_and_said(tmp_path: Path) -> None:
    """Two champions are told apart by fingerprint, also where name and version are the same."""
    before = BundleIdentity(CHAMPION.name, CHAMPION.version, "sha256:" + "b" * 64)
    log = write_log(
        tmp_path / "log.jsonl",
        [Seen(f"old-{n}", model=before) for n in range(3)]
        + [Seen(f"new-{n}", second=60) for n in range(5)],
    )

    document = _compare(log).to_json()

    assert document["champion"]["fingerprint"] == CHAMPION.fingerprint
    assert document["champion"]["documents"] == 5
    assert [(other["fingerprint"], other["documents"]) for other in document["left_out"]] == [
        (before.fingerprint, 3)
    ]


def test_the_error_is_divided_among_the_challengers(tmp_path: Path) -> None:
    """With two of them each needs twice the evidence, also where only one is reported."""
    both = (ChallengerId("docs", "2"), SECOND)
    documents = [
        Seen(seen.request_id, seen.champion, seen.challenger, challengers=both, second=seen.second)
        for seen in _documents(100)
    ]

    comparison = _compare(write_log(tmp_path / "log.jsonl", documents), challenger="docs/3")

    (only,) = comparison.challengers
    assert only.challenger == SECOND
    assert only.verdict.criteria[0].needed == pytest.approx(40)
    assert any("divided among 2 challengers" in reason for reason in only.verdict.because)


def test_documents_with_a_label_of_one_variant_alone_are_left_out(tmp_path: Path) -> None:
    """What the other cannot answer is not a disagreement; it is counted."""
    log = write_log(
        tmp_path / "log.jsonl",
        [*_documents(50), Seen("odd", "contract", "a label of its own"), Seen("x", "memo")],
    )

    report = _compare(log).challengers[0].report

    assert report["not_comparable"] == 2
    assert report["compared"] == 52
    assert sum(sum(row.values()) for row in report["disagreements"].values()) == 50


def test_what_was_missed_has_its_reasons(tmp_path: Path) -> None:
    """Observed documents are compared ones and missed ones by reason."""
    log = write_log(
        tmp_path / "log.jsonl",
        [
            *_documents(10),
            Seen("late", challenger=Missed.TIMEOUT),
            Seen("broken", challenger=Missed.ERROR),
        ],
    )

    report = _compare(log).challengers[0].report

    assert (report["observations"], report["compared"]) == (12, 10)
    assert report["missed"] == {"error": 1, "timeout": 1}


def test_exclusive_passes_are_no_cost(tmp_path: Path) -> None:
    """The processor time of a pass with helper threads is left out, and counted."""
    documents = [
        Seen(f"r-{n}", cpu_s=(0.01, 0.02), exclusive=n % 2 == 0, second=n) for n in range(40)
    ]

    cost = _compare(write_log(tmp_path / "log.jsonl", documents)).challengers[0].report["cost"]

    assert cost["ratio"] == pytest.approx(2)
    assert (cost["documents"], cost["left_out"]) == (20, 20)


def test_corrections_are_shown_and_decide_nothing(tmp_path: Path) -> None:
    """Labels that came because an answer was disliked stay out of the evidence."""
    documents = _documents(900)
    corrections = [
        TrueLabel(label.request_id, label.label, LabelSource.CORRECTION)
        for label in _truths(documents, won_by_challenger=1.0)
    ]

    comparison = _compare(write_log(tmp_path / "log.jsonl", documents), labels=corrections)

    (challenger,) = comparison.challengers
    assert challenger.verdict.decision == "undecided"
    assert challenger.report["labels"]["corrections"] == 900
    assert challenger.report["labels"]["corrections_of_champion"] == 90
    assert challenger.report["accuracy"]["champion"] is None


@pytest.mark.parametrize(
    ("documents", "challenger", "words"),
    [
        ([FeedbackReceived("r", "contract", None)], None, "no answered document"),
        ([Seen("r", challengers=())], None, "was offered to a challenger"),
        ([Seen("r")], "docs/9", "no challenger 'docs/9' in the log; it holds"),
    ],
)
def test_a_log_without_pairs_is_a_wrong_call(
    tmp_path: Path,
    documents: list[Seen | FeedbackReceived],
    challenger: str | None,
    words: str,
) -> None:
    """The error says what is missing and what to do."""
    log = write_log(tmp_path / "log.jsonl", documents)

    with pytest.raises(CallError, match=words):
        _compare(log, challenger=challenger)


def test_a_guardrail_of_no_class_is_a_wrong_call(tmp_path: Path) -> None:
    """A typo would otherwise never be shown, and block for ever."""
    log = write_log(tmp_path / "log.jsonl", _documents(20))
    policy = Policy(guardrails=(Guardrail.parse("class:invoyce=.03"),))

    with pytest.raises(CallError, match="'invoyce' is none of the champion's labels"):
        _compare(log, policy=policy)


def test_everything_is_plain_json(tmp_path: Path) -> None:
    """No number is one that JSON does not have."""
    documents = _documents(30)
    log = write_log(tmp_path / "log.jsonl", documents)

    for labels in ([], _truths(documents, won_by_challenger=1.0)[:1]):
        json.dumps(_compare(log, labels=labels).to_json(), allow_nan=False)


def test_a_guarded_segment_is_judged_however_many_there_are(tmp_path: Path) -> None:
    """Names that clients invent do not make a guardrail unanswerable, with labels or without."""
    documents = [
        Seen(f"r-{n}", segment="guarded" if n % 2 else f"invented {n}", second=n)
        for n in range(800)
    ]
    labels = [TrueLabel(seen.request_id, seen.champion) for seen in documents]
    policy = Policy(guardrails=(Guardrail.parse("segment:guarded=.05"),))

    comparison = _compare(
        write_log(tmp_path / "log.jsonl", documents), labels=labels, policy=policy
    )

    (guardrail,) = (c for c in comparison.challengers[0].verdict.criteria if c.kind == "guardrail")
    assert guardrail.shown
    assert "labels differ on 0 of 400 documents" in guardrail.words
