"""What the evidence says of each thing that a criterion can ask about: accuracy, cost, errors."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log
from typing import TYPE_CHECKING

from guards.evidence.pair_evidence import MAX_COST_RATIO
from guards.evidence.pair_sums import UNIT
from guards.sequential.confidence_sequence import log_e_mean, log_e_rate_below, radius, rate_below

if TYPE_CHECKING:
    from guards.evidence.gain import Gain
    from guards.evidence.pair_evidence import CostSums

__all__ = ["Effect", "better_effect", "cost_effect", "errors_effect", "not_worse_effect"]

_COST_SCALE = log(MAX_COST_RATIO)


@dataclass(frozen=True, slots=True)
class Effect:
    """Evidence, as logarithms of e-values, that what was asked for holds, and that it does not.

    ``worst`` and ``best`` bound the effect, each with the error that was asked for, and are None
    where nothing is known. ``words`` tell what was observed.
    """

    log_e_holds: float
    log_e_broken: float
    worst: float | None
    best: float | None
    words: str


def better_effect(gain: Gain, alpha: float, harm_alpha: float) -> Effect:
    """Return what is known of "the challenger is more accurate"; bounds are of the gain."""
    low, high = gain.bounds(alpha, harm_alpha)
    above, below = gain.log_e_above(0.0), gain.log_e_below(0.0)
    # Wins against losses tell more of the sign than the sequence of the mean does.
    if low is not None and above >= -log(alpha):
        low = max(low, 0.0)
    if high is not None and below >= -log(harm_alpha):
        high = min(high, 0.0)
    return Effect(above, below, low, high, _labels(gain))


def not_worse_effect(gain: Gain, margin: float, alpha: float, harm_alpha: float) -> Effect:
    """Return what is known of "the challenger loses at most ``margin``"; bounds are of the gain."""
    low, high = gain.bounds(alpha / 2, harm_alpha)
    if gain.compared:
        rate = float(rate_below(gain.disagreed, gain.compared, alpha / 2))
        low = max(-rate, -1.0 if low is None else low)
    words = f"labels differ on {gain.disagreed} of {gain.compared} documents; {_labels(gain)}"
    if not gain.compared:
        words = "no such document was compared"
    return Effect(gain.log_e_not_worse(margin), gain.log_e_below(-margin), low, high, words)


def cost_effect(cost: CostSums, max_ratio: float, alpha: float, harm_alpha: float) -> Effect:
    """Return what is known of "the challenger costs at most ``max_ratio`` times the champion".

    Costs are processor times. Bounds are of the geometric mean of their ratios.
    """
    if not cost.documents:
        words = "no document has the processor time of both in comparable passes"
        return Effect(-inf, -inf, None, None, words)
    total, limit = cost.ratio / UNIT, log(max_ratio)
    mean, excess = total / cost.documents, total - cost.documents * limit
    # About the limit, so that a cost which all documents have in common does not pass for noise.
    squares = max(cost.squares / UNIT**2 - limit * (total + excess), 0.0)
    scale = _COST_SCALE + limit
    above, below = (
        float(radius(squares, part, scale)) / cost.documents for part in (alpha, harm_alpha)
    )
    return Effect(
        float(log_e_mean(-excess, squares, scale)),
        float(log_e_mean(excess, squares, scale)),
        exp(mean + above),
        exp(mean - below),
        f"the processor times of {cost.documents} documents have a mean ratio of {exp(mean):.2f}",
    )


def errors_effect(
    errors: int, documents: int, max_share: float, alpha: float, harm_alpha: float
) -> Effect:
    """Return what is known of "the challenger fails on at most ``max_share`` of documents"."""
    words = f"the challenger failed on {errors} of {documents} documents"
    if not documents:
        return Effect(-inf, -inf, None, None, words)
    answered = documents - errors
    return Effect(
        float(log_e_rate_below(errors, documents, max_share)),
        float(log_e_rate_below(answered, documents, 1 - max_share)),
        float(rate_below(errors, documents, alpha)),
        1 - float(rate_below(answered, documents, harm_alpha)),
        words,
    )


def _labels(gain: Gain) -> str:
    if not gain.documents:
        return "no document has a label that counts yet"
    tally = gain.all
    return (
        f"where labels tell them apart, the challenger alone is right {tally.wins:.0f} times and "
        f"the champion alone {tally.losses:.0f} times"
    )
