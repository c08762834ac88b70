"""The harm gate: what it shows, what it rules out, and what it leaves open."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from guards.drift.calibration import CONFIDENCE_BINS, Calibration
from guards.drift.harm.error_proxy import ErrorProxy
from guards.drift.harm.gate import Harm, HarmGate, Judgement, Severity, severity_of
from guards.drift.harm.labelled_error import LabelledErrors
from guards.sequential.confidence_sequence import radius
from guards.sequential.starts import alpha_of_start

EASY, HARD = 190, 130
"""Bins whose answers are right in 98 % and in 70 % of held-out documents."""


@pytest.fixture(name="proxy")
def of_two_kinds() -> ErrorProxy:
    """Return a reference of 16,000 easy and 4,000 hard documents: .076 are wrong."""
    documents, correct = np.zeros((2, CONFIDENCE_BINS), dtype=int)
    documents[[EASY, HARD]] = 16_000, 4_000
    correct[[EASY, HARD]] = 15_680, 2_800
    return ErrorProxy.of({"memo": Calibration(tuple(documents.tolist()), tuple(correct.tolist()))})


def window(easy: int, hard: int) -> np.ndarray:
    """Return the histogram of so many documents."""
    histogram = np.zeros((1, CONFIDENCE_BINS), dtype=np.int64)
    histogram[0, [EASY, HARD]] = easy, hard
    return histogram


def judged(proxy: ErrorProxy, minutes: int, easy: int, hard: int, unseen: int = 0) -> Judgement:
    """Return what such minutes say about an alarm that began with them; unseen ones are easy."""
    gate = HarmGate(proxy)
    for minute in range(minutes):
        gate.push(minute, window(easy, hard), unseen, unseen * 0.02)
    return gate.judge(minutes)


def test_more_hard_documents_are_harm(proxy: ErrorProxy) -> None:
    """A share of hard documents twice as large pages within 6 windows."""
    judgement = judged(proxy, 6, easy=600, hard=400)
    assert judgement.harm is Harm.SHOWN
    assert severity_of(judgement.harm) is Severity.PAGE
    assert judgement.error == pytest.approx(0.132)
    assert judgement.reference_error == pytest.approx(0.076)
    assert judgement.reference_error + 0.02 < judgement.low < judgement.error


@pytest.mark.parametrize(("easy", "hard"), [(1000, 0), (800, 200), (790, 210)])
def test_documents_that_are_no_harder_are_ruled_out(
    proxy: ErrorProxy, easy: int, hard: int
) -> None:
    """However far the mix has moved, nobody is called where it is not harder."""
    judgement = judged(proxy, 30, easy, hard)
    assert judgement.harm is Harm.RULED_OUT
    assert severity_of(judgement.harm) is Severity.NOTICE
    assert judgement.high + judgement.margin < judgement.reference_error + 0.02


def test_too_few_documents_leave_it_open(proxy: ErrorProxy) -> None:
    """Three minutes of fifty documents say neither."""
    judgement = judged(proxy, 3, easy=40, hard=10)
    assert judgement.harm is Harm.UNKNOWN
    assert severity_of(judgement.harm) is Severity.ATTENTION


@pytest.mark.parametrize("unseen", [30, 1000])
def test_unseen_documents_are_never_ruled_out(proxy: ErrorProxy, unseen: int) -> None:
    """Confident answers to documents of a kind never seen may all be wrong."""
    assert judged(proxy, 60, easy=1000, hard=0).harm is Harm.RULED_OUT
    judgement = judged(proxy, 60, 800, 200, unseen)
    assert judgement.harm is Harm.UNKNOWN
    assert judgement.unseen_share == unseen / 1000
    assert judgement.high >= min(judgement.error + 0.98 * unseen / 1000, 1)


def test_crowded_cells_are_not_ruled_out(proxy: ErrorProxy) -> None:
    """Confident answers to documents that crowd a cell are not trusted, whatever its share was."""
    harms = []
    for crowd in (100, 600):
        gate = HarmGate(proxy, shares=np.array([0.9, 0.1]))
        for minute in range(60):
            gate.push(minute, window(1000, 0), cells=[1000 - crowd, crowd])
        harms.append(gate.judge(60))
    ordinary, crowded = harms
    assert (ordinary.harm, crowded.harm) == (Harm.RULED_OUT, Harm.UNKNOWN)
    assert crowded.high >= ordinary.error + 0.5
    assert crowded.unseen_share == 0


def test_bounds_are_those_of_the_documents(proxy: ErrorProxy) -> None:
    """One minute gives the confidence sequence of its documents' error probabilities."""
    gate = HarmGate(proxy, watched=3)
    gate.push(1, window(700, 300), 10, 10 * 0.02)
    judgement = gate.judge(1)
    errors = np.repeat([0.02, 0.3], [700, 300])
    alpha = alpha_of_start(0, 0.05, 3)
    spread = float(radius(((errors - 0.076) ** 2).sum(), alpha, 0.076))
    assert judgement.low == pytest.approx((errors.sum() - spread) / 1000)
    squares = ((errors - 0.076) ** 2).sum() + 10 * (1 - 0.076) ** 2
    spread = float(radius(squares, alpha, 1 - 0.076))
    assert judgement.high == pytest.approx((errors.sum() + 10 * 0.98 + spread) / 1000)
    assert (judgement.age_minutes, judgement.documents) == (1, 1000)


