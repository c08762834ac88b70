"""Whether the data behind a verdict can be trusted: who was missed, and who was labelled."""

from __future__ import annotations

from collections import defaultdict
from math import log
from typing import TYPE_CHECKING

from guards.evidence.criteria import Criterion, e_value
from guards.evidence.segments import OTHER_SEGMENTS
from guards.sequential.e_process import log_e_rates_differ
from guards.sequential.error_budget import QUALITY_ALPHA, shared

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from guards.evidence.label_evidence import LabelEvidence
    from guards.evidence.labelled_pairs import Population
    from guards.evidence.pair_evidence import PairEvidence
    from guards.evidence.pair_sums import Cell

    Rates = Mapping[str, tuple[int, int]]
    """Hits and trials of each stratum."""

__all__ = ["AGREEMENTS", "coverage_criteria", "label_rate_criteria"]

AGREEMENTS = "labels:agreement"
"""The test whether agreements are labelled more, or less, often than disagreements."""

_DIMENSIONS = ("length", "class", "segment")


def coverage_criteria(evidence: PairEvidence) -> Iterator[Criterion]:
    """Yield, for each dimension, whether its strata are missed at different rates."""
    alpha = shared(QUALITY_ALPHA, len(_DIMENSIONS))
    for dimension in _DIMENSIONS:
        rates = _missed_rates(evidence, dimension)
        yield _differs(f"coverage:{dimension}", "missed", rates, alpha)


def label_rate_criteria(evidence: LabelEvidence) -> Iterator[Criterion]:
    """Yield whether labels came at different rates by agreement, and apart by class and segment.

    Where disagreements were drawn, their rates are compared with the probability of the draw. What
    has no documents is not tested.
    """
    tests = [test for test in (*_came_rates(evidence), *_drawn_rates(evidence)) if test[1]]
    for name, rates, probability in tests:
        yield _differs(name, "labelled", rates, shared(QUALITY_ALPHA, len(tests)), probability)


def _missed_rates(evidence: PairEvidence, dimension: str) -> Rates:
    eligible, missed = evidence.eligible.sums, evidence.missed.sums
    trials = {key.name: count for key, count in eligible.items() if key.dimension == dimension}
    hits: defaultdict[str, int] = defaultdict(int)
    for key, count in missed.items():
        if key.dimension == dimension:
            # A segment may be among the others of all documents, but not of the missed ones.
            hits[key.name if key.name in trials else OTHER_SEGMENTS] += count
    return {name: (hits[name], count) for name, count in trials.items()}


def _came_rates(evidence: LabelEvidence) -> Iterator[tuple[str, Rates, float | None]]:
    yield AGREEMENTS, _agreement_rates(evidence), None
    for agree in (True, False):
        words = "agreements" if agree else "disagreements"
        for dimension in ("class", "segment"):
            hits, trials = (
                _by(dimension, {key: n for key, n in counts.items() if key.agree == agree})
                for counts in (evidence.labelled, evidence.ripe)
            )
            rates = {name: (hits.get(name, 0), count) for name, count in trials.items()}
            yield f"labels:{words}:{dimension}", rates, None


def _agreement_rates(evidence: LabelEvidence) -> Rates:
    rates = {}
    for agree in (True, False):
        hits, trials = (
            sum(n for key, n in counts.items() if key.agree == agree)
            for counts in (evidence.labelled, evidence.ripe)
        )
        if trials:
            rates["agreements" if agree else "disagreements"] = (hits, trials)
    return rates


def _by(dimension: str, counts: Mapping[Population, int]) -> dict[str, int]:
    sums: defaultdict[str, int] = defaultdict(int)
    for key, count in counts.items():
        name = _stratum(key.cell, dimension)
        if name is not None:
            sums[name] += count
    return sums


def _drawn_rates(evidence: LabelEvidence) -> Iterator[tuple[str, Rates, float | None]]:
    for probability in sorted({probability for _, probability in evidence.drawn} - {1.0}):
        for dimension in ("class", "segment"):
            rates: dict[str, tuple[int, int]] = {}
            for (cell, drawn_with), (hits, trials) in evidence.drawn.items():
                name = _stratum(cell, dimension)
                if name is not None and drawn_with == probability:
                    before = rates.get(name, (0, 0))
                    rates[name] = (before[0] + hits, before[1] + trials)
            yield f"labels:drawn at {probability:g}:{dimension}", rates, probability


def _stratum(cell: Cell, dimension: str) -> str | None:
    return cell.label if dimension == "class" else cell.segment


def _differs(
    name: str, verb: str, rates: Rates, alpha: float, probability: float | None = None
) -> Criterion:
    # In one order always, since sums of floating-point numbers depend on it.
    rates = dict(sorted(rates.items()))
    hits, trials = zip(*rates.values(), strict=True) if rates else ((), ())
    logarithm = log_e_rates_differ(hits, trials, probability) if sum(trials) else 0.0
    shown = logarithm >= log(1 / alpha)
    words = f"{name}: no stratum is {verb} more than others beyond chance"
    if shown:
        expected = probability if probability is not None else sum(hits) / sum(trials)
        odd = max(rates, key=lambda stratum: _distance(*rates[stratum], expected))
        share, documents = rates[odd][0] / rates[odd][1], rates[odd][1]
        stratum = "all other segments" if odd == OTHER_SEGMENTS else repr(odd)
        words = (
            f"{name}: of {documents} documents of {stratum} {share:.1%} are {verb}, "
            f"where {expected:.1%} would be expected"
        )
    return Criterion("quality", name, shown, None, e_value(logarithm), 1 / alpha, words)


def _distance(hits: int, trials: int, expected: float) -> float:
    """Return how far a stratum is from the expected rate, in squared standard errors."""
    variance = max(expected * (1 - expected), 1e-9) * trials
    return (hits - expected * trials) ** 2 / variance
