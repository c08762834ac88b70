"""The change of a mean in three terms: known kinds of documents, the same kinds, unseen kinds.

Cai, Namkoong and Yadlowsky 2023, "Diagnosing Model Performance Under Distribution Shift" (DISDE).
P and Q are the shares of kinds of documents in the good and in the bad period, p and q, and R_P and
R_Q the mean of what is measured in each kind. S is what both periods share: the kinds with shares
proportional to p·q / (p + q). The terms are

- known kinds, E_S[R_P] - E_P[R_P]: what both periods share, against all of the good one, as it was
  then. Easy kinds that became rare or went away are in it.
- the same kinds, E_S[R_Q] - E_S[R_P]: the same mix of the same kinds, now against then. Other
  answers are in it, and labels that mean something else.
- unseen kinds, E_Q[R_Q] - E_S[R_Q]: all of the bad period, against what both share, as it is now.
  Hard kinds that were rare or not there before are in it.

They add up to the change. Where kinds of both periods only change their shares, that is divided
between the first and the last term, because S lies between P and Q. R need not be a loss: of the
confidence and of the accuracy, harder is less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.diagnosis.blocks import Blocks, draws, interval
from guards.diagnosis.kinds import kinds_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.diagnosis.causes import MovedInput
    from guards.diagnosis.samples import Sample
    from guards.json_types import JsonObject

    Floats = NDArray[np.float64]
    Sums = tuple[Floats, Floats]

__all__ = ["Term", "ThreeTerms", "terms_of", "three_terms"]

_REPLICATES = 1_000


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a change, in the unit of what is measured, with its 95 % interval."""

    change: float
    low: float
    high: float

    def to_json(self) -> JsonObject:
        """Return it as plain JSON."""
        return {"change": self.change, "interval": [self.low, self.high]}


@dataclass(frozen=True, slots=True)
class ThreeTerms:
    """The terms of a change, which add up to it.

    ``inputs`` tell the ``kinds`` apart, of which there are so many; ``documents`` are those of the
    good and of the bad period that have cells of all these inputs.
    """

    inputs: tuple[str, ...]
    kinds: int
    documents: tuple[int, int]
    known: Term
    same: Term
    unseen: Term

    def to_json(self) -> JsonObject:
        """Return them as plain JSON."""
        good, bad = self.documents
        return {
            "inputs": list(self.inputs),
            "kinds": self.kinds,
            "documents": {"good": good, "bad": bad},
            "known_kinds": self.known.to_json(),
            "same_kinds": self.same.to_json(),
            "unseen_kinds": self.unseen.to_json(),
        }


def three_terms(
    good: Sample, bad: Sample, inputs: Sequence[MovedInput], generator: np.random.Generator
) -> ThreeTerms | None:
    """Return the terms of the change of what is measured, for kinds that ``inputs`` tell apart.

    None where a period has no document with cells of all of them. Intervals are those of samples
    of whole blocks of both periods.
    """
    columns = [each.column for each in inputs]
    rows = [(side.cells[:, columns] >= 0).all(axis=1) for side in (good, bad)]
    if not all(known.any() for known in rows):
        return None
    *kinds, number = kinds_of(good.cells[rows[0]][:, columns], bad.cells[rows[1]][:, columns])
    sides = [
        Blocks.of(side.block[known], side.value[known], of_side, number)
        for side, known, of_side in zip((good, bad), rows, kinds, strict=True)
    ]
    weights = [draws(len(side), len(side), _REPLICATES, generator) for side in sides]
    samples = terms_of(
        *(side.resampled(weight) for side, weight in zip(sides, weights, strict=True))
    )
    changes = terms_of(*(side.total for side in sides))
    known, same, unseen = (
        Term(float(change), *interval(of_samples))
        for change, of_samples in zip(changes, samples, strict=True)
    )
    documents = int(rows[0].sum()), int(rows[1].sum())
    names = tuple(each.input.name for each in inputs)
    return ThreeTerms(names, number, documents, known, same, unseen)


def terms_of(good: Sums, bad: Sums) -> tuple[Floats, Floats, Floats]:
    """Return the terms: known kinds, the same kinds, unseen kinds, float64 [...].

    Each side is the documents of each kind and the sums of what is measured, float64 [..., kinds].
    Where both share no kind, there is no S, and the whole change is that of unseen kinds.
    """
    (shares_good, means_good, before), (shares_bad, means_bad, now) = map(_shares, (good, bad))
    both = shares_good + shares_bad
    overlap = _divided(shares_good * shares_bad, both)
    in_common = overlap.sum(axis=-1)
    shared = _divided(overlap, in_common[..., None])
    of_good = np.where(in_common > 0, (shared * means_good).sum(axis=-1), before)
    of_bad = np.where(in_common > 0, (shared * means_bad).sum(axis=-1), before)
    return of_good - before, of_bad - of_good, now - of_bad


def _shares(side: Sums) -> tuple[Floats, Floats, Floats]:
    """Return the share and the mean of each kind, and the mean of all."""
    documents, sums = side
    total = documents.sum(axis=-1)
    return documents / total[..., None], _divided(sums, documents), sums.sum(axis=-1) / total


def _divided(numerator: Floats, denominator: Floats) -> Floats:
    """Return a quotient, 0 where nothing is divided by nothing."""
    zero = np.zeros_like(numerator)
    return np.asarray(np.divide(numerator, denominator, out=zero, where=denominator > 0))
