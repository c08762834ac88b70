"""Scores by hand, against the scores of the service, scipy and numpy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from guards.drift.alarm.window_evidence import WindowEvidence
from guards.drift.by_hand.cells import counted_cells
from guards.drift.by_hand.score import score_by_hand, shown_numbers
from guards.drift.distance import score
from guards.drift.feature_reference import CategoricalReference, NumericReference
from guards.drift.sketch import merge
from guards.drift.teaching import kind_of, series_of
from service.observation.variant_alarms import cell_counts
from tests.guards.drift.sketching import sketched

if TYPE_CHECKING:
    from guards.drift.feature_reference import FeatureReference
    from guards.json_types import JsonObject

COURTS = CategoricalReference.of(
    [*["NDCA"] * 500, *["SDNY"] * 300, *["EDTX"] * 150, *[""] * 30, *["CDCA"] * 20],
    ["NDCA", "SDNY", "EDTX"],
)
HELD_OUT = np.random.default_rng(1).lognormal(1, 0.6, size=2_000).round(1)
PAGES = NumericReference.of(np.append(HELD_OUT, [math.nan] * 40))


def window(reference: FeatureReference, seed: int = 2, documents: int = 300) -> JsonObject:
    """Sketch documents that differ from the reference."""
    generator = np.random.default_rng(seed)
    if isinstance(reference, CategoricalReference):
        drawn = generator.choice(["NDCA", "SDNY", "EDTX", "", "WDTX"], documents)
        return sketched(drawn.tolist(), reference)
    numbers = generator.lognormal(1.2, 0.7, size=documents).round(1)
    numbers[generator.random(documents) < 0.05] = math.nan
    numbers[generator.random(documents) < 0.02] = -math.inf
    return sketched(numbers.tolist(), reference)


def shares(reference: FeatureReference, counts: JsonObject) -> tuple[np.ndarray, np.ndarray]:
    """Return the counts of all cells of both sides."""
    outside = "infinite" if isinstance(reference, NumericReference) else "unknown"
    observed = [*counts["counts"], counts["missing"], counts[outside]]
    return np.array(reference.cell_counts), np.array(observed)


@pytest.mark.parametrize("reference", [COURTS, PAGES])
def test_terms_of_cells_add_up_to_the_oracles(reference: FeatureReference) -> None:
    """The root of the js terms is scipy's distance, and the psi terms add up to numpy's PSI."""
    counts = window(reference)
    expected, observed = shares(reference, counts)

    found = score_by_hand(reference, counts)

    distance = jensenshannon(expected, observed, base=2)
    assert math.sqrt(sum(found.divergence)) == pytest.approx(distance)
    assert found.steps["js"].value == pytest.approx(distance)
    p, q = ((each + 0.5) / (each + 0.5).sum() for each in (expected, observed))
    assert sum(found.stability) == pytest.approx(((q - p) * np.log(q / p)).sum())
    used = np.count_nonzero(expected + observed)
    noise = 1 / expected.sum() + 1 / observed.sum()
    band = stats.chi2.ppf(0.95, used - 1) * noise
    assert found.steps["psi null band"].value == pytest.approx(band)
    assert found.steps["js null band"].value == pytest.approx(math.sqrt(band / (8 * math.log(2))))


def test_gaps_below_edges_are_those_of_the_oracles() -> None:
    """The largest is scipy's statistic over cells, and the area the integral of all of them."""
    counts = window(PAGES)
    expected, observed = (np.array(each) for each in (PAGES.counts, counts["counts"]))
    cells = np.arange(len(expected))

    found = score_by_hand(PAGES, counts)

    oracle = stats.ks_2samp(np.repeat(cells, expected), np.repeat(cells, observed)).statistic
    assert max(row.gap for row in found.cumulative) == pytest.approx(oracle)
    assert found.steps["ks"].value == pytest.approx(oracle)
    gaps = [row.gap for row in found.cumulative]
    area = np.trapezoid(gaps, PAGES.edges) / HELD_OUT.std()
    assert sum(row.area or 0 for row in found.cumulative) == pytest.approx(area, rel=1e-3)


CONSTANT = NumericReference.of(np.full(50, 7.0))
NEVER = NumericReference.of(np.full(80, math.nan))
HUGE = NumericReference.of(np.array([-1.7e308, 1.7e308, 0.0, 1.0] * 20))
ONE = CategoricalReference.of(["x"] * 60, ["x"])
EMPTY = CategoricalReference.of([], ["x", "y"])
MANY = CategoricalReference.of(
    [str(n % 10_000) for n in range(20_000)], [str(n) for n in range(10_000)]
)