def test_more_gates_need_more_evidence(proxy: ErrorProxy) -> None:
    """The error probability is divided among all that are watched."""
    judgements = []
    for watched in (1, 1000):
        gate = HarmGate(proxy, watched)
        gate.push(0, window(700, 300))
        judgements.append(gate.judge(1))
    alone, among_many = judgements
    assert among_many.low < alone.low < alone.high < among_many.high


def test_an_alarm_is_judged_since_its_start(proxy: ErrorProxy) -> None:
    """Quiet hours before do not rule harm out: the youngest start that covers the alarm decides."""
    gate = HarmGate(proxy)
    for minute in range(256):
        gate.push(minute, window(800, 200))
    for minute in range(256, 260):
        gate.push(minute, window(20, 10))
    assert gate.judge(4).documents == 120
    assert gate.judge(4).harm is Harm.UNKNOWN
    assert gate.judge(64).harm is Harm.RULED_OUT


def test_quiet_minutes_before_an_alarm_dilute_nothing(proxy: ErrorProxy) -> None:
    """Where no start is as old as the alarm, harm since the alarm is not averaged away."""
    gate = HarmGate(proxy)
    for minute in range(63):
        gate.push(minute, window(8000, 2000))
    for minute in range(63, 64 + 12):
        gate.push(minute, window(7300, 2700))
    assert all(gate.judge(minutes).harm is not Harm.RULED_OUT for minutes in (9, 11, 13))
    assert gate.judge(40).harm is Harm.RULED_OUT


def test_an_alarm_without_documents_is_left_open(proxy: ErrorProxy) -> None:
    """Documents of before the alarm rule nothing out of the minutes that had none."""
    gate = HarmGate(proxy)
    for minute in range(63):
        gate.push(minute, window(1000, 0))
    gate.push(63, window(0, 0))
    assert gate.judge(1).harm is Harm.UNKNOWN


def test_nothing_is_known_before_the_first_minute(proxy: ErrorProxy) -> None:
    """An alarm that began before the gate did, or without any document, is left open."""
    assert HarmGate(proxy).judge(1).harm is Harm.UNKNOWN
    assert judged(proxy, 60, 0, 0).harm is Harm.UNKNOWN
    gate = HarmGate(proxy)
    gate.push(0, window(1_000_000, 0))
    assert (gate.judge(1).harm, gate.judge(2).harm) == (Harm.RULED_OUT, Harm.UNKNOWN)


def test_labels_rule_harm_out_where_answers_cannot(proxy: ErrorProxy) -> None:
    """Unseen documents that prove to be answered well need nobody."""
    gate = HarmGate(proxy)
    for minute in range(8):
        gate.push(minute, window(1000, 0), 1000, 20.0)
    assert gate.judge(8).harm is Harm.UNKNOWN
    well = LabelledErrors(right=1980, wrong=20, right_squares=1980, wrong_squares=20)
    badly = replace(well, right=1800, wrong=200, right_squares=1800, wrong_squares=200)
    assert gate.judge(8, well).harm is Harm.RULED_OUT
    assert gate.judge(8, badly).harm is Harm.UNKNOWN


def test_a_drifted_residual_leaves_it_open(proxy: ErrorProxy) -> None:
    """Where labels say that the calibration no longer holds, it rules nothing out."""
    gate = HarmGate(proxy)
    for minute in range(30):
        gate.push(minute, window(1000, 0))
    assert gate.judge(30).harm is Harm.RULED_OUT
    assert gate.judge(30, residual_drifted=True).harm is Harm.UNKNOWN


def test_a_reference_without_errors_is_judged() -> None:
    """A model that was never wrong on held-out rows still has bounds."""
    documents = (0,) * (CONFIDENCE_BINS - 1) + (5000,)
    proxy = ErrorProxy.of({"memo": Calibration(documents, documents)})
    gate = HarmGate(proxy)
    for minute in range(20):
        gate.push(minute, np.array([[0] * (CONFIDENCE_BINS - 1) + [1000]]))
    judgement = gate.judge(20)
    assert judgement.harm is Harm.RULED_OUT
    assert judgement.low == judgement.error == 0


def test_a_reference_without_rows_leaves_it_open() -> None:
    """Without held-out rows nothing is shown and nothing ruled out."""
    none = (0,) * CONFIDENCE_BINS
    proxy = ErrorProxy.of({"memo": Calibration(none, none)})
    assert judged(proxy, 20, 1000, 0).harm is Harm.UNKNOWN
