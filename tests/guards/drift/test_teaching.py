"""What good weeks teach: hours exactly, and the variance beyond sampling."""

from __future__ import annotations

import numpy as np
import pytest

from guards.drift.teaching import MIN_MINUTES, WEEK, cycle_points, series_of, taught_reference

MINUTES = np.arange(4 * WEEK)


def counts_of(shares: np.ndarray, documents: int, seed: int = 1) -> np.ndarray:
    """Return counts of a category with such shares, of one other, and of nothing else."""
    hits = np.random.default_rng(seed).binomial(documents, shares)
    return np.column_stack([hits, documents - hits, 0 * hits, 0 * hits])


def wandering(deviation: float, persistence: float) -> np.ndarray:
    """Return an AR(1) process of four weeks."""
    steps = np.random.default_rng(2).normal(size=len(MINUTES)) * np.sqrt(1 - persistence**2)
    values = np.zeros(len(MINUTES))
    for minute in range(1, len(MINUTES)):
        values[minute] = persistence * values[minute - 1] + steps[minute]
    return deviation * values


def test_hours_are_the_counts_of_each_hour_of_the_week() -> None:
    """Every minute is counted in its hour, from whatever minute on."""
    minutes = MINUTES + 12_345
    counts = counts_of(np.full(len(MINUTES), 0.2), 10)

    reference = taught_reference("categorical", minutes, counts)

    assert reference.hours is not None
    assert reference.hours.sum(axis=0).tolist() == counts.sum(axis=0).tolist()
    of_hour = (minutes % WEEK) // 60 == 37
    assert reference.hours[37].tolist() == counts[of_hour].sum(axis=0).tolist()
    assert reference.counts.tolist() == counts.sum(axis=0).tolist()


def test_independent_documents_have_hardly_any_excess() -> None:
    """Quiet traffic is thought at most as restless as its sampling; three times over weeks."""
    documents = 100

    excess = taught_reference(
        "categorical", MINUTES, counts_of(np.full(len(MINUTES), 0.2), documents)
    ).excess

    assert excess is not None
    sampling = 1 / (documents * 2.0 ** np.arange(16))
    assert (excess[:11] <= sampling[:11]).all()
    assert (excess[11:] <= 3 * sampling[11]).all()


def test_a_cycle_is_no_excess() -> None:
    """Hours explain it, so that a series with a daily cycle is as well known as one without."""
    cycle = 0.2 + 0.1 * np.sin(2 * np.pi * MINUTES / 1440)

    excess = taught_reference("categorical", MINUTES, counts_of(cycle, 100)).excess

    assert excess is not None
    assert excess[0] < 1e-3
    assert excess[11] < 1e-5


def test_a_wandering_share_has_its_variance() -> None:
    """Of an AR(1) process: .02²/(p(1 - p)) in a minute, and of longer times what theory says."""
    deviation, persistence = 0.02, 0.98

    excess = taught_reference(
        "categorical", MINUTES, counts_of(0.2 + wandering(deviation, persistence), 200)
    ).excess

    assert excess is not None
    for level in (0, 4, 7):
        size = 2**level
        lags = np.arange(1, size)
        mean = (size + 2 * ((size - lags) * persistence**lags).sum()) / size**2
        # What an hour of the three other weeks adds is left in, and so are two standard errors.
        truth = deviation**2 / 0.16 * mean
        assert truth < excess[level] < 1.6 * truth


def test_longest_times_have_the_variance_of_shorter_ones() -> None:
    """Four weeks hold too few blocks of a week to tell how those vary."""
    excess = taught_reference(
        "categorical", MINUTES, counts_of(0.2 + wandering(0.02, 0.98), 50)
    ).excess

    assert excess is not None
    assert (excess[12:] == excess[12]).all()
    assert 0 < excess[12] < excess[8]


def test_rare_values_do_not_make_a_series_restless() -> None:
    """A value of some documents in a month tells nothing about the variance of the others."""
    counts = counts_of(np.full(len(MINUTES), 0.2), 50)
    counts[777, -1] += 40
    quiet = counts_of(np.full(len(MINUTES), 0.2), 50)

    excess, expected = (
        taught_reference("categorical", MINUTES, each).excess for each in (counts, quiet)
    )

    assert excess == pytest.approx(expected, rel=0.2)


def test_gaps_and_empty_minutes_are_no_excess() -> None:
    """Nights without documents, or without looks, teach nothing and stop nothing."""
    counts = counts_of(np.full(len(MINUTES), 0.2), 100)
    counts[MINUTES % 1440 >= 1100] = 0
    looked = MINUTES % 1440 < 1100

    empty = taught_reference("ordered", MINUTES, counts).excess
    absent = taught_reference("ordered", MINUTES[looked], counts[looked]).excess

    assert empty is not None
    assert np.isfinite(empty).all()
    assert absent == pytest.approx(empty)


def test_a_constant_series_has_none() -> None:
    """One cell has no share that could vary."""
    counts = np.tile([5, 0, 0], (len(MINUTES), 1))

    assert taught_reference("categorical", MINUTES, counts).excess == pytest.approx(np.zeros(16))


@pytest.mark.parametrize("minutes", [0, 1, WEEK, MIN_MINUTES])
def test_less_than_two_weeks_are_refused(minutes: int) -> None:
    """A single week has nothing to be compared with."""
    with pytest.raises(ValueError, match="at least two good weeks"):
        taught_reference("ordered", np.arange(minutes), np.ones((minutes, 4), dtype=np.int64))


def test_the_size_of_a_cycle_is_its_amplitude() -> None:
    """Of a sine of ±10 points it is 10, and next to nothing where shares stay."""
    cycle = 0.2 + 0.1 * np.sin(2 * np.pi * MINUTES / 1440)
    quiet = np.full(len(MINUTES), 0.2)

    with_cycle, without = (
        cycle_points(taught_reference("categorical", MINUTES, counts_of(shares, 100)))
        for shares in (cycle, quiet)
    )

    assert with_cycle == pytest.approx(10, abs=0.2)
    assert without < 0.2


def test_untaught_series_have_no_cycle() -> None:
    """There are no hours to compare."""
    assert cycle_points(series_of("ordered", [5, 5, 0, 0], None)) == 0
