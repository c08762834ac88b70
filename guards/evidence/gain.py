"""What labels say of a challenger's accuracy minus the champion's, on some documents.

The gain of a document is 1 where only the challenger is right, -1 where only the champion is, and
else 0, as where both give one label, whatever is true. Where disagreements were labelled with a
known probability, a drawn one stands for 1 / probability of them: the mean stays that of all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from math import log
from operator import add
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from guards.sequential.confidence_sequence import log_e_mean, log_e_rate_below, radius
from guards.sequential.e_process import log_e_more_wins

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Gain", "Tally"]


class Tally(NamedTuple):
    """Documents whose gain is known, and on how many of them one variant alone is right.

    On ``neither`` of them the labels differ and both are wrong, and ``given_up`` were drawn and
    will never have a label. Numbers that are expected, not counted, need not be whole.
    """

    documents: float = 0
    wins: float = 0
    losses: float = 0
    neither: float = 0
    given_up: float = 0

    def plus(self, other: Tally) -> Tally:
        """Return the sums."""
        return Tally(*map(add, self, other))


@dataclass(frozen=True, slots=True)
class Gain:
    """The gain over some documents: of ``compared`` ones the labels of ``disagreed`` differ.

    ``tallies`` hold the documents of known gain by the probability with which a disagreement among
    them was drawn; it is 1 where labels came regardless of the answers.
    """

    compared: int = 0
    disagreed: int = 0
    tallies: Mapping[float, Tally] = field(default_factory=dict)

    @property
    def all(self) -> Tally:
        """The tally over all probabilities."""
        return reduce(Tally.plus, self.tallies.values(), Tally())

    @property
    def one_probability(self) -> bool:
        """Whether all disagreements of known gain had the same probability of a label."""
        return len([1 for tally in self.tallies.values() if tally.wins + tally.losses]) <= 1

    @property
    def documents(self) -> float:
        """The number of documents whose gain is known."""
        return self.all.documents

    @property
    def labelled(self) -> float:
        """The number of labelled documents on which the variants disagree."""
        tally = self.all
        return tally.wins + tally.losses + tally.neither

    @property
    def mean(self) -> float | None:
        """The estimate of the mean gain; None without a document of known gain."""
        return self._sum / self.documents if self.documents else None

    @property
    def _sum(self) -> float:
        return sum((t.wins - t.losses) / p for p, t in sorted(self.tallies.items()))

    @property
    def _squares(self) -> float:
        return sum((t.wins + t.losses) / p**2 for p, t in sorted(self.tallies.items()))

    @property
    def _scale(self) -> float:
        return 1 / min(self.tallies, default=1.0)

    def bounds(self, alpha: float, other_alpha: float) -> tuple[float | None, float | None]:
        """Return a lower bound of the mean gain with error ``alpha``, an upper with the other.

        Both are those of a confidence sequence, and None without a document of known gain.
        """
        if self.mean is None:
            return None, None
        low, high = (
            float(radius(self._squares, part, self._scale)) / self.documents
            for part in (alpha, other_alpha)
        )
        # The mean of drawn documents, each of which stands for several, may be beyond 1 by chance.
        return _clipped(self.mean - low), _clipped(self.mean + high)

    def log_e_above(self, bound: float) -> float:
        """Return evidence, as a logarithm, against "the mean gain is at most ``bound``"."""
        if bound == 0 and self.one_probability:
            return float(log_e_more_wins(self.all.wins, self.all.losses))
        excess = self._sum - bound * self.documents
        return float(log_e_mean(excess, self._squares, self._scale))

    def log_e_below(self, bound: float) -> float:
        """Return evidence, as a logarithm, against "the mean gain is at least ``bound``"."""
        if bound == 0 and self.one_probability:
            return float(log_e_more_wins(self.all.losses, self.all.wins))
        excess = bound * self.documents - self._sum
        return float(log_e_mean(excess, self._squares, self._scale))

    def log_e_rarely_differ(self, margin: float) -> float:
        """Return evidence, as a logarithm, against "the labels differ at a rate of ``margin``".

        It needs no label: the gain of documents with one label is 0, so that a rate below the
        margin bounds the loss.
        """
        return float(log_e_rate_below(self.disagreed, self.compared, margin))

    def log_e_not_worse(self, margin: float) -> float:
        """Return evidence against "the mean gain is at most -``margin``", by either way.

        It is the mean of the two e-values, so that one of them is enough with twice the evidence.
        """
        ways = self.log_e_rarely_differ(margin), self.log_e_above(-margin)
        return float(np.logaddexp(*ways)) - log(len(ways))

    def with_misses(self, misses: int) -> Gain:
        """Return the gain if the champion alone were right on ``misses`` more documents.

        The documents of known gain are a sample of the compared ones: as large a part of the missed
        ones is added to them.
        """
        if not misses:
            return self
        lost = misses * self.documents / self.compared if self.compared else 0.0
        tallies = dict(self.tallies)
        # Of disagreements that were drawn with one probability, as many of the missed ones are.
        probability = min(tallies, default=1.0) if self.one_probability else 1.0
        drawn = Tally(documents=lost, losses=lost * probability)
        tallies[probability] = tallies.get(probability, Tally()).plus(drawn)
        return Gain(self.compared + misses, self.disagreed + misses, tallies)

    def if_given_up_were_losses(self) -> Gain:
        """Return the gain if the champion alone were right where no label could be given."""
        tallies = {
            p: tally._replace(losses=tally.losses + tally.given_up, given_up=0)
            for p, tally in self.tallies.items()
        }
        return Gain(self.compared, self.disagreed, tallies)


def _clipped(gain: float) -> float:
    return min(max(gain, -1.0), 1.0)
