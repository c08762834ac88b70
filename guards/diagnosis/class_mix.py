"""The mix of the true classes in two periods, as the champion's probabilities tell it.

The answered labels tell less of it: where a champion is often wrong about a class, other answers
hide how much more often the class comes. Where nothing but the mix changed, the shares of the
classes in the bad period are those that are most likely, given the probabilities, found by
expectation maximisation (Saerens, Latinne and Decaestecker 2002).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from guards.diagnosis.causes import moved_inputs
from guards.diagnosis.cell_space import CLASS, LABEL, WatchedInput
from guards.diagnosis.moved_inputs import distance
from guards.diagnosis.restoring import cell_shares, mixed_weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from guards.diagnosis.documents import Documents
    from guards.diagnosis.moved_inputs import InputBlocks
    from guards.diagnosis.samples import Sample

    Floats = NDArray[np.float64]
    Cells = NDArray[np.int16]

__all__ = ["ClassMix", "class_column", "class_shares"]

_ROUNDS = 200
_PRECISION = 1e-6
_MAX_DRAWN = 20_000
_MAX_NUMBERS = 2_000_000
_HALF = 0.5
_MIN_PART = 1 / 3

_AWAY = 0.1
"""Weighted shares of a thousand documents are as far from others of the same kind by chance."""


class ClassMix(NamedTuple):
    """The estimated class as an input, and the cells of good and of bad documents, int16 [rows].

    The class of a document is drawn from its probabilities, in the bad period from those that they
    are with the mix of classes there. None, -1, is where a line tells no probabilities.
    """

    input: WatchedInput
    cells: tuple[Cells, Cells]

    @classmethod
    def of(
        cls,
        labels: Sequence[str],
        sides: tuple[Documents, Documents],
        generator: np.random.Generator,
    ) -> Self | None:
        """Return what the probabilities tell; None where they are none of these labels, sorted."""
        good, bad = (side.probabilities.astype(np.float64) for side in sides)
        if any(side.shape[1] != len(labels) for side in (good, bad)):
            return None
        known = [_known(side) for side in (good, bad)]
        if not all(rows.any() for rows in known):
            return None
        rows = good[known[0]]
        # A class that no good document is of can still come.
        prior = np.maximum(rows.mean(axis=0), 0.5 / len(rows))
        prior /= prior.sum()
        sample = bad[known[1]]
        size = min(_MAX_DRAWN, _MAX_NUMBERS // len(labels))
        if len(sample) > size:
            sample = generator.choice(sample, size, replace=False)
        odds = class_shares(sample, prior) / prior
        watched = WatchedInput(CLASS, (*labels, "missing", "outside"))
        return cls(
            watched,
            (_drawn(good, known[0], generator), _drawn(bad * odds, known[1], generator)),
        )


def class_shares(probabilities: Floats, prior: Floats) -> Floats:
    """Return the shares of classes that are most likely, float64 [classes].

    ``probabilities`` float64 [rows, classes] are those of each class given a document where the
    classes have the shares ``prior``.
    """
    likelihood = probabilities / np.maximum(prior, np.finfo(float).tiny)
    shares = prior
    for _ in range(_ROUNDS):
        joint = likelihood * shares
        total = np.maximum(joint.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        updated = (joint / total).mean(axis=0)
        if np.abs(updated - shares).max() < _PRECISION:
            return np.asarray(updated)
        shares = updated
    return shares


def class_column(compared: Mapping[int, InputBlocks], good: Sample, bad: Sample) -> int | None:
    """Return the column of the input that tells the mix of classes best; None without one.

    It is the estimated class where another mix of classes explains how inputs moved. What is called
    otherwise, or comes in another unit, alters the answers too: then it is the answered label.
    """
    by_name = {each.input.name: column for column, each in compared.items()}
    estimated, label = by_name.get(CLASS), by_name.get(LABEL)
    others = {
        column: each
        for column, each in compared.items()
        if not (each.input.tells_class or each.input.traffic)
    }
    moved = _moved(others)
    if not moved and label is not None:
        # As of texts alone: the answers are all that can move.
        others[label] = compared[label]
        moved = _moved({label: compared[label]})
    if estimated is not None and moved and _explains(estimated, moved, others, good, bad):
        return estimated
    return label


def _moved(inputs: Mapping[int, InputBlocks]) -> list[int]:
    """Return the columns of inputs that moved at least a third as far as the furthest one."""
    moved = moved_inputs(list(inputs.items()))
    furthest = max((each.moved.value for each in moved), default=0.0)
    return [each.column for each in moved if each.moved.value >= furthest * _MIN_PART]


def _explains(
    column: int,
    moved: Sequence[int],
    others: Mapping[int, InputBlocks],
    good: Sample,
    bad: Sample,
) -> bool:
    """Return whether a column mixed as before takes inputs back that moved for nothing else.

    A change of the mix of classes moves what differs between them, and undoing it takes that back
    by more than half, and moves nothing else. Where it does not take half of the inputs back, the
    others moved by themselves, and it is known only by an input that did not move with them: mixing
    the others as before leaves it where it is.
    """

    def left(*columns: int) -> dict[int, float]:
        weights = mixed_weights(good, bad, columns)
        if not weights.any():
            # Nothing is left to compare, which takes nothing back.
            return dict.fromkeys(others, math.inf)
        return {
            at: _distance(each.input, good.cells[:, at], bad.cells[:, at], weights)
            for at, each in others.items()
        }

    before, undone = left(), left(column)
    if any(undone[at] > before[at] + _AWAY for at in others):
        return False
    back = [at for at in moved if undone[at] < _HALF * before[at]]
    if 2 * len(back) >= len(moved):
        return True
    alone = [at for at in moved if at not in back]
    with_them, with_both = left(*alone), left(*alone, column)
    return any(with_both[at] < _HALF * before[at] <= with_them[at] for at in back)


def _known(probabilities: Floats) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(probabilities).all(axis=1) & (probabilities.sum(axis=1) > 0))


def _drawn(weights: Floats, known: NDArray[np.bool_], generator: np.random.Generator) -> Cells:
    """Return a class for each row, as probable as its weight among those of its row."""
    cumulated = np.cumsum(weights, axis=1)
    drawn = generator.random(len(weights)) * cumulated[:, -1]
    classes = (cumulated <= drawn[:, None]).sum(axis=1)
    return np.where(known, np.minimum(classes, weights.shape[1] - 1), -1).astype(np.int16)


def _distance(watched: WatchedInput, good: Cells, bad: Cells, weights: Floats) -> float:
    """Return how far an input is from where it was when the bad documents have weights."""
    size = len(watched.cells)
    everything = np.ones(len(good))
    shares = cell_shares(good, everything, size), cell_shares(bad, weights, size)
    return distance(watched, *shares)[1]
