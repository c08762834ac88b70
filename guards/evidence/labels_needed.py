"""How many more labels a verdict probably needs, and until when they are there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scipy.special import betaincinv

from guards.evidence.gain import Gain, Tally

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from guards.evidence.criteria import Policy
    from guards.json_types import JsonObject

__all__ = ["LabelsNeeded", "labels_needed"]

_PRIOR = 5
_QUARTILES = (0.75, 0.25)
_MAX_LABELS = 1_000_000
_MAX_S = 100 * 365 * 86_400


@dataclass(frozen=True, slots=True)
class LabelsNeeded:
    """Labels of documents on which the variants disagree, in number.

    ``low`` would do if the share of them that the challenger wins is the upper quartile of what the
    labels so far leave open, ``high`` if it is the lower; None where no number would. Both are
    taken to be wrong as often as so far. ``at_random`` is the same for labels of any documents.
    ``by`` is when they are there at the present rate.
    """

    low: int | None
    high: int | None
    at_random: tuple[int | None, int | None]
    by: date | None

    @property
    def words(self) -> str:
        """How many labels are needed, in a sentence."""
        low, high = self.at_random
        by = "" if self.by is None else f", at the present rate by {self.by.isoformat()}"
        return (
            f"it probably needs {_between(self.low, self.high)} more labels if you label "
            f"disagreements only, {_between(low, high)} at random{by}"
        )

    def to_json(self) -> JsonObject:
        """Return the numbers as plain JSON."""
        low, high = self.at_random
        return {
            "low": self.low,
            "high": self.high,
            "by": None if self.by is None else self.by.isoformat(),
            "at_random": {"low": low, "high": high},
        }


def _between(low: int | None, high: int | None) -> str:
    if low is None:
        return f"more than {_MAX_LABELS}"
    return f"at least {low}" if high is None else f"{low} to {high}"


def labels_needed(
    gain: Gain, policy: Policy, log_needed: float, first_us: int, last_us: int
) -> LabelsNeeded | None:
    """Return how many labels bring the evidence to ``log_needed``; None without a disagreement.

    ``first_us`` and ``last_us`` bound the time of the documents, in microseconds since 1970.
    """
    if not gain.disagreed:
        return None
    known = gain.all
    wins, losses = _PRIOR + known.wins, _PRIOR + known.losses
    shares = [float(betaincinv(wins, losses, quartile)) for quartile in _QUARTILES]
    rate = gain.disagreed / gain.compared
    low, high = (_needed(gain, share, rate, policy, log_needed) for share in shares)
    needed = high if high is not None else low
    return LabelsNeeded(
        low=low,
        high=high,
        at_random=(_at(rate, low), _at(rate, high)),
        by=None if needed is None else _date(needed, gain.labelled, first_us, last_us),
    )


def _needed(gain: Gain, share: float, rate: float, policy: Policy, log_needed: float) -> int | None:
    """Return the smallest number of further labels of which ``share`` are won that is enough."""
    # More of the draw that there is most of, or of all documents.
    tallies = gain.tallies or {1.0: Tally()}
    probability = max(tallies, key=lambda p: (tallies[p].wins + tallies[p].losses, p))
    # A label of a class that neither gave tells nothing.
    telling = (2 + gain.all.wins + gain.all.losses) / (2 + gain.labelled)

    def enough(labels: int) -> bool:
        more = Tally(
            documents=labels / (rate * probability),
            wins=share * telling * labels,
            losses=(1 - share) * telling * labels,
        )
        expected = Gain(
            gain.compared,
            gain.disagreed,
            {**tallies, probability: tallies[probability].plus(more)},
        )
        if policy.rule == "better":
            return expected.log_e_above(0.0) >= log_needed
        return expected.log_e_not_worse(policy.margin) >= log_needed

    return _first(enough)


def _first(enough: Callable[[int], bool]) -> int | None:
    """Return the smallest number that is enough, where every larger one is; None if it is huge."""
    high = 1
    while not enough(high):
        high *= 2
        if high > _MAX_LABELS:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _at(rate: float, labels: int | None) -> int | None:
    return None if labels is None else round(labels / rate)


def _date(labels: int, labelled: float, first_us: int, last_us: int) -> date | None:
    if not labelled or last_us <= first_us:
        return None
    seconds = labels / labelled * (last_us - first_us) / 1e6
    return datetime.fromtimestamp(last_us / 1e6 + min(seconds, _MAX_S), UTC).date()