@pytest.mark.parametrize(
    ("reference", "values"),
    [
        (COURTS, ["NDCA"]),
        (COURTS, ["NDCA", "EDTX", "", "WDTX"] * 20),
        (COURTS, []),
        (PAGES, [3.0]),
        (PAGES, [math.nan] * 44),
        (PAGES, [math.inf, math.nan] * 30),
        (PAGES, [1e300, -1e300, 2.0] * 30),
        (PAGES, []),
        (CONSTANT, [7.0] * 60),
        (CONSTANT, [8.0] * 60),
        (NEVER, [math.nan] * 60),
        (NEVER, [1.0] * 60),
        (NEVER, []),
        (HUGE, [0.5, 1.0] * 30),
        (ONE, ["x"] * 60),
        (ONE, ["y"] * 60),
        (EMPTY, ["x"] * 60),
        (EMPTY, []),
        (MANY, [str(n) for n in range(300)]),
    ],
)
def test_every_number_is_found_again(
    reference: FeatureReference, values: list[float | str]
) -> None:
    """What the service says of odd references and windows is what is computed by hand."""
    counts = sketched(values, reference)
    said = score(reference, counts).rounded()

    found = score_by_hand(reference, counts)

    assert [each for each in shown_numbers(said) if not found.agrees(*each)] == []


@pytest.mark.parametrize(
    ("reference", "values"),
    [
        *((COURTS, values) for values in (["NDCA"] * 60, ["NDCA", "EDTX", "", "WDTX"] * 20, [])),
        *((PAGES, values) for values in ([3.0], [math.nan] * 44, [-1.0, 2.0, math.inf] * 99, [])),
        *((each, ["7"] * 60) for each in (ONE, EMPTY, MANY)),
        *((each, [7.0, 8.0] * 20) for each in (CONSTANT, NEVER, HUGE)),
    ],
)
def test_evidence_is_found_again(reference: FeatureReference, values: list[float | str]) -> None:
    """The mean of what is computed division by division is the e-value of the window."""
    counts = sketched(values, reference)
    series = series_of(kind_of(reference), reference.cell_counts, None)
    (e_value,) = WindowEvidence({"": series}).e_values({"": cell_counts(counts)}).values()

    found = score_by_hand(reference, counts)

    assert found.steps["e_value"].value == pytest.approx(e_value, rel=1e-6)
    assert found.agrees("e_value", float(f"{e_value:.4g}"))


@pytest.mark.parametrize("reference", [COURTS, PAGES])
@pytest.mark.parametrize("documents", [1, 60, 3_000])
def test_every_number_is_found_again_at_any_size(
    reference: FeatureReference, documents: int
) -> None:
    """With one document, few and many, and also of windows that were merged."""
    counts = merge(window(reference, 3, documents), window(reference, 4, documents))
    shown = shown_numbers(score(reference, counts).rounded())

    found = score_by_hand(reference, counts)

    assert all(found.agrees(name, value) for name, value in shown)


def test_a_number_that_is_off_is_told() -> None:
    """One unit in the last of four digits is enough, and so is what is no number."""
    found = score_by_hand(COURTS, window(COURTS))
    value = found.steps["js"].value
    assert value is not None
    shown = float(f"{value:.4g}")
    assert found.agrees("js", shown)
    assert not found.agrees("js", shown + 1e-4)
    assert not found.agrees("js", shown - 1e-4)
    for wrong in (None, "0.3", True):
        assert not found.agrees("js", wrong)
    assert found.agrees("enough_data", shown=True)
    for other in (None, "yes", 1, False):
        assert not found.agrees("enough_data", other)
    assert not found.agrees("ks", 0.3)


def test_cells_are_named_by_their_values() -> None:
    """A value with a cell of its own stands alone; brackets tell which end belongs to a cell."""
    reference = NumericReference.of(np.array([0.0] * 50 + [1.0, 2.0, 3.0, 4.0] * 10), bins=4)
    names = [cell.name for cell in counted_cells(reference, sketched([], reference))]
    assert names == ["below 0", "0", "(0, 2)", "[2, 4]", "above 4", "missing", "infinite"]
    court_names = [cell.name for cell in counted_cells(COURTS, sketched([], COURTS))]
    assert court_names == ["NDCA", "SDNY", "EDTX", "missing", "unknown"]


def test_cells_of_a_private_feature_name_no_value() -> None:
    """Neither categories nor edges, which are values of training rows."""
    for reference, named in ((COURTS, "NDCA"), (PAGES, "2.7")):
        found = score_by_hand(reference, window(reference), private=True)
        names = [cell.name for cell in found.cells] + [row.name for row in found.cumulative]
        assert not [name for name in names if named in name]
        assert names[0] == "cell 1"


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"counts": [1, 2], "missing": 0, "unknown": 0}, "2 cells, and the reference 3"),
        ({"counts": [1, 2, "3"], "missing": 0, "unknown": 0}, "must be a whole number"),
        ({"counts": [1, 2, 3], "missing": 0}, "unknown is missing"),
        ({"counts": [1, 2, -3], "missing": 0, "unknown": 0}, "below 0"),
    ],
)
def test_counts_over_other_cells_are_refused(counts: JsonObject, words: str) -> None:
    """The error says what does not fit."""
    with pytest.raises(ValueError, match=words):
        score_by_hand(COURTS, counts)
