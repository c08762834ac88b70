"""Measures against scipy's, and their bands against simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from guards.drift.feature_reference import NumericReference
from guards.drift.measures import (
    EFFECT_FLOOR,
    new_share_band,
    population_stability,
    population_stability_band,
    smallest_visible,
    wasserstein,
    wasserstein_band,
)

HELD_OUT = np.random.default_rng(1).normal(size=20_000)
PAGES = NumericReference.of(HELD_OUT)


def counted(values: np.ndarray) -> dict[str, object]:
    """Count values over the cells of PAGES."""
    cells = np.bincount(np.digitize(values, PAGES.edges), minlength=len(PAGES.counts))
    quanta = np.rint(values / PAGES.quantum).astype(np.int64)
    return {"counts": cells.tolist(), "total": int(quanta.sum())}


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.5, 3.0, 1e4])
def test_wasserstein_is_close_to_the_exact_one(shift: float) -> None:
    """In standard deviations, for shifts of any size, from cells alone, within a tenth."""
    live = np.random.default_rng(2).normal(shift, 1, size=20_000)
    exact = stats.wasserstein_distance(HELD_OUT, live) / HELD_OUT.std()
    assert wasserstein(PAGES, counted(live)) == pytest.approx(exact, rel=0.1, abs=0.01)


def test_wasserstein_of_what_has_no_spread() -> None:
    """A constant reference, or no value at all, has no distance."""
    constant = NumericReference.of(np.full(9, 2.0))
    assert wasserstein(constant, {"counts": [0, 5, 0], "total": 1}) is None
    assert wasserstein(PAGES, {"counts": [0] * len(PAGES.counts), "total": 0}) is None
    assert wasserstein_band(constant, 0.1) == 0


@pytest.mark.parametrize("documents", [200, 2_000])
def test_wasserstein_band_holds_without_drift(documents: int) -> None:
    """Of 1,000 windows without drift, about one in twenty passes the band."""
    generator = np.random.default_rng(3)
    noise = 1 / len(HELD_OUT) + 1 / documents
    band = wasserstein_band(PAGES, noise)
    found = [
        wasserstein(PAGES, counted(generator.normal(size=documents))) or 0.0 for _ in range(1_000)
    ]
    assert 0.02 <= np.mean(np.array(found) > band) <= 0.09


@pytest.mark.parametrize(("rows", "documents"), [(20_000, 1_000), (2_000, 2_000)])
def test_stability_band_holds_without_drift(rows: int, documents: int) -> None:
    """Of 2,000 windows without drift, about one in twenty passes the band."""
    generator, shares = np.random.default_rng(4), np.full(20, 1 / 20)
    expected = generator.multinomial(rows, shares, size=2_000)
    observed = generator.multinomial(documents, shares, size=2_000)
    band = population_stability_band(20, 1 / rows + 1 / documents)
    passed = [population_stability(*pair) > band for pair in zip(expected, observed, strict=True)]
    assert 0.03 <= np.mean(passed) <= 0.075


def test_stability_is_the_textbook_sum() -> None:
    """For cells with many documents, and finite where one side has an empty cell."""
    p, q = np.array([0.2, 0.3, 0.5]), np.array([0.5, 0.3, 0.2])
    found = population_stability((p * 10**7).astype(int).tolist(), (q * 10**7).astype(int).tolist())
    assert found == pytest.approx(((q - p) * np.log(q / p)).sum(), rel=1e-4)
    assert population_stability([5, 0], [0, 5]) > 1
    assert math.isfinite(population_stability([5, 0], [0, 5]))


@pytest.mark.parametrize(("unknown", "documents"), [(0, 1_000), (40, 500), (0, 50)])
def test_new_share_band_holds_without_drift(unknown: int, documents: int) -> None:
    """At most one in twenty windows without drift passes it, also where training knew them all."""
    generator, rows = np.random.default_rng(5), 20_000
    share = generator.beta(unknown + 1, rows - unknown + 1, size=20_000)
    found = generator.binomial(documents, share) / documents
    assert np.mean(found > new_share_band(unknown, rows, documents)) <= 0.06


def test_smallest_visible_shift() -> None:
    """At 2,000 and 20,000 rows .13 and .042 above the floor; without rows nothing is visible."""
    assert smallest_visible(2_000) == pytest.approx(EFFECT_FLOOR + 0.134, abs=1e-3)
    assert smallest_visible(20_000) == pytest.approx(EFFECT_FLOOR + 0.0424, abs=1e-3)
    assert smallest_visible(0) == smallest_visible(1) == math.pi
