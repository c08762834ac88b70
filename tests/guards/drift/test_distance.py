"""Distances against scipy's, their bands against simulation, and what a score says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial import distance as scipy_distance

from guards.drift.distance import (
    BAND_LIMIT,
    DOCUMENTS_NEEDED,
    Metric,
    Score,
    jensen_shannon,
    kolmogorov_smirnov,
    null_band,
    score,
)
from guards.drift.feature_reference import CategoricalReference, NumericReference
from tests.guards.drift.sketching import sketched

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from guards.drift.feature_reference import FeatureReference
    from guards.json_types import JsonObject

    Distance = Callable[[Sequence[int], Sequence[int]], float]

counts = st.lists(st.integers(0, 10**9), min_size=1, max_size=40)
HELD_OUT = np.random.default_rng(21).lognormal(size=20_000)
PAGES = NumericReference.of(HELD_OUT)
COURTS = CategoricalReference.of(["NDCA"] * 600 + ["SDNY"] * 300 + [""] * 100, ["NDCA", "SDNY"])


def snapshot(reference: FeatureReference, values: Sequence[float] | Sequence[str]) -> JsonObject:
    """Sketch a window of one feature."""
    return sketched(values, reference)


@given(st.data())
def test_jensen_shannon_agrees_with_scipy(data: st.DataObject) -> None:
    """The distance is scipy's for any counts, and the same in both directions."""
    p = data.draw(counts)
    q = data.draw(st.lists(st.integers(0, 10**9), min_size=len(p), max_size=len(p)))
    assume(any(p) and any(q))
    oracle = scipy_distance.jensenshannon(p, q, base=2)
    assert jensen_shannon(p, q) == pytest.approx(oracle, abs=1e-7)
    assert jensen_shannon(p, q) == jensen_shannon(q, p)
    assert 0 <= jensen_shannon(p, q) <= 1


@pytest.mark.parametrize("distance", [jensen_shannon, kolmogorov_smirnov])
def test_ends_of_the_scale(distance: Distance) -> None:
    """Equal shares are 0 apart whatever the counts, and disjoint ones 1."""
    assert distance([1, 2, 3], [10, 20, 30]) == pytest.approx(0, abs=1e-7)
    assert distance([5, 0], [0, 9]) == 1


@pytest.mark.parametrize("distance", [jensen_shannon, kolmogorov_smirnov])
@pytest.mark.parametrize(("p", "q"), [([0, 0], [1, 2]), ([1, 2], [0, 0]), ([1, 2], [1, 2, 3])])
def test_nothing_to_compare_is_an_error(distance: Distance, p: list[int], q: list[int]) -> None:
    """An empty side or another number of cells raises ValueError."""
    with pytest.raises(ValueError, match="counts"):
        distance(p, q)


@pytest.mark.parametrize("shift", [0.0, 0.05, 0.3, 2.0])
@pytest.mark.parametrize("bins", [32, 64])
def test_kolmogorov_smirnov_is_close_to_the_exact_one(bins: int, shift: float) -> None:
    """On 20,000 lognormal values, D from cells is at most .01 below scipy's D and never above."""
    live = np.random.default_rng(22).lognormal(mean=shift, size=20_000)
    reference = NumericReference.of(HELD_OUT, bins=bins)
    exact = stats.ks_2samp(HELD_OUT, live).statistic
    binned = kolmogorov_smirnov(reference.counts, snapshot(reference, live.tolist())["counts"])
    assert exact - 0.01 <= binned <= exact + 1e-12


def test_kolmogorov_smirnov_is_exact_on_few_values() -> None:
    """Where every value has a cell of its own, D is scipy's D."""
    generator = np.random.default_rng(23)
    held_out = generator.poisson(2, 3_000).astype(np.float64)
    live = generator.poisson(2.2, 500).astype(np.float64)
    reference = NumericReference.of(held_out, bins=500)
    binned = kolmogorov_smirnov(reference.counts, snapshot(reference, live.tolist())["counts"])
    assert binned == pytest.approx(stats.ks_2samp(held_out, live).statistic)


@pytest.mark.parametrize(("held_out", "live"), [(20_000, 500), (2_000, 2_000), (20_000, 20_000)])
@pytest.mark.parametrize("metric", ["js", "ks"])
def test_band_holds_without_drift(metric: Metric, held_out: int, live: int) -> None:
    """In 2,000 simulated windows without drift, close to 5 % of the distances pass the band."""
    generator, cells = np.random.default_rng(24), 32
    references = generator.multinomial(held_out, np.full(cells, 1 / cells), size=2_000)
    windows = generator.multinomial(live, np.full(cells, 1 / cells), size=2_000)
    distance = jensen_shannon if metric == "js" else kolmogorov_smirnov
    band = null_band(metric, cells, held_out, live)
    passed = np.mean([distance(*pair) > band for pair in zip(references, windows, strict=True)])
    # Cells hide part of the largest gap, so that the band of D is on the safe side.
    low, high = (0.03, 0.075) if metric == "js" else (0.01, 0.06)
    assert low <= passed <= high


def test_band_shrinks_with_documents_and_ends_at_one() -> None:
    """The band falls with the root of the documents and never leaves the scale of the distance."""
    assert null_band("ks", 0, 400, 400) == pytest.approx(2 * null_band("ks", 0, 1600, 1600))
    assert null_band("js", 10, 400, 400) == pytest.approx(2 * null_band("js", 10, 1600, 1600))
    assert null_band("ks", 5, 10**9, 50) == pytest.approx(1.358 / 50**0.5)
    assert null_band("js", 10**6, 5, 5) == null_band("ks", 9, 1, 1) == 1
    assert null_band("js", 9, 0, 100) == null_band("ks", 9, 100, 0) == 1
    assert null_band("js", 1, 100, 100) == 0


