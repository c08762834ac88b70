"""E-values of one window, against those of the rule's own arithmetic."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.drift.alarm.bank import Bank
from guards.drift.alarm.evidence import Sample, log_terms, mean_term
from guards.drift.alarm.series import SeriesReference
from guards.drift.alarm.window_evidence import WindowEvidence
from guards.drift.measures import EFFECT_FLOOR

if TYPE_CHECKING:
    from guards.drift.alarm.series import Kind


def references(rng: np.random.Generator) -> dict[str, SeriesReference]:
    """Return references of several sizes and kinds, with rare cells and without any rows."""
    series = {"none": SeriesReference("ordered", np.zeros(3, dtype=np.int64), 0, 0)}
    for index, (cells, rows) in enumerate([(2, 50), (12, 3000), (40, 20_000), (400, 20_000)]):
        counts = rng.multinomial(rows, rng.dirichlet(np.full(cells + 2, 0.5)))
        kind: Kind = "ordered" if index % 2 else "categorical"
        series[str(index)] = SeriesReference(kind, counts[:-2], int(counts[-2]), int(counts[-1]))
    return series


def by_the_rule(reference: SeriesReference, counts: np.ndarray) -> float:
    """Return the logarithm of the e-value of these counts, as an alarm would compute it."""
    bank = Bank([reference])
    observed = bank.observed(bank.vector([counts], 0)[np.newaxis])
    sample = Sample(
        observed.successes[0],
        float(observed.documents[0, 0]),
        observed.shares[0],
        float(observed.rows[0, 0]),
        bank.one_sided,
    )
    return mean_term(log_terms(sample, EFFECT_FLOOR))


@pytest.mark.parametrize("documents", [0, 1, 50, 1000, 100_000])
def test_it_is_that_of_the_rule(documents: int) -> None:
    """For counts like the reference, and for others."""
    rng = np.random.default_rng(documents)
    series = references(rng)
    evidence = WindowEvidence(series)
    for concentration in (1e6, 10.0, 0.5):
        counts = {
            name: rng.multinomial(
                documents,
                rng.dirichlet(concentration * (each.counts + 1e-3) / (each.counts + 1e-3).sum()),
            )
            for name, each in series.items()
        }
        found = evidence.e_values(counts)
        for name, each in series.items():
            expected = min(by_the_rule(each, counts[name]), np.log(sys.float_info.max))
            assert np.log(found[name]) == pytest.approx(expected, rel=1e-8, abs=1e-8)


def test_without_drift_its_mean_is_no_more_than_one() -> None:
    """Whatever sample of the population the reference is."""
    rng = np.random.default_rng(1)
    shares = np.array([0.2, 0.3, 0.45, 0.05, 0.0])
    found = []
    for _ in range(300):
        rows = rng.multinomial(500, shares)
        evidence = WindowEvidence({"court": SeriesReference("categorical", rows[:-2], rows[-2], 0)})
        found += [
            evidence.e_values({"court": rng.multinomial(100, shares)})["court"] for _ in range(10)
        ]
    assert np.mean(found) < 1


def test_what_cannot_differ_is_no_evidence() -> None:
    """A series without any cell and row."""
    nothing = SeriesReference("ordered", np.zeros(0, dtype=np.int64), 0, 0)
    found = WindowEvidence({"none": nothing}).e_values({"none": np.zeros(2, dtype=np.int64)})
    assert found == {"none": 1}


def test_without_reference_rows_there_is_next_to_no_evidence() -> None:
    """A column without any held-out row has one cell, in which all values lie."""
    nothing = SeriesReference("ordered", np.zeros(1, dtype=np.int64), 0, 0)
    found = WindowEvidence({"none": nothing}).e_values({"none": np.array([10_000, 0, 0])})
    assert 1 < found["none"] < 10
