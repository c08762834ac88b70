"""Two bundles on the same rows, against counts by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from artifacts.bundle.opening import open_bundle
from artifacts.evaluation.compare_bundles import compare_bundles
from artifacts.evaluation.evaluate_bundle import answers_to, measure
from guards.errors import CallError, TableError

if TYPE_CHECKING:
    from pathlib import Path

    from artifacts.bundle.opening import Bundle
    from artifacts.tables import Table


@pytest.fixture(scope="module")
def bundles(champion: Path, challenger: Path) -> list[Bundle]:
    """Return two bundles that answer some rows otherwise."""
    return [open_bundle(champion), open_bundle(challenger)]


def test_counts_are_those_of_the_rows(bundles: list[Bundle], small_table: Table) -> None:
    """Won, lost, agreement, p-value and each class follow from the answers to each row."""
    rows = len(small_table)

    comparison = compare_bundles(bundles, [small_table, small_table])

    labels = np.array(bundles[0].labels)
    first, second = (
        labels[answers_to(bundle, small_table)[0].argmax(axis=1)] for bundle in bundles
    )
    truth = np.array(small_table.labels)
    won, lost = (
        int(((one == truth) & (other != truth)).sum())
        for one, other in ((second, first), (first, second))
    )
    assert (comparison["rows"], comparison["won"], comparison["lost"]) == (rows, won, lost)
    assert won + lost > 0
    assert comparison["difference"]["value"] == pytest.approx((won - lost) / rows, abs=1e-6)
    assert comparison["agreement"]["value"] == pytest.approx((first == second).mean(), abs=1e-6)
    assert comparison["p_value"] == pytest.approx(stats.binomtest(won, won + lost).pvalue)
    assert set(comparison["classes"]) == set(small_table.labels)
    for name in ("rows", "won", "lost"):
        assert sum(gain[name] for gain in comparison["classes"].values()) == comparison[name]
    for bundle, figures in zip(bundles, comparison["bundles"], strict=True):
        alone = measure(bundle, small_table)
        assert figures["fingerprint"] == bundle.manifest.fingerprint
        assert {name: figures[name] for name in ("accuracy", "macro_f1", "classes")} == {
            name: alone[name] for name in ("accuracy", "macro_f1", "classes")
        }


def test_a_bundle_is_as_good_as_itself(bundles: list[Bundle], small_table: Table) -> None:
    """There is no difference, and an interval that says how well that is known."""
    table = small_table.take(range(30))

    comparison = compare_bundles([bundles[0], bundles[0]], [table, table])

    assert (comparison["won"], comparison["lost"], comparison["p_value"]) == (0, 0, 1.0)
    difference = comparison["difference"]
    assert difference["low"] < difference["value"] == 0 < difference["high"]
    assert comparison["agreement"]["value"] == 1.0


def test_only_rows_of_both_tables_count(bundles: list[Bundle], small_table: Table) -> None:
    """A row whose label one of the bundles does not know is in one table only."""
    first = replace(small_table.take(range(2, 40)), left_out=2)

    comparison = compare_bundles(bundles, [first, small_table.take([50, *range(30)])])

    assert (comparison["rows"], comparison["left_out"]) == (28, 12)
    assert [figures["rows"] for figures in comparison["bundles"]] == [28, 28]


def test_tables_of_other_labels_are_refused(bundles: list[Bundle], small_table: Table) -> None:
    """Answers to two questions cannot be paired."""
    other = small_table.take(range(len(small_table)))
    other.labels.reverse()

    with pytest.raises(CallError, match="two columns; use --label COL"):
        compare_bundles(bundles, [small_table, other])


def test_tables_without_a_common_row_are_refused(bundles: list[Bundle], small_table: Table) -> None:
    """Nothing is compared on no row."""
    tables = [small_table.take([0, 1]), small_table.take([2, 3])]

    with pytest.raises(TableError, match="no row has a label that both bundles know"):
        compare_bundles(bundles, tables)
