"""Replicas that answer less confidently than the others at the same time."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.diagnosis.periods import parse_period
from guards.diagnosis.playbook import diagnose
from guards.diagnosis.replica_skew import skew_notes
from guards.events.log_table import LogTable
from guards.evidence.columns import Categories
from tests.guards.diagnosis.test_class_residuals import answered
from tests.guards.diagnosis.traffic import BAD, GOOD, Replica, Traffic, write_log

if TYPE_CHECKING:
    from pathlib import Path

    from guards.diagnosis.documents import Documents

NEWER = {"torch": "2.14.0"}


def dealt(seed: int, less: float, hours: int = 48) -> Documents:
    """Return documents that are dealt to three replicas at random; the last is less confident."""
    generator = np.random.default_rng(seed)
    rows = 20 * hours
    taste = generator.normal(0, 0.02, hours)
    at = np.sort(generator.integers(0, hours, rows))
    replicas = generator.integers(0, 3, rows)
    confidence = 0.8 + taste[at] + generator.normal(0, 0.05, rows) - less * (replicas == 2)
    documents = answered(at, ["x"] * rows, confidence, np.full(rows, -1))
    names = [f"replica-{number}" for number in replicas]
    runs = Categories.of([f"run of {name}" for name in names])
    return replace(documents, replicas=Categories.of(names), runs=runs)


def test_the_one_that_is_less_confident_is_named() -> None:
    """With both means, and the call that compares it with another."""
    (note,) = skew_notes(dealt(1, 0.03))
    assert note.startswith("replica-2 is less confident than the other replicas")
    assert "--bad run of replica-2" in note
    assert "--good run of replica-2" not in note


def test_alike_replicas_are_not_named_more_often_than_they_may_be() -> None:
    """At a false discovery rate of .05; restless hours are those of all."""
    told = sum(bool(list(skew_notes(dealt(seed, 0.0)))) for seed in range(100))
    assert told <= 5


@pytest.mark.parametrize(("less", "hours"), [(0.005, 48), (0.1, 12)])
def test_little_and_few_hours_tell_nothing(less: float, hours: int) -> None:
    """A difference of .005 is beyond chance in enough documents, and explains nothing."""
    assert list(skew_notes(dealt(1, less, hours))) == []


def test_one_replica_has_no_others() -> None:
    """There is nothing to compare it with."""
    documents = dealt(1, 0.03)
    documents.replicas.codes[:] = 0
    assert list(skew_notes(documents)) == []


def test_two_replicas_are_compared_as_a_diagnosis_says(tmp_path: Path) -> None:
    """Their runs are the periods: what they run differs, and which replica answers is no input."""
    replicas = Replica("a"), Replica("b", before=NEWER, now=NEWER)
    path = write_log(Traffic(replicas=replicas, less={"b": 0.8}), tmp_path / "log.jsonl")
    periods = parse_period(GOOD, "--good", ()), parse_period(BAD, "--bad", ())
    with LogTable.read([path]) as log:
        (note,) = (each for each in diagnose(log, periods).notes if "replica" in each)
        assert note.endswith("--good a-bad --bad b-bad")
        runs = parse_period("a-bad", "--good", log.runs), parse_period("b-bad", "--bad", log.runs)
        (only,) = diagnose(log, runs).findings
    assert (only.code, only.subject, only.restores) == ("our_side", "library torch", None)
    assert only.at_most == 1


@pytest.mark.parametrize("offset", [0.0, 1e-17, 0.005])
def test_mirrored_replicas_are_alike(offset: float) -> None:
    """The same answers in every hour, as of a model that is always sure, are no skew."""
    rows = 48 * 10
    at = np.repeat(np.arange(48), 10)
    confidence = np.where(np.arange(rows) % 2, 1.0 - offset, 1.0)
    documents = answered(at, ["x"] * rows, confidence, np.full(rows, -1))
    names = Categories.of(["a", "b"] * (rows // 2))
    assert list(skew_notes(replace(documents, replicas=names, runs=names))) == []


def test_a_replica_with_harder_hours_is_not_the_less_confident_one() -> None:
    """It answers most of the hard hours, and is surer in each of them."""
    generator = np.random.default_rng(3)
    hard = np.arange(48) % 2
    at = np.repeat(np.arange(48), 40)
    own = generator.random(len(at)) < np.where(hard[at], 0.9, 0.1)
    confidence = np.asarray(0.9 - 0.3 * hard[at] + 0.02 * own, dtype=np.float64)
    confidence += generator.normal(0, 0.005, len(at))
    documents = answered(at, ["x"] * len(at), confidence, np.full(len(at), -1))
    names = Categories.of(["a" if each else "b" for each in own])
    (note,) = skew_notes(replace(documents, replicas=names, runs=names))
    assert note.startswith("b is less confident")
    mean, others = (float(number) for number in re.findall(r"0\.\d{4}", note))
    assert mean == pytest.approx(0.75, abs=0.005)
    assert others == pytest.approx(0.77, abs=0.005)
