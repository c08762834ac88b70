"""What one feature looked like on held-out rows: its cells, their counts, and the answers there."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.binning import (
    QUANTA_LIMIT,
    cell_indices,
    quantile_edges,
    quantum_of,
    value_sums,
)
from guards.drift.calibration import check_counts
from guards.drift.fields import number, required, sequence
from guards.drift.taught import TaughtCounts
from guards.schema import MISSING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.json_types import JsonObject

__all__ = [
    "CONFIDENCE_QUANTA",
    "AnsweredRows",
    "CategoricalReference",
    "CellAnswers",
    "FeatureReference",
    "NumericReference",
]

CONFIDENCE_QUANTA = 2**16
"""Sums of confidences are whole numbers of this part of 1, so that they add up in any order."""


@dataclass(frozen=True, slots=True)
class AnsweredRows:
    """What the model answered to the rows that a reference counts.

    ``confidence`` float64 [rows] lies in [0, 1], and ``correct`` bool [rows] tells what was right.
    """

    confidence: NDArray[np.float64]
    correct: NDArray[np.bool_]

    def by_cell(self, cells: NDArray[np.int64], size: int) -> CellAnswers:
        """Sum over the rows of each cell; ``cells`` is int64 [rows], each below ``size``."""
        quanta = np.rint(self.confidence * CONFIDENCE_QUANTA)
        confidence = np.bincount(cells, weights=quanta, minlength=size)
        correct = np.bincount(cells[self.correct], minlength=size)
        return CellAnswers(
            tuple(confidence.astype(np.int64).tolist()), tuple(correct.astype(np.int64).tolist())
        )


@dataclass(frozen=True, slots=True)
class CellAnswers:
    """The answers to the rows of each cell, missing and outside last.

    ``confidence`` is the sum of confidences in parts of 1 / ``CONFIDENCE_QUANTA``, and ``correct``
    the number of right answers. Both are whole numbers [cells].
    """

    confidence: tuple[int, ...]
    correct: tuple[int, ...]

    def refuse(self, counts: Sequence[int]) -> None:
        """Raise ``ValueError`` where these are not answers to so many rows of each cell."""
        if not len(self.confidence) == len(self.correct) == len(counts):
            message = "confidence and correct must have a number for each cell, missing and outside"
            raise ValueError(message)
        for confidence, correct, count in zip(self.confidence, self.correct, counts, strict=True):
            if not (0 <= correct <= count and 0 <= confidence <= count * CONFIDENCE_QUANTA):
                message = "confidence and correct must not exceed what the rows of a cell can have"
                raise ValueError(message)

    @classmethod
    def from_json(cls, data: object) -> CellAnswers | None:
        """Read the answers of a feature; None where it has none, as in the first format."""
        if isinstance(data, dict) and "confidence" not in data:
            return None
        return cls(sequence(data, "confidence", int), sequence(data, "correct", int))


@dataclass(frozen=True, slots=True)
class NumericReference:
    """A numeric column or model output: its cells, and the counts of the held-out rows in them.

    ``edges`` are strictly increasing and make len(edges) + 1 cells, counted with
    ``searchsorted(edges, x, side="right")``: the first holds what lies below the reference, the
    last what lies above. ``counts`` are documents per cell; ``missing`` (NaN) and ``infinite``
    stand outside the cells. With k = round(x / ``quantum``), ``total`` is Σk and
    ``total_squares`` Σk², so that the mean is quantum·Σk/n; no k is beyond ± ``QUANTA_LIMIT``.
    ``minimum`` and ``maximum`` are None when no value was finite. ``answers`` is None in the first
    format, and ``taught`` where good weeks have taught nothing. Raises ``ValueError`` if the fields
    contradict each other, and for a count beyond 2**53.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    missing: int
    infinite: int
    quantum: float
    total: int
    total_squares: int
    minimum: float | None
    maximum: float | None
    private: bool = False
    answers: CellAnswers | None = None
    taught: TaughtCounts | None = None

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for contradicting cells, counts or quantum."""
        if not all(map(math.isfinite, self.edges)) or any(a >= b for a, b in pairwise(self.edges)):
            message = "edges must be finite and strictly increasing"
            raise ValueError(message)
        if len(self.counts) != len(self.edges) + 1:
            message = (
                f"{len(self.edges)} edges make {len(self.edges) + 1} cells, "
                f"but counts has {len(self.counts)}"
            )
            raise ValueError(message)
        check_counts(self.cell_counts)
        if self.answers is not None:
            self.answers.refuse(self.cell_counts)
        if self.taught is not None:
            self.taught.refuse(len(self.cell_counts))
        self._refuse_sums()
        if self.quantum != math.ldexp(1.0, math.frexp(self.quantum)[1] - 1):
            message = "quantum must be a power of two"
            raise ValueError(message)
        self._refuse_range()

    @property
    def cell_counts(self) -> tuple[int, ...]:
        """The counts of all cells, missing and infinite last."""
        return (*self.counts, self.missing, self.infinite)

    @property
    def mean(self) -> float | None:
        """The mean of the finite values, to within half a quantum; None without any."""
        documents = sum(self.counts)
        if self.minimum is None or self.maximum is None or not documents:
            return None
        # Rounding to a quantum may lead out of the range, and beyond the largest double.
        return min(max(self.quantum * (self.total / documents), self.minimum), self.maximum)

    def _refuse_sums(self) -> None:
        documents = sum(self.counts)
        within = abs(self.total) <= documents * QUANTA_LIMIT
        if not (within and 0 <= self.total_squares <= documents * QUANTA_LIMIT**2):
            message = "total and total_squares must be sums over as many values as counts has"
            raise ValueError(message)

    def _refuse_range(self) -> None:
        if self.minimum is None or self.maximum is None:
            if self.minimum is not self.maximum or any(self.counts):
                message = "minimum and maximum are null only together, and only without values"
                raise ValueError(message)
        elif not -math.inf < self.minimum <= self.maximum < math.inf:
            message = "minimum and maximum must be finite and in order"
            raise ValueError(message)

    @classmethod
    def of(
        cls,
        values: NDArray[np.float64],
        bins: int = 32,
        *,
        private: bool = False,
        answered: AnsweredRows | None = None,
    ) -> NumericReference:
        """Build the reference of float64 [documents]; NaN is missing, infinities are counted apart.

        Cells come from the quantiles of the values themselves, about ``bins`` of them; a value
        that holds more than 1/``bins`` of the mass has a cell of its own.
        """
        values = np.asarray(values, dtype=np.float64)
        finite = values[np.isfinite(values)]
        edges, quantum = quantile_edges(finite, bins), quantum_of(finite)
        cells, size = cell_indices(values, edges), len(edges) + 3
        *counts, missing, infinite = np.bincount(cells, minlength=size).tolist()
        (sums,) = value_sums(values[None, :], np.array([quantum]))
        return cls(
            edges=tuple(edges.tolist()),
            counts=tuple(counts),
            missing=missing,
            infinite=infinite,
            quantum=quantum,
            **sums,
            private=private,
            answers=None if answered is None else answered.by_cell(cells, size),
        )

    def to_json(self) -> JsonObject:
        """Return the reference as plain JSON."""
        return {"kind": "numeric", **_feature_json(self)}

    @classmethod
    def from_json(cls, data: object) -> NumericReference:
        """Read a reference back; raise ``ValueError`` if it is malformed."""
        quantum = number(data, "quantum")
        return cls(
            edges=sequence(data, "edges", float),
            counts=sequence(data, "counts", int),
            missing=required(data, "missing", int),
            infinite=required(data, "infinite", int),
            quantum=math.nan if quantum is None else quantum,
            total=required(data, "total", int),
            total_squares=required(data, "total_squares", int),
            minimum=number(data, "minimum"),
            maximum=number(data, "maximum"),
            private=_is_private(data),
            answers=CellAnswers.from_json(data),
            taught=_taught(data),
        )


@dataclass(frozen=True, slots=True)
class CategoricalReference:
    """A categorical column: the dictionary from training rows, the counts from held-out rows.

    ``counts`` follows ``categories``; ``missing`` counts the canonical missing value ``""``, and
    ``unknown`` everything else. Values of unknown categories are never kept when ``private``.
    ``answers`` is None in the first format, and ``taught`` where good weeks have taught nothing.
    Raises ``ValueError`` if the fields contradict each other, and for a count beyond 2**53.
    """

    categories: tuple[str, ...]
    counts: tuple[int, ...]
    missing: int
    unknown: int
    private: bool
    answers: CellAnswers | None = None
    taught: TaughtCounts | None = None

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for contradicting dictionary and counts."""
        if MISSING in self.categories or len(set(self.categories)) != len(self.categories):
            message = "categories must be distinct, and none of them empty"
            raise ValueError(message)
        if len(self.counts) != len(self.categories):
            message = f"{len(self.categories)} categories have {len(self.counts)} counts"
            raise ValueError(message)
        check_counts(self.cell_counts)
        if self.answers is not None:
            self.answers.refuse(self.cell_counts)
        if self.taught is not None:
            self.taught.refuse(len(self.cell_counts))

    @property
    def cell_counts(self) -> tuple[int, ...]:
        """The counts of all cells, missing and unknown last."""
        return (*self.counts, self.missing, self.unknown)

    @classmethod
    def of(
        cls,
        values: Sequence[str],
        categories: Sequence[str],
        *,
        private: bool = False,
        answered: AnsweredRows | None = None,
    ) -> CategoricalReference:
        """Count held-out values over the dictionary; ``ValueError`` for ``""`` or repeats in it."""
        known = {category: cell for cell, category in enumerate((*categories, MISSING))}
        size = len(categories) + 2
        cells = np.array([known.get(value, size - 1) for value in values], dtype=np.int64)
        *counts, missing, unknown = np.bincount(cells, minlength=size).tolist()
        answers = None if answered is None else answered.by_cell(cells, size)
        return cls(tuple(categories), tuple(counts), missing, unknown, private, answers)

    def to_json(self) -> JsonObject:
        """Return the reference as plain JSON."""
        return {"kind": "categorical", **_feature_json(self)}

    @classmethod
    def from_json(cls, data: object) -> CategoricalReference:
        """Read a reference back; raise ``ValueError`` if it is malformed."""
        return cls(
            categories=sequence(data, "categories", str),
            counts=sequence(data, "counts", int),
            missing=required(data, "missing", int),
            unknown=required(data, "unknown", int),
            private=required(data, "private", bool),
            answers=CellAnswers.from_json(data),
            taught=_taught(data),
        )


FeatureReference = NumericReference | CategoricalReference


def _is_private(data: object) -> bool:
    """Return whether a number is private, which the first format does not say."""
    return isinstance(data, dict) and "private" in data and required(data, "private", bool)


def _taught(data: object) -> TaughtCounts | None:
    """Read what good weeks have taught about a feature; None where it has neither field."""
    if isinstance(data, dict) and data.keys() & {"hours", "excess"}:
        return TaughtCounts.from_json(data)
    return None


def _feature_json(feature: FeatureReference) -> JsonObject:
    values = {each.name: getattr(feature, each.name) for each in fields(feature)}
    answers, taught = values.pop("answers"), values.pop("taught")
    plain = {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}
    if taught is not None:
        plain |= taught.to_json()
    if answers is None:
        # The first format says only of categories whether they are private.
        return {k: v for k, v in plain.items() if k != "private" or "categories" in plain}
    return plain | {"confidence": list(answers.confidence), "correct": list(answers.correct)}
