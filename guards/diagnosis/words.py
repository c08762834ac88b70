"""Which words came and which went between two periods, by the documents that have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

from guards.diagnosis.mean_effects import MIN_DOCUMENTS
from guards.diagnosis.moved_inputs import discoveries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from guards.json_types import JsonObject

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["JudgedShift", "WordShift", "judged_shifts", "log_odds_ratio", "word_shifts"]

_RATE = 0.05

_PRIOR = 0.1
"""The weight of the prior: so much of the documents of both periods."""


@dataclass(frozen=True, slots=True)
class WordShift:
    """How much more usual a word is in the second period than in the first.

    ``documents`` have the word, in the first and in the second period. ``log_odds`` is positive for
    a word that came, and ``z`` is its number of standard errors. ``p_value`` is that of Fisher's
    exact test.
    """

    word: str
    documents: tuple[int, int]
    log_odds: float
    z: float
    p_value: float

    def to_json(self) -> JsonObject:
        """Return it as plain JSON, rounded to six digits."""
        return {
            "word": self.word,
            "documents": list(self.documents),
            "log_odds": round(self.log_odds, 6),
            "z": round(self.z, 6),
            "p_value": self.p_value,
        }


class JudgedShift(NamedTuple):
    """A shift, and whether it is a discovery at a false discovery rate of 5 %."""

    shift: WordShift
    differs: bool


def judged_shifts(
    first: Mapping[str, int], second: Mapping[str, int], sizes: tuple[int, int]
) -> list[JudgedShift]:
    """Return the shift of each word of five documents or more, from what went to what came.

    Arguments are those of ``word_shifts``. The order is that of ``z``, then of the words.
    """
    shifts = word_shifts(first, second, sizes, MIN_DOCUMENTS)
    found = discoveries([shift.p_value for shift in shifts], _RATE)
    judged = map(JudgedShift, shifts, found.tolist())
    return sorted(judged, key=lambda each: (each.shift.z, each.shift.word))


def word_shifts(
    first: Mapping[str, int], second: Mapping[str, int], sizes: tuple[int, int], at_least: int
) -> list[WordShift]:
    """Return the shift of each word that ``at_least`` so many documents of both periods have.

    ``first`` and ``second`` have the number of documents by word, of ``sizes`` documents. The
    p-value is twice the smaller tail of the hypergeometric distribution (Fisher 1935): ``z`` is far
    too small for a word that one period lacks.
    """
    names = sorted(first.keys() | second.keys())
    counts = np.array([[side.get(name, 0) for name in names] for side in (first, second)])
    ratios, z = log_odds_ratio(*counts)
    total = counts.sum(axis=0)
    # Tests take time for each word, and most words of a language are rare.
    kept = np.flatnonzero(total >= at_least)
    chance = stats.hypergeom(sum(sizes), total[kept], sizes[1])
    now = counts[1, kept]
    p_values = np.minimum(1.0, 2 * np.minimum(chance.cdf(now), chance.sf(now - 1)))
    return [
        WordShift(
            names[index],
            (int(counts[0, index]), int(counts[1, index])),
            float(ratios[index]),
            float(z[index]),
            float(p_value),
        )
        for index, p_value in zip(kept.tolist(), p_values, strict=True)
    ]


def log_odds_ratio(first: Ints, second: Ints) -> tuple[Floats, Floats]:
    """Return the log-odds ratio of each word, second against first, and its z-score.

    ``first`` and ``second`` int64 [words] count documents. With an informative Dirichlet prior
    (Monroe, Colaresi and Quinn 2008, "Fightin' Words", eqs. 16, 20 and 22), where y are the counts
    of a word, n their sums over all words, a = (y1 + y2) / 10 and A its sum over all words::

        ratio = ln((y2 + a) / (n2 + A - y2 - a)) - ln((y1 + a) / (n1 + A - y1 - a))
        z = ratio / sqrt(1 / (y2 + a) + 1 / (y1 + a))
    """
    prior = _PRIOR * (first + second)
    totals = [side.sum() + prior.sum() for side in (first, second)]
    with_prior = [side + prior for side in (first, second)]
    before, now = (
        # A single word leaves no others; any others have at least so much.
        np.log(side / np.maximum(total - side, _PRIOR))
        for side, total in zip(with_prior, totals, strict=True)
    )
    ratio = np.asarray(now - before)
    return ratio, ratio / np.sqrt(sum(1 / side for side in with_prior))
