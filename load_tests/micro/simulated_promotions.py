"""Simulated labels of discordant documents, on which one variant alone is right: what they promote.

The evidence depends on how many were won and lost alone. After so many discordant documents a
smallest number of won ones therefore promotes, and streams of labels are compared with it after
each of their documents.
"""

from __future__ import annotations

from math import inf, log
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

from guards.evidence.criteria import Policy
from guards.evidence.gain import Gain, Tally
from guards.evidence.labels_needed import labels_needed
from guards.sequential.e_process import log_e_more_wins
from guards.sequential.error_budget import PROMOTION_ALPHA, QUALITY_ALPHA

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = [
    "POWER",
    "Case",
    "days_until_blocked",
    "documents_to_promotion",
    "enough_labels",
    "first_look",
    "mcnemar_documents",
    "stops_of_one_set",
    "wins_needed",
    "wrong_promotions",
]

POWER = 0.8
_MAX_DISCORDANT = 2000
_MAX_FORETOLD = 20_000
_MAX_PLANNED = 8_000
_HOURS_A_DAY = 24


class Case(NamedTuple):
    """Accuracies of the variants, and the share of documents on which one alone is right."""

    champion: float
    challenger: float
    discordant: float

    @property
    def won(self) -> float:
        """The share of discordant documents on which the challenger is right."""
        return (1 + (self.challenger - self.champion) / self.discordant) / 2


def wins_needed(discordant: int) -> Ints:
    """Return how many wins promote after 0, 1, … discordant documents; one too many if none do."""
    after = np.arange(discordant + 1)
    low, high = np.zeros_like(after), after + 1
    while (low < high).any():
        middle = (low + high) // 2
        enough = log_e_more_wins(middle, after - middle) >= -log(PROMOTION_ALPHA)
        high = np.where(enough, middle, high)
        low = np.minimum(np.where(enough, low, middle + 1), high)
    return high


def first_look(crossed: Bools, looks: Ints) -> Floats:
    """Return the first of increasing looks, [seeds, looks], that has crossed; inf where none."""
    return np.asarray(np.where(crossed, looks, inf).min(axis=1))


def wrong_promotions(won: float, seeds: int) -> float:
    """Return how often a challenger that wins such a share of the discordant is ever promoted."""
    stream = np.random.default_rng(1).random((seeds, _MAX_DISCORDANT)) < won
    return float(np.isfinite(first_look(_promoted(stream), np.arange(_MAX_DISCORDANT))).mean())


def documents_to_promotion(case: Case, seeds: int) -> Floats:
    """Return after how many labelled documents a better challenger is promoted, float64 [seeds]."""
    rng = np.random.default_rng(2)
    stream = rng.random((seeds, _MAX_DISCORDANT)) < case.won
    documents = np.cumsum(rng.geometric(case.discordant, stream.shape), axis=1)
    return first_look(_promoted(stream), documents)


def mcnemar_documents(case: Case, sides: int = 2, power: float = POWER) -> int:
    """Return how many documents the exact test of McNemar needs, planned for one look."""
    low, high = 1, _MAX_PLANNED
    while low < high:
        middle = (low + high) // 2
        enough = _mcnemar_power(case, middle, sides) >= power
        low, high = (low, middle) if enough else (middle + 1, high)
    return high


def stops_of_one_set(case: Case, documents: int, orders: int) -> Floats:
    """Return where each order of arrival of the same labels promotes; else all documents.

    The set holds exactly as many discordant and won documents as are expected.
    """
    discordant = round(documents * case.discordant)
    gains = np.zeros(documents, dtype=np.int64)
    gains[:discordant] = -1
    gains[: round(discordant * case.won)] = 1
    orders_of_gains = np.random.default_rng(3).permuted(np.tile(gains, (orders, 1)), axis=1)
    met = np.cumsum(orders_of_gains != 0, axis=1)
    promoted = np.cumsum(orders_of_gains > 0, axis=1) >= wins_needed(discordant)[met]
    return np.minimum(first_look(promoted, np.arange(1, documents + 1)), documents)


def enough_labels(labelled: int, seeds: int) -> tuple[float, float, float]:
    """Return how often fewer discordant documents than foretold promote, as many, or more.

    Labels needed, from ``low`` to ``high``, are foretold after so many ``labelled`` discordant
    documents. The shares of won ones vary as the forecast supposes. Streams that promote before,
    and those of which no number is foretold, do not count.
    """
    rng = np.random.default_rng(4)
    needed = wins_needed(_MAX_FORETOLD)[1:]
    outcomes = []
    for won in rng.beta(5, 5, seeds).tolist():
        wins = np.cumsum(rng.random(_MAX_FORETOLD) < won)
        low, high = _foretold(int(wins[labelled - 1]), labelled)
        promoted = np.flatnonzero(wins >= needed)
        more = promoted[0] + 1 - labelled if len(promoted) else inf
        if more > 0 and low < inf:
            outcomes.append((more < low, low <= more <= high, more > high))
    fewer, as_many, further = np.mean(outcomes, axis=0).tolist()
    return fewer, as_many, further


def days_until_blocked(won: float, labels_a_day: float, days: int, seeds: int) -> Floats:
    """Return when the last day of labels first blocks a promotion, float64 [seeds]; inf if never.

    Discordant labels come at random times, and the day that ends now is looked at every hour.
    """
    rng = np.random.default_rng(11)
    shape = (seeds, days * _HOURS_A_DAY)
    wins, losses = (
        rng.poisson(share * labels_a_day / _HOURS_A_DAY, shape) for share in (won, 1 - won)
    )
    evidence = log_e_more_wins(_of_last_day(losses), _of_last_day(wins))
    return first_look(evidence >= -log(QUALITY_ALPHA), np.arange(1, shape[1] + 1)) / _HOURS_A_DAY


def _of_last_day(by_hour: Ints) -> Ints:
    sums = np.cumsum(by_hour, axis=1)
    sums[:, _HOURS_A_DAY:] -= sums[:, :-_HOURS_A_DAY].copy()
    return sums


def _foretold(wins: int, labelled: int) -> tuple[float, float]:
    tally = Tally(labelled, wins, labelled - wins)
    gain = Gain(labelled, labelled, {1.0: tally})
    needed = labels_needed(gain, Policy(), -log(PROMOTION_ALPHA), 0, 1)
    ends = (needed.low, needed.high) if needed else (None, None)
    low, high = (inf if end is None else float(end) for end in ends)
    return low, high


def _promoted(stream: Bools) -> Bools:
    """Return, bool [seeds, discordant], after which documents the won ones are enough."""
    needed = wins_needed(stream.shape[1])[1:]
    return np.asarray(np.cumsum(stream, axis=1) >= needed)


def _mcnemar_power(case: Case, documents: int, sides: int) -> float:
    discordant = np.arange(documents + 1)
    critical = stats.binom.isf(PROMOTION_ALPHA / sides, discordant, 0.5)
    rejected = stats.binom.sf(critical, discordant, case.won)
    return float((stats.binom.pmf(discordant, documents, case.discordant) * rejected).sum())
