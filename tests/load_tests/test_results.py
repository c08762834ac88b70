"""The table says what was measured, with what it is compared, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from statistics import median

import numpy as np
import pytest
from scipy.stats import binom

from load_tests.contenders import ALONE, EMPTY, EXPERT, INLINE, SHADOWED
from load_tests.first_paint import Report
from load_tests.measuring import EngineRun, Latency, Overload, Point, Recovery
from load_tests.results import Contest, Pair, Results, Row, as_table, median_interval


def point(clients: int, rate: float, cpu_ms: float) -> Point:
    """Return a closed loop."""
    return Point(clients, rate, cpu_ms, 0.1, 5.0, 9.0, 0)


def contest(rate: float, cpu_ms: float, idle_ms: float) -> Contest:
    """Return three rounds at 1 and 32 clients; 32 is the faster, and its median counts."""
    rounds = [
        point(clients, rate * factor, cpu_ms * factor)
        for factor in (0.5, 1.0, 3.0)
        for clients in (1, 32)
    ]
    slower = [
        Point(p.clients, p.rate * 0.9, p.server_cpu_ms, 0.1, 5.0, 9.0, 0) if p.clients == 1 else p
        for p in rounds
    ]
    return Contest(slower, [idle_ms, idle_ms * 9, idle_ms])


def pair(ratio: float) -> Pair:
    """Return a pair in which the shadow costs so much."""
    return Pair(Latency(10.0, 20.0, 1.0, 0), Latency(10.0 * ratio, 20.0 * ratio, 1.0, 0))


def results() -> Results:
    """Return the contests of a run of the benchmark."""
    contests = {
        ALONE: contest(200.0, 9.0, 12.0),
        SHADOWED: contest(90.0, 18.0, 13.0),
        EMPTY: contest(2000.0, 0.5, 1.0),
        "slow": contest(20.0, 100.0, 60.0),
        "fast": contest(40.0, 50.0, 30.0),
        EXPERT: contest(110.0, 18.0, 22.0),
        INLINE: contest(18.0, 100.0, 70.0),
    }
    return Results(contests=contests, at_defaults=["slow", "fast", "gone"])


def rows_of(measured: Results, what: str) -> list[Row]:
    """Return the rows whose first column opens so."""
    return [row for row in measured.rows() if row.what.startswith(what)]


def test_saturation_is_the_best_level_and_targets_are_for_the_best_peer() -> None:
    """Each peer has a row; the best at its defaults and the expert's have a target."""
    rows = {
        row.compared_with.split()[0]: row for row in rows_of(results(), "documents/s, champion")
    }

    assert set(rows) == {"slow", "fast", "expert's"}
    assert rows["fast"].measured == "200.0 (32 clients)"
    assert (rows["fast"].ratio, rows["fast"].met) == (5.0, True)
    assert rows["slow"].target is None
    assert rows["expert's"].ratio == pytest.approx(200 / 110)
    assert rows["expert's"].met


def test_the_shadow_is_compared_with_peers_without_one_and_with_one_inline() -> None:
    """Only its own saturation is compared with a challenger that is called inline."""
    rows = {row.compared_with.split(" 1")[0]: row for row in rows_of(results(), "documents/s, 100")}

    assert rows[INLINE].ratio == 5.0
    assert rows[INLINE].target is None
    assert rows["expert's"].met is False
    assert rows["expert's"].ratio == pytest.approx(90 / 110)


def test_overhead_is_what_neither_the_engine_nor_an_empty_route_spends() -> None:
    """The parts are subtracted round by round."""
    bare = [EngineRun(220.0, 4.0), EngineRun(220.0, 8.2), EngineRun(220.0, 25.0)]
    measured = replace(
        results(), engine="fast-one", bare=bare, engine_ms=[0.0, 4.0, 0.0, 8.2, 0.0, 25.0]
    )

    (row,) = rows_of(measured, "CPU ms")
    assert row.measured == "0.30 of 9.00"
    assert row.met
    (share,) = rows_of(measured, "service against")
    assert share.ratio == pytest.approx(200 / 220)
    assert "fast-one 220.0" in share.compared_with


@pytest.mark.parametrize(
    ("ratios", "met"), [([1.0] * 5 + [1.3] * 5, True), ([1.2] * 9 + [1.0], False)]
)
def test_the_shadow_is_felt_when_its_whole_interval_is_above(
    ratios: list[float], *, met: bool
) -> None:
    """Half of ten pairs are not enough, nine are; the ratio is the median."""
    rows = rows_of(
        replace(results(), pairs=[pair(ratio) for ratio in ratios], half_rate=100.0), "p"
    )

    assert [row.met for row in rows] == [met, met]
    assert rows[0].ratio == pytest.approx(median(ratios))


