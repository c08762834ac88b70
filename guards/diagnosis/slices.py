"""The few slices of documents that hold most of a change: one or two inputs in one cell each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from guards.diagnosis.blocks import Blocks, draws, interval
from guards.diagnosis.restoring import Restored

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from guards.diagnosis.cell_space import WatchedInput
    from guards.diagnosis.samples import Sample
    from guards.json_types import JsonObject

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Slice", "find_slices"]

_MAX_SLICES = 4
_MIN_DOCUMENTS = 30
"""The mean of fewer documents of a period is too noisy to be searched for."""

_MIN_EXCESS = 0.05
_SIMPLER = 1.1
"""A second condition has to find so many times more than the first one alone."""

_MAX_PAIRED = 12
"""Pairs are made of the inputs that tell most by themselves, which bounds their number."""

_MAX_CHECKED = 20
_ALPHA = 0.05
_REPLICATES = 200
_LEFT, _INSIDE, _TAKEN = range(3)

_Totals = tuple["Floats", "Floats"]


@dataclass(frozen=True, slots=True)
class Slice:
    """Documents that have these cells of these inputs, without those of the slices before it.

    ``documents`` are those in both samples, ``share`` is that of all bad ones, and ``means`` are
    good and bad. ``holds`` is the share of the change: the good mean less the bad one, times the
    share, in parts of the change.
    """

    where: tuple[tuple[str, str], ...]
    documents: tuple[int, int]
    share: float
    means: tuple[float, float]
    holds: Restored

    def to_json(self) -> JsonObject:
        """Return the slice as plain JSON."""
        return {
            "where": [{"input": name, "cell": cell} for name, cell in self.where],
            "documents": {"good": self.documents[0], "bad": self.documents[1]},
            "share": self.share,
            "good": self.means[0],
            "bad": self.means[1],
            "holds": self.holds.to_json(),
        }


def find_slices(
    inputs: Mapping[int, WatchedInput], good: Sample, bad: Sample, generator: np.random.Generator
) -> list[Slice]:
    """Return up to four slices that hold more of the change than their share of the documents.

    ``inputs`` are by their column in the cells. The excess of a slice is the share of the change
    that it holds, less what it would hold if it changed as all documents that are left (the
    weighted relative accuracy of Lavrač, Flach and Zupan 1999). Of those whose excess is a
    twentieth of the change and beyond chance, the one is taken whose excess is largest for the root
    of its share (the binomial measure of Klösgen 1996): the widest in which all documents fell. Its
    documents are left out of the search for the next. Chance is that of samples of whole blocks,
    divided among all slices that were looked at (Bonferroni).
    """
    sides = [_Side(sample) for sample in (good, bad)]
    found: list[Slice] = []
    if sides[0].mean == sides[1].mean:
        return found
    while len(found) < _MAX_SLICES:
        candidates, looked_at = _candidates(inputs, sides)
        best = _beyond_chance(candidates, looked_at, sides, generator)
        if best is None:
            break
        found.append(_slice(inputs, best, sides, generator))
        for side in sides:
            side.state[side.inside(best)] = _TAKEN
    return found


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A slice by its columns and cells; ``rank`` is its measure, less where it has two."""

    where: tuple[tuple[int, int], ...]
    excess: float
    rank: float


class _Side:
    """The documents of a period, and which of them are left; cells of none are 0 here."""

    def __init__(self, sample: Sample) -> None:
        self.block, self.value = sample.block, sample.value
        self.cells = np.ascontiguousarray(sample.cells.T).astype(np.int64) + 1
        self.state = np.full(len(sample), _LEFT, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.value)

    @property
    def mean(self) -> float:
        return float(self.value.mean())

    def totals(self, columns: Sequence[int], sizes: Sequence[int]) -> _Totals:
        """Return documents and sums of those that are left, float64 [cells, …]."""
        rows = self.state == _LEFT
        index = np.ravel_multi_index([self.cells[at][rows] for at in columns], sizes)
        size = int(np.prod(sizes))
        documents = np.bincount(index, minlength=size).astype(np.float64)
        sums = np.bincount(index, weights=self.value[rows], minlength=size).astype(np.float64)
        return documents.reshape(sizes), sums.reshape(sizes)

    def inside(self, candidate: _Candidate) -> NDArray[np.bool_]:
        """Return which of the documents that are left are in a slice."""
        rows = self.state == _LEFT
        for column, cell in candidate.where:
            rows = rows & (self.cells[column] == cell)
        return np.asarray(rows)

    def blocks(self, candidate: _Candidate) -> Blocks:
        """Return the documents by block, and by whether they are left, inside or taken."""
        state = np.where(self.inside(candidate), _INSIDE, self.state)
        return Blocks.of(self.block, self.value, state, 3)


