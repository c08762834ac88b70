"""Periods as people write them."""

from __future__ import annotations

import pytest

from guards.diagnosis.periods import Period, parse_period, refuse_overlap
from guards.errors import CallError
from guards.moments import from_rfc3339, microseconds

RUNS = ("1f0c", "1f9a", "77")


def at(text: str) -> int:
    """Return a moment in microseconds."""
    return microseconds(from_rfc3339(text))


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02..2026-03-09",
        "2026-03-02T00:00Z..2026-03-09T00:00:00Z",
        "2026-03-02T02:00+02:00..2026-03-08T20:00-04:00",
        " 2026-03-02 00:00 .. 2026-03-09 ",
    ],
)
def test_moments_are_in_utc_unless_they_say_otherwise(text: str) -> None:
    """Another zone's midnight is another moment."""
    period = parse_period(text, "--good", RUNS)
    assert period == Period(at("2026-03-02T00:00:00Z"), at("2026-03-09T00:00:00Z"))
    assert str(period) == "2026-03-02T00:00:00Z..2026-03-09T00:00:00Z"
    assert parse_period(str(period), "--good", RUNS) == period


@pytest.mark.parametrize(("text", "run"), [("1f0c", "1f0c"), ("7", "77"), ("1f9", "1f9a")])
def test_a_run_is_named_or_begun(text: str, run: str) -> None:
    """As much of its name as tells it from others."""
    assert parse_period(text, "--bad", RUNS) == Period.of_run(run)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-03-09..2026-03-02", "TO must be after FROM"),
        ("2026-03-02..2026-03-02", "TO must be after FROM"),
        ("2026-03-02..", "expected a date or a moment"),
        ("..2026-03-02", "expected a date or a moment"),
        ("yesterday..today", "'yesterday'"),
        ("2026-02-30..2026-03-02", "'2026-02-30'"),
        ("1f", "2 runs begin so"),
        ("zz", "no run of the log is called so"),
        ("", "no run of the log is called so"),
        ("a\x1b[31m..b", r"\x1b[31m"),
    ],
)
def test_what_is_no_period_is_said_in_one_line(text: str, told: str) -> None:
    """The option is named, and what was found."""
    with pytest.raises(CallError) as refusal:
        parse_period(text, "--bad", RUNS)
    assert str(refusal.value).startswith("--bad")
    assert told in str(refusal.value)
    assert str(refusal.value).isprintable()


def test_a_run_holds_what_is_its_own() -> None:
    """An alarm of another run is not in it, whenever it was raised."""
    assert Period(0, 10).holds("a", 9)
    assert not Period(0, 10).holds("a", 10)
    assert Period.of_run("a").holds("a", 10)
    assert not Period.of_run("a").holds("b", 10)


def test_a_document_is_in_one_period() -> None:
    """Periods that touch do not overlap; two runs never do, a run and a time may."""
    first, second = Period(0, 10), Period(10, 20)
    refuse_overlap(first, second)
    refuse_overlap(second, first)
    refuse_overlap(Period.of_run("a"), Period.of_run("b"))
    for good, bad in (
        (first, Period(9, 20)),
        (Period(0, 20), first),
        (first, first),
        (Period.of_run("a"), Period.of_run("a")),
        (Period.of_run("a"), first),
    ):
        with pytest.raises(CallError, match="overlap"):
            refuse_overlap(good, bad)