def test_overload_and_recovery_are_judged() -> None:
    """Work that nobody heard of, other statuses, and a slow recovery miss their targets."""
    good = Overload(200.0, 190.0, {"200": 1900, "429": 2100}, 1900, 9.5, 30.0)
    bad = Overload(200.0, 150.0, {"200": 1500, "429": 2100, "504": 400}, 1900, 12.0, 30.0)

    for overload, recovered_s, met in ((good, 0.2, True), (bad, float("inf"), False)):
        bursts = [Recovery(12.0, once_s, {"200": 600}) for once_s in (0.1, recovered_s, 9.0)]
        measured = replace(results(), overload=overload, recoveries=bursts)
        judged = [
            row.met
            for what in ("goodput", "… answers", "… documents", "seconds to idle")
            for row in rows_of(measured, what)
        ]
        assert judged == [met] * 4


def test_idle_latency_is_compared_with_the_best_peer() -> None:
    """Medians count, and the expert is a peer here as well."""
    rows = {row.compared_with.split()[0]: row for row in rows_of(results(), "idle")}

    assert rows["expert's"].ratio == pytest.approx(12 / 22)
    assert rows["expert's"].met is False
    assert rows["fast"].target is None


@pytest.mark.parametrize(
    ("size_bytes", "late_ms", "met"), [(150_000, 310.0, True), (150_001, 300.0, False)]
)
def test_a_report_is_small_and_soon_seen(size_bytes: int, late_ms: float, *, met: bool) -> None:
    """Its size and the median of its first paints are judged, and the range is told."""
    report = Report(size_bytes, [late_ms, 90.0 if met else late_ms, 120.0])

    size, paint = (*rows_of(replace(results(), report=report), "KB"), *_paints(report))

    assert (size.measured, size.target, size.met) == ("150.0", "≤ 150", met)
    assert (paint.measured, paint.target, paint.met) == ("120" if met else "300", "< 300", met)
    assert paint.compared_with == f"opened 3 times: {90 if met else 120} to {late_ms:.0f}"


def _paints(report: Report) -> list[Row]:
    return rows_of(replace(results(), report=report), "… ms to its first contentful paint")


def test_without_a_browser_a_report_has_its_size() -> None:
    """The text says why it has no more than that."""
    measured = replace(
        results(),
        report=Report(135_000, ()),
        absent={"first paint of a report": "no browser"},
        notes=["slow"],
    )

    assert [row.measured for row in rows_of(measured, "KB")] == ["135.0"]
    assert _paints(Report(135_000, ())) == []
    *_, absent, note = measured.as_text().splitlines()
    assert absent == "not measured: first paint of a report: no browser"
    assert note == "note: slow"


def test_what_was_not_measured_has_no_ratio() -> None:
    """Without peers, engine, pairs and overload, what is left is said without a verdict."""
    alone = Results(contests={name: results().contests[name] for name in (ALONE, SHADOWED, EMPTY)})

    assert {row.met for row in alone.rows()} == {None}
    assert [row.what for row in alone.rows()] == [
        "documents/s, champion only",
        "documents/s, 100 % shadow",
        "idle latency ms",
    ]


def test_the_table_and_its_json_say_the_same() -> None:
    """Columns line up, and everything measured is in one JSON document."""
    measured = replace(
        results(), pairs=[pair(1.0)] * 3, overload=Overload(1.0, 1.0, {"200": 1}, 1, 1.0, 1.0)
    )
    measured.report = Report(135_000, [90.0])

    heading, *lines = as_table(measured.rows()).splitlines()
    content = json.loads(json.dumps(measured.as_json()))

    assert [row["what"] for row in content["rows"]] == [row.what for row in measured.rows()]
    start = heading.index("compared with")
    assert all(line[start - 2 : start] == "  " for line in lines)
    assert len(content["contests"][ALONE]["points"]) == 6
    assert content["report"] == {"size_bytes": 135_000, "paints_ms": [90.0]}


@pytest.mark.parametrize("n", [2, 5, 6, 9, 10, 25])
def test_the_level_is_how_often_it_covers_the_median(n: int) -> None:
    """Of samples of a skewed distribution, as many intervals hold its median as is said."""
    samples = np.random.default_rng(n).lognormal(size=(1000, n))  # of median 1
    intervals = [median_interval(sample.tolist()) for sample in samples]

    covered = np.mean([interval.low <= 1.0 <= interval.high for interval in intervals])

    assert covered == pytest.approx(intervals[0].level, abs=0.03)
    assert [interval.median for interval in intervals] == np.median(samples, axis=1).tolist()


@pytest.mark.parametrize("n", [6, 8, 9, 10, 30, 59])
def test_it_is_the_narrowest_between_order_statistics_at_95(n: int) -> None:
    """As many values are left out on either side as the binomial distribution allows."""
    interval = median_interval([float(value) for value in range(n)])

    left_out = int(interval.low)
    assert interval.high == n - 1 - left_out
    assert interval.level == pytest.approx(1 - 2 * binom.cdf(left_out, n, 0.5))
    assert interval.level >= 0.95
    assert 1 - 2 * binom.cdf(left_out + 1, n, 0.5) < 0.95


def test_few_values_give_their_range_and_say_what_it_is_worth() -> None:
    """Five values cannot reach 95 in 100; order does not matter."""
    interval = median_interval([3.0, 1.0, 2.0, 5.0, 4.0])

    assert (interval.low, interval.median, interval.high) == (1.0, 3.0, 5.0)
    assert interval.level == pytest.approx(1 - 2 / 2**5)
