"""Did the meaning move: of each class answered, the share that is right against what was expected.

The residual of a labelled document is 1 or 0 for a right or wrong answer, minus its calibrated
confidence. Where labels mean what they meant, its mean stays what it was, however hard the
documents are: the confidence tells that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

from guards.diagnosis.blocks import Blocks
from guards.diagnosis.documents import NO_LABEL
from guards.diagnosis.moved_inputs import discoveries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.diagnosis.documents import Documents
    from guards.json_types import JsonObject

    Floats = NDArray[np.float64]

__all__ = ["MIN_LABELS", "ClassResidual", "ResidualChange", "ResidualSide", "class_residuals"]

_RATE = 0.05
MIN_LABELS = 20
"""Fewer labels of a class say nothing of it."""

_CONFIDENCE = 0.95


class ResidualSide(NamedTuple):
    """The labelled documents of a class in a period.

    So many answers were ``right``, and so many ``expected`` to be, at their confidence.
    """

    labels: int
    right: float
    expected: float

    @property
    def shares(self) -> tuple[float, float] | None:
        """The shares that are right, and were expected to be; None without any label."""
        return (self.right / self.labels, self.expected / self.labels) if self.labels else None

    def to_json(self) -> JsonObject:
        """Return the shares as plain JSON."""
        right, expected = self.shares or (None, None)
        return {"labels": self.labels, "right": right, "expected": expected}


class ResidualChange(NamedTuple):
    """How the mean residual changed, with a 95 % interval; ``p_value`` is that of no change.

    ``discovered`` says whether it is one of the changes with a false discovery rate of .05.
    """

    change: float
    low: float
    high: float
    p_value: float
    discovered: bool

    def to_json(self) -> JsonObject:
        """Return it as plain JSON."""
        return {
            "change": self.change,
            "interval": [self.low, self.high],
            "p_value": self.p_value,
            "discovered": self.discovered,
        }


@dataclass(frozen=True, slots=True)
class ClassResidual:
    """A class answered, in both periods.

    ``moved`` is None with fewer than 20 labels in one of them, or those of a single hour.
    """

    name: str
    good: ResidualSide
    bad: ResidualSide
    moved: ResidualChange | None

    @property
    def discovered(self) -> bool:
        """Whether its residual changed beyond chance."""
        return self.moved is not None and self.moved.discovered

    def to_json(self) -> JsonObject:
        """Return it as plain JSON."""
        return {
            "class": self.name,
            "good": self.good.to_json(),
            "bad": self.bad.to_json(),
            "residual": None if self.moved is None else self.moved.to_json(),
        }


def class_residuals(good: Documents, bad: Documents) -> tuple[ClassResidual, ...]:
    """Return the classes answered that have labels, those first whose residual changed most.

    Changes are tested by Welch's t over hours, with the variance of a ratio over blocks (Cochran
    1977, section 2.11), but at least that of independent answers as often right as expected: with
    few labels all of them may be right by chance. Of all classes, discoveries have a false
    discovery rate of .05.
    """
    names = sorted({*good.labels.names, *bad.labels.names})
    sides = [_Residuals.of(documents, names) for documents in (good, bad)]
    tested = np.flatnonzero(np.all([side.suffices for side in sides], axis=0))
    changes, errors, freedom = _welch(*(side.means(tested) for side in sides))
    p_values = np.asarray(2 * stats.t.sf(np.abs(changes) / errors, freedom))
    widths = np.asarray(stats.t.isf((1 - _CONFIDENCE) / 2, freedom)) * errors
    found = discoveries(p_values.tolist(), _RATE)
    moved = {
        number: ResidualChange(change, change - width, change + width, p_value, discovered)
        for number, change, width, p_value, discovered in zip(
            tested.tolist(),
            changes.tolist(),
            widths.tolist(),
            p_values.tolist(),
            found.tolist(),
            strict=True,
        )
    }
    before, now = sides
    residuals = [
        ClassResidual(name, before.told(number), now.told(number), moved.get(number))
        for number, name in enumerate(names)
    ]
    labelled = (each for each in residuals if each.good.labels or each.bad.labels)
    return tuple(sorted(labelled, key=_order))


class _Means(NamedTuple):
    """Mean residuals with their variances and numbers of blocks, float64 [classes] each."""

    means: Floats
    variances: Floats
    blocks: Floats


class _Residuals(NamedTuple):
    """Of a period by class: residuals by hour, right answers, and the variance if all is well."""

    blocks: Blocks
    right: Floats
    independent: Floats

    @classmethod
    def of(cls, documents: Documents, names: Sequence[str]) -> _Residuals:
        rows = (documents.right != NO_LABEL) & (documents.labels.codes >= 0)
        number = {name: at for at, name in enumerate(names)}
        codes = np.array([number[name] for name in documents.labels.names], dtype=np.int64)
        classes = codes[documents.labels.codes[rows]]
        right = documents.right[rows].astype(np.float64)
        confidence = documents.confidence[rows]
        return cls(
            Blocks.of(documents.hours[rows], right - confidence, classes, len(names)),
            _summed(classes, right, len(names)),
            _summed(classes, confidence * (1 - confidence), len(names)),
        )

    @property
    def suffices(self) -> NDArray[np.bool_]:
        """Whether there are enough labels, in at least two hours, bool [classes]."""
        hours = (self.blocks.documents > 0).sum(axis=0)
        return np.asarray((self.blocks.total[0] >= MIN_LABELS) & (hours > 1))

    def means(self, classes: NDArray[np.int64]) -> _Means:
        documents, sums = self.blocks.documents[:, classes], self.blocks.sums[:, classes]
        labels = documents.sum(axis=0)
        means = sums.sum(axis=0) / labels
        blocks = (documents > 0).sum(axis=0).astype(np.float64)
        squares = ((sums - means * documents) ** 2).sum(axis=0)
        variances = blocks / (blocks - 1) * squares
        return _Means(means, np.maximum(variances, self.independent[classes]) / labels**2, blocks)

    def told(self, number: int) -> ResidualSide:
        documents, sums = self.blocks.total
        right = float(self.right[number])
        return ResidualSide(int(documents[number]), right, right - float(sums[number]))


def _summed(classes: NDArray[np.int64], values: Floats, size: int) -> Floats:
    return np.bincount(classes, weights=values, minlength=size).astype(np.float64)


def _welch(good: _Means, bad: _Means) -> tuple[Floats, Floats, Floats]:
    """Return differences of means, their standard errors, and degrees of freedom."""
    variance = np.maximum(good.variances + bad.variances, np.finfo(float).tiny)
    parts = (side.variances**2 / (side.blocks - 1) for side in (good, bad))
    freedom = variance**2 / np.maximum(sum(parts), np.finfo(float).tiny)
    return bad.means - good.means, np.sqrt(variance), np.maximum(freedom, 1.0)


def _order(each: ClassResidual) -> tuple[bool, bool, float, str]:
    size = 0.0 if each.moved is None else -abs(each.moved.change)
    return not each.discovered, each.moved is None, size, each.name