def test_score_of_numbers() -> None:
    """A shifted number is scored by KS with JS beside it, far above the band of no drift."""
    live = np.random.default_rng(25).lognormal(mean=0.5, size=1_000)
    shifted = score(PAGES, snapshot(PAGES, [*live.tolist(), *[float("nan")] * 50]))
    assert shifted.metric == "ks"
    assert shifted.value is not None
    assert shifted.value == pytest.approx(stats.ks_2samp(HELD_OUT, live).statistic, abs=0.01)
    assert shifted.js is not None
    assert shifted.js > 0.1
    assert shifted.null_band == null_band("ks", 0, 20_000, 1_000)
    assert shifted.value > shifted.null_band
    assert (shifted.enough_data, shifted.documents) == (True, 1_050)


def test_score_of_numbers_without_drift() -> None:
    """The reference's own rows are at distance 0."""
    same = score(PAGES, snapshot(PAGES, HELD_OUT.tolist()))
    assert (same.value, same.js, same.enough_data) == (0, 0, True)


def test_missing_numbers_show_in_js() -> None:
    """When half of a column goes missing, KS sees nothing and JS sees it."""
    half = np.where(np.arange(20_000) % 2, HELD_OUT, np.nan)
    scored = score(PAGES, snapshot(PAGES, half.tolist()))
    assert scored.value is not None
    assert scored.js is not None
    assert scored.value < scored.null_band < scored.js


@pytest.mark.parametrize("gone", [float("nan"), float("inf")])
def test_column_gone_altogether_is_drift(gone: float) -> None:
    """A window without one finite value is scored by JS, at the far end, with enough data."""
    scored = score(PAGES, snapshot(PAGES, [gone] * 1_000))
    assert (scored.metric, scored.value, scored.enough_data) == ("js", 1, True)


def test_column_that_training_never_saw_is_drift() -> None:
    """Numbers where the reference had only missing values are scored by JS, at the far end."""
    reference = NumericReference.of(np.full(1_000, np.nan))
    scored = score(reference, snapshot(reference, [1.0] * 1_000))
    assert (scored.metric, scored.value) == ("js", 1)
    assert score(reference, snapshot(reference, [float("nan")] * 99)).value == 0


def test_score_of_categories() -> None:
    """Dictionary, missing and unknown are the cells of a categorical score."""
    scored = score(COURTS, snapshot(COURTS, ["NDCA"] * 300 + ["EDTX"] * 100 + [""] * 100))
    oracle = scipy_distance.jensenshannon([600, 300, 100, 0], [300, 0, 100, 100], base=2)
    assert scored.metric == "js"
    assert scored.value == scored.js == pytest.approx(oracle)
    assert scored.null_band == null_band("js", 4, 1_000, 500)


def test_cells_that_hold_nothing_do_not_widen_the_band() -> None:
    """The band counts the cells that hold something on either side, here three of four."""
    scored = score(COURTS, snapshot(COURTS, ["NDCA"] * 300))
    assert scored.null_band == null_band("js", 3, 1_000, 300)


@pytest.mark.parametrize(("reference", "metric"), [(PAGES, "ks"), (COURTS, "js")])
def test_empty_window_says_nothing(reference: FeatureReference, metric: str) -> None:
    """Without documents there is no value, and never enough data."""
    scored = score(reference, snapshot(reference, []))
    assert (scored.metric, scored.value, scored.js) == (metric, None, None)
    assert (scored.null_band, scored.enough_data, scored.documents) == (1, False, 0)


def test_empty_reference_says_nothing() -> None:
    """A feature without held-out rows has no value, however many documents come."""
    reference = CategoricalReference.of([], ["a"])
    scored = score(reference, snapshot(reference, ["a"] * 999))
    assert (scored.value, scored.enough_data) == (None, False)


def test_enough_data_needs_documents_and_a_narrow_band() -> None:
    """Both a number of documents and a band below the limit are needed to say anything."""
    generator = np.random.default_rng(26)
    few = snapshot(PAGES, generator.lognormal(size=DOCUMENTS_NEEDED - 1).tolist())
    just = snapshot(PAGES, generator.lognormal(size=DOCUMENTS_NEEDED).tolist())
    assert not score(PAGES, few).enough_data
    assert score(PAGES, just).enough_data
    names = [f"court-{number}" for number in range(200)]
    wide = CategoricalReference.of(names * 100, names)
    scored = score(wide, snapshot(wide, names))
    assert scored.null_band > BAND_LIMIT
    assert not scored.enough_data


def test_snapshot_over_other_cells_is_refused() -> None:
    """A snapshot counted over another reference raises ValueError."""
    other = NumericReference.of(np.arange(5.0))
    with pytest.raises(ValueError, match="cells"):
        score(PAGES, snapshot(other, [1.0]))


def test_score_is_plain_json() -> None:
    """A score has the fields of a window's score and survives JSON."""
    plain = score(COURTS, snapshot(COURTS, ["NDCA"] * 100)).to_json()
    assert json.loads(json.dumps(plain)) == plain
    assert plain.keys() == {
        *("metric", "value", "js", "null_band", "enough_data", "documents"),
        *("floor", "smallest_visible", "also"),
    }
    assert Score.from_json(plain).to_json() == plain
    assert Score.from_json({**dict.fromkeys(plain), "also": {}}).floor is None
