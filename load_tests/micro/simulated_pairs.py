"""Simulated outcomes of challengers without labels: confidence, missed documents, cost."""

from __future__ import annotations

from math import inf, log
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.stats import norm

from guards.evidence.columns import COMPARED, Categories, PairColumns, VariantColumns
from guards.evidence.confidence_shift import honesty
from guards.evidence.effects import cost_effect
from guards.evidence.pair import Missed
from guards.evidence.pair_evidence import CostSums, PairEvidence
from guards.evidence.pair_sums import UNIT, exact_squares, fixed
from guards.evidence.quality import coverage_criteria
from guards.sequential.confidence_sequence import log_e_mean
from guards.sequential.error_budget import HARM_ALPHA, INTERVAL_ALPHA, PROMOTION_ALPHA, shared

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]

__all__ = [
    "LOOK",
    "MAX_COST",
    "Differences",
    "Misses",
    "flagged_after",
    "null_copies_beyond",
    "vetoed_after",
    "wrong_shifts",
]

LOOK = 100
"""Documents between two looks at coverage and null copies."""
MAX_COST = 1.2

Differences = Literal["uniform", "skewed"]
"""Of confidences, with mean 0: uniform to .5, or .02 on 95 % of documents and -.38 on the rest."""

Misses = Literal["long", "random", "bursts"]
"""Which documents are missed: the longest, any, or any hundred in a row."""

_DOCUMENTS = 10_000
_COST_LOOK = 20
_CLASSES = ("contract", "filing", "invoice", "letter", "memo", "report")
_CLASS_SHARES = (0.4, 0.25, 0.15, 0.1, 0.07, 0.03)
_SEGMENTS = ("americas", "apac", "emea")
_MEDIAN_TOKENS, _TOKENS_SPREAD = 180, 0.6


def wrong_shifts(kind: Differences, seeds: int) -> float:
    """Return how often differences of mean 0 are ever shown to be a shift, over 10,000 documents.

    They are looked at after each of the first hundred documents, and then after every tenth.
    """
    rng = np.random.default_rng(7)
    looks = np.array([*range(100), *range(109, _DOCUMENTS, 10)])
    shown = [_is_shown(_differences(kind, rng, _DOCUMENTS), looks) for _ in range(seeds)]
    return float(np.mean(shown))


def _is_shown(differences: Floats, looks: NDArray[np.int64]) -> bool:
    """Return whether 0 is ever outside the sequence: where either side has the evidence."""
    sums, squares = np.cumsum(differences)[looks], np.cumsum(differences**2)[looks]
    return bool((log_e_mean(np.abs(sums), squares) > -log(INTERVAL_ALPHA / 2)).any())


def _differences(kind: Differences, rng: np.random.Generator, documents: int) -> Floats:
    if kind == "uniform":
        return rng.uniform(-0.5, 0.5, documents)
    return rng.choice([-0.38, 0.02], documents, p=[0.05, 0.95])


def null_copies_beyond(documents: int, seeds: int) -> float:
    """Return the mean, over streams, of the most null copies that are ever beyond the bound.

    The challenger is less confident by .03, and the copies are looked at by hundreds.
    """
    rng = np.random.default_rng(8)
    most = []
    for seed in range(seeds):
        evidence, crossed = PairEvidence(), 0
        for start in range(0, documents, LOOK):
            shift = _differences("uniform", rng, LOOK) / 2 - 0.03
            ids = [f"{seed}-{row}" for row in range(start, start + LOOK)]
            evidence.update(_columns(ids, rng, shift=shift))
            crossed = max(crossed, honesty(evidence).crossed)
        most.append(crossed)
    return float(np.mean(most))


def flagged_after(kind: Misses, share: float, documents: int, seeds: int) -> Floats:
    """Return after how many documents coverage is said to differ, float64 [seeds]; inf if never.

    A ``share`` of the documents is missed; they are looked at by hundreds.
    """
    rng = np.random.default_rng(9)
    return np.array([_flagged_after(kind, share, documents, rng) for _ in range(seeds)])


def _flagged_after(kind: Misses, share: float, documents: int, rng: np.random.Generator) -> float:
    evidence = PairEvidence()
    for compared in range(LOOK, documents + 1, LOOK):
        deviations, chances = rng.normal(size=LOOK), rng.random(LOOK)
        missed = {
            "long": deviations > norm.isf(share),
            "random": chances < share,
            "bursts": np.full(LOOK, chances[0] < share),
        }[kind]
        evidence.update(_columns([""] * LOOK, rng, missed=missed, deviations=deviations))
        if any(criterion.shown for criterion in coverage_criteria(evidence)):
            return compared
    return inf


def _columns(
    ids: list[str],
    rng: np.random.Generator,
    *,
    shift: Floats | None = None,
    missed: Bools | None = None,
    deviations: Floats | None = None,
) -> PairColumns:
    """Return outcomes with a shift of confidence, or else with missed documents.

    ``deviations`` are those of the logarithm of the number of tokens, in standard deviations.
    """
    rows = len(ids)
    zeros, half = np.zeros(rows), np.full(rows, 0.5)
    labels = Categories(rng.choice(len(_CLASSES), rows, p=_CLASS_SHARES), _CLASSES)
    spread = zeros if deviations is None else deviations * _TOKENS_SPREAD
    missing = zeros if missed is None else missed
    shifted = half if shift is None else half + shift
    return PairColumns(
        request_ids=ids,
        observed_at=np.arange(rows),
        last=np.ones(rows, dtype=bool),
        segments=Categories(rng.integers(0, len(_SEGMENTS), rows), _SEGMENTS),
        tokens=np.ceil(_MEDIAN_TOKENS * np.exp(spread)).astype(np.int64),
        outcomes=Categories(missing.astype(np.int64), (COMPARED, Missed.TIMEOUT.value)),
        # What coverage is about does not depend on answers, and takes a quarter of the time.
        comparable=np.full(rows, shift is not None),
        champion=VariantColumns(labels, half, zeros, zeros, zeros),
        challenger=VariantColumns(labels, shifted, zeros, zeros, zeros),
        divergence=zeros,
    )


def vetoed_after(ratio: float, noise: float, documents: int, seeds: int) -> Floats:
    """Return after how many documents a cost of ``ratio`` is a veto, float64 [seeds]; inf if never.

    At most ``MAX_COST`` is allowed, and one other thing can veto. The ratio of a document has
    log-normal ``noise``, and documents are looked at by twenties.
    """
    rng = np.random.default_rng(10)
    drawn = (log(ratio) + noise * rng.normal(size=documents) for _ in range(seeds))
    return np.array([_vetoed_after(fixed(logarithms)) for logarithms in drawn])


def _vetoed_after(units: NDArray[np.int64]) -> float:
    harm_alpha = shared(HARM_ALPHA, 2)
    sums, limit = np.cumsum(units), log(MAX_COST) * UNIT
    for documents in range(_COST_LOOK, len(units) + 1, _COST_LOOK):
        total = int(sums[documents - 1])
        # Below the limit there is never any evidence of being above it.
        if total > limit * documents:
            cost = CostSums(documents, total, exact_squares(units[:documents]))
            effect = cost_effect(cost, MAX_COST, PROMOTION_ALPHA, harm_alpha)
            if effect.log_e_broken >= -log(harm_alpha):
                return documents
    return inf