def _candidates(
    inputs: Mapping[int, WatchedInput], sides: Sequence[_Side]
) -> tuple[list[_Candidate], int]:
    """Return the best large slice of each input and pair, in order; and how many were looked at."""
    singles = [_best(inputs, (column,), sides) for column in inputs]
    told = sorted((each for each, _ in singles if each is not None), key=_order)
    columns = sorted(each.where[0][0] for each in told[:_MAX_PAIRED])
    pairs = [_best(inputs, pair, sides) for pair in combinations(columns, 2)]
    best = (each for each, _ in (*singles, *pairs) if each is not None)
    found = [each for each in best if each.excess >= _MIN_EXCESS]
    return sorted(found, key=_order), sum(number for _, number in (*singles, *pairs))


def _order(candidate: _Candidate) -> tuple[float, tuple[tuple[int, int], ...]]:
    return -candidate.rank, candidate.where


def _best(
    inputs: Mapping[int, WatchedInput], columns: Sequence[int], sides: Sequence[_Side]
) -> tuple[_Candidate | None, int]:
    """Return the slice of columns with the largest measure, and how many could be it."""
    sizes = [len(inputs[column].cells) + 1 for column in columns]
    good, bad = (side.totals(columns, sizes) for side in sides)
    enough = (good[0] >= _MIN_DOCUMENTS) & (bad[0] >= _MIN_DOCUMENTS)
    # Documents without a cell of an input are in none of its slices.
    enough[0] = False
    enough[..., 0] = False
    if not enough.any():
        return None, 0
    with np.errstate(invalid="ignore", divide="ignore"):
        fall = good[1] / good[0] - bad[1] / bad[0]
    left_good, left_bad = ((sums.sum(), documents.sum()) for documents, sums in (good, bad))
    common = left_good[0] / left_good[1] - left_bad[0] / left_bad[1]
    change = sides[0].mean - sides[1].mean
    shares = bad[0] / len(sides[1])
    excess = np.where(enough, shares * (fall - common) / change, -np.inf)
    large = excess >= _MIN_EXCESS
    measure = np.where(large if large.any() else enough, excess, -np.inf)
    measure /= np.sqrt(np.where(enough, shares, 1))
    best = int(measure.argmax())
    where = tuple(zip(columns, map(int, np.unravel_index(best, shares.shape)), strict=True))
    rank = float(measure.flat[best]) / (_SIMPLER if len(columns) > 1 else 1)
    return _Candidate(where, float(excess.flat[best]), rank), int(enough.sum())


def _beyond_chance(
    candidates: Sequence[_Candidate],
    looked_at: int,
    sides: Sequence[_Side],
    generator: np.random.Generator,
) -> _Candidate | None:
    """Return the first candidate whose excess is beyond chance."""
    for candidate in candidates[:_MAX_CHECKED]:
        blocks = [side.blocks(candidate) for side in sides]
        smallest = min(map(len, blocks))
        if smallest < 2:  # noqa: PLR2004 (no variation)
            break
        _, (excess,) = _shares(*(each.resampled(np.ones((1, len(each)))) for each in blocks))
        _, samples = _shares(*_resampled(blocks, generator))
        needed = stats.t.isf(_ALPHA / looked_at, smallest - 1)
        if excess >= needed * np.nanstd(samples):
            return candidate
    return None


def _slice(
    inputs: Mapping[int, WatchedInput],
    candidate: _Candidate,
    sides: Sequence[_Side],
    generator: np.random.Generator,
) -> Slice:
    blocks = [side.blocks(candidate) for side in sides]
    (share,), _ = _shares(*(each.resampled(np.ones((1, len(each)))) for each in blocks))
    samples, _ = _shares(*_resampled(blocks, generator))
    totals = [
        (documents[_INSIDE], sums[_INSIDE]) for documents, sums in (each.total for each in blocks)
    ]
    (before, _), (now, _) = totals
    means = [float(sums / documents) for documents, sums in totals]
    where = ((inputs[column], cell - 1) for column, cell in candidate.where)
    return Slice(
        where=tuple((each.name, each.cells[cell]) for each, cell in where),
        documents=(int(before), int(now)),
        share=float(now) / len(sides[1]),
        means=(means[0], means[1]),
        holds=Restored(float(share), *interval(samples)),
    )


def _resampled(blocks: Sequence[Blocks], generator: np.random.Generator) -> Iterator[_Totals]:
    for each in blocks:
        yield each.resampled(draws(len(each), len(each), _REPLICATES, generator))


def _shares(good: _Totals, bad: _Totals) -> tuple[Floats, Floats]:
    """Return what a slice holds of the change, and its excess, float64 [draws].

    Both sides are documents and sums of what is left, inside and taken, float64 [draws, 3].
    """
    means, left, whole = [], [], []
    with np.errstate(invalid="ignore", divide="ignore"):
        for documents, sums in (good, bad):
            means.append(sums[:, _INSIDE] / documents[:, _INSIDE])
            rest = [each[:, [_LEFT, _INSIDE]].sum(axis=1) for each in (sums, documents)]
            left.append(rest[0] / rest[1])
            whole.append(sums.sum(axis=1) / documents.sum(axis=1))
        weight = bad[0][:, _INSIDE] / bad[0].sum(axis=1) / (whole[0] - whole[1])
        held = weight * (means[0] - means[1])
        return held, held - weight * (left[0] - left[1])
