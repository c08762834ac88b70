"""How the values of a numeric feature differ from those of training, in phrases."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, Self

from guards.drift.binning import QUANTA_LIMIT
from guards.drift.movement import Movement
from guards.drift.rounding import number_pair, number_text, share_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from guards.drift.feature_reference import NumericReference
    from guards.json_types import JsonMapping

__all__ = ["Phrases", "number_phrases"]

_WIDER, _NARROWER = 1.25, 0.8


class Phrases(NamedTuple):
    """What there is to say, and the largest effect among it."""

    effect: float
    phrases: tuple[str, ...]


def number_phrases(
    reference: NumericReference, snapshot: JsonMapping, *, private: bool
) -> Phrases | None:
    """Return how the finite values differ; None where they do not visibly, or there are none.

    Of a private feature no value is named.
    """
    training, window = _Values.of_training(reference), _Values.of_window(reference, snapshot)
    if not training.documents or not window.documents:
        return None
    cuts = _cuts(training, window)
    if not any(cut.is_visible for cut in cuts):
        return None
    phrases = (
        *_centre(training, window, private=private),
        *_spread(training, window),
        *_outside(training, window, private=private),
    )
    if not phrases:
        phrases = (_shape(reference.edges, cuts, private=private),)
    return Phrases(max(cut.effect for cut in cuts), phrases)


class _Place(NamedTuple):
    """A quantile: its cell, how far into the documents of the cell it lies, and its value."""

    cell: int
    fraction: float
    value: float


@dataclass(frozen=True, slots=True)
class _Values:
    """Finite values over cells; each lies from ``lowest`` to ``highest`` of its cell.

    ``minimum`` and ``maximum`` are 0 without values. ``mean`` is None where the sum is not exact.
    """

    counts: Sequence[int]
    lowest: Sequence[float]
    highest: Sequence[float]
    minimum: float
    maximum: float
    mean: float | None

    @classmethod
    def of_training(cls, reference: NumericReference) -> Self:
        fields = {"minimum": reference.minimum, "maximum": reference.maximum}
        return cls._of(reference, {"counts": reference.counts, "total": reference.total, **fields})

    @classmethod
    def of_window(cls, reference: NumericReference, snapshot: JsonMapping) -> Self:
        if len(snapshot["counts"]) != len(reference.counts):
            message = "this snapshot was not counted over the cells of this reference"
            raise ValueError(message)
        return cls._of(reference, snapshot)

    @classmethod
    def _of(cls, reference: NumericReference, counted: JsonMapping) -> Self:
        minimum, maximum = counted["minimum"] or 0.0, counted["maximum"] or 0.0
        # A cell reaches up to the float before the next edge: an atom's holds a single value.
        ends = [math.nextafter(edge, -math.inf) for edge in reference.edges]
        lowest = [minimum, *(max(edge, minimum) for edge in reference.edges)]
        highest = [*(min(end, maximum) for end in ends), maximum]
        mean = _mean(counted, reference.quantum, minimum, maximum)
        return cls(counted["counts"], lowest, highest, minimum, maximum, mean)

    @property
    def documents(self) -> int:
        return sum(self.counts)

    def quantile(self, share: float) -> _Place:
        """Return the quantile by linear interpolation within its cell."""
        wanted = share * self.documents
        below = 0
        for cell, count in enumerate(self.counts):
            if count and below + count >= wanted:
                fraction = (wanted - below) / count
                # The difference of the two may be beyond the largest double.
                low, high = self.lowest[cell], self.highest[cell]
                return _Place(cell, fraction, low * (1 - fraction) + high * fraction)
            below += count
        message = "there are no values"
        raise ValueError(message)

    def below(self, place: _Place) -> float:
        """Return about how many documents lie below a quantile of others over the same cells."""
        return sum(self.counts[: place.cell]) + place.fraction * self.counts[place.cell]

    def is_outer(self, place: _Place) -> bool:
        """Return whether a quantile lies outside the range of training."""
        return place.cell in (0, len(self.counts) - 1)


def _mean(counted: JsonMapping, quantum: float, minimum: float, maximum: float) -> float | None:
    documents = sum(counted["counts"])
    if not documents or max(abs(minimum), abs(maximum)) / quantum > QUANTA_LIMIT:
        return None
    mean = quantum * (int(counted["total"]) / documents)
    return min(max(mean, minimum), maximum)


def _cuts(training: _Values, window: _Values) -> list[Movement]:
    """Return how the share below each edge moved."""
    below = zip(accumulate(training.counts[:-1]), accumulate(window.counts[:-1]), strict=True)
    return [Movement(before, training.documents, now, window.documents) for before, now in below]


def _centre(training: _Values, window: _Values, *, private: bool) -> Iterator[str]:
    """Tell the medians, or the means where the cells say nothing of the window's median."""
    middle, middle_now = training.quantile(0.5), window.quantile(0.5)
    if window.is_outer(middle_now):
        if not private and training.mean is not None and window.mean is not None:
            yield f"mean {' → '.join(number_pair(training.mean, window.mean))}"
        return
    moved = Movement(
        training.below(middle), training.documents, window.below(middle), window.documents
    )
    if not moved.is_visible or middle.value == middle_now.value:
        return
    if private:
        yield f"{moved.text} below the median of training"
    else:
        yield f"median {' → '.join(number_pair(middle.value, middle_now.value))}"


def _spread(training: _Values, window: _Values) -> Iterator[str]:
    """Tell how the interquartile range changed, where the cells say what it is."""
    low, high = training.quantile(0.25), training.quantile(0.75)
    low_now, high_now = window.quantile(0.25), window.quantile(0.75)
    before, now = high.value - low.value, high_now.value - low_now.value
    if window.is_outer(low_now) or window.is_outer(high_now):
        return
    if not (0 < before < math.inf and 0 < now < math.inf):
        return
    within = Movement(
        training.below(high) - training.below(low),
        training.documents,
        window.below(high) - window.below(low),
        window.documents,
    )
    if within.is_visible and not _NARROWER < now / before < _WIDER:
        yield f"spread {number_text(now / before, 2)}\N{MULTIPLICATION SIGN} as wide"


def _outside(training: _Values, window: _Values, *, private: bool) -> Iterator[str]:
    """Tell what lies where nothing was in training."""
    sides = (
        (-1, "above the largest", training.maximum),
        (0, "below the smallest", training.minimum),
    )
    for cell, side, limit in sides:
        moved = Movement(0, training.documents, window.counts[cell], window.documents)
        if not training.counts[cell] and moved.is_visible:
            value = "" if private else f" ({number_text(limit)})"
            yield f"{share_text(moved.share_now)} {side} in training{value}"


def _shape(edges: Sequence[float], cuts: Sequence[Movement], *, private: bool) -> str:
    """Tell the cut at which the shares differ most."""
    at, moved = max(enumerate(cuts), key=lambda cut: cut[1].effect)
    if private:
        return f"{moved.text} below one and the same value"
    # The edge after an atom is the next float, which looks like the atom.
    atom = at > 0 and math.nextafter(edges[at - 1], math.inf) == edges[at]
    side = f"up to {number_text(edges[at - 1])}" if atom else f"below {number_text(edges[at])}"
    return f"{moved.text} {side}"
