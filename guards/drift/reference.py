"""The counts of the held-out rows at training time, which live windows are compared with.

A reference holds counts, never rows. It is stored in the bundle as plain JSON.
"""

from __future__ import annotations

import hashlib
import json
import math
import operator
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from guards.drift.binning import (
    QUANTA_LIMIT,
    cell_indices,
    quantile_edges,
    quantum_of,
    value_sums,
)
from guards.drift.fields import number, required, sequence
from guards.schema import MISSING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from guards.json_types import JsonObject

__all__ = [
    "CONFIDENCE_BINS",
    "CONFIDENCE_QUANTA",
    "AnsweredRows",
    "Calibration",
    "CategoricalReference",
    "FeatureReference",
    "NumericReference",
    "Reference",
]

CONFIDENCE_BINS = 200
"""Equal-width bins on [0, 1]: fine enough to rebuild the accuracy of held-out rows to .0005."""

CONFIDENCE_QUANTA = 2**16
"""Sums of confidences are whole numbers of this part of 1, so that they add up in any order."""

_FORMATS = (1, 2)
"""Raise the last whenever a field is added, changes its meaning or goes away; all are read.

2 has, for each cell of a feature, the sum of confidences and the number of right answers.
"""

_LACKS = (
    "how much of a change of confidence a feature explains",
    "tokens, boundary mass, and the shares of coerced and out-of-range rows",
)
"""What the first format has not."""

_MAX_COUNT = 2**53
"""Every whole number up to it is a double, as readers of JSON keep numbers."""

T = TypeVar("T")


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
    format. Raises ``ValueError`` if the fields contradict each other, and for a count beyond 2**53.
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
        _check_counts(self.cell_counts)
        if self.answers is not None:
            self.answers.refuse(self.cell_counts)
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
        )


@dataclass(frozen=True, slots=True)
class CategoricalReference:
    """A categorical column: the dictionary from training rows, the counts from held-out rows.

    ``counts`` follows ``categories``; ``missing`` counts the canonical missing value ``""``, and
    ``unknown`` everything else. Values of unknown categories are never kept when ``private``.
    ``answers`` is None in the first format. Raises ``ValueError`` if the fields contradict each
    other, and for a count beyond 2**53.
    """

    categories: tuple[str, ...]
    counts: tuple[int, ...]
    missing: int
    unknown: int
    private: bool
    answers: CellAnswers | None = None

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for contradicting dictionary and counts."""
        if MISSING in self.categories or len(set(self.categories)) != len(self.categories):
            message = "categories must be distinct, and none of them empty"
            raise ValueError(message)
        if len(self.counts) != len(self.categories):
            message = f"{len(self.categories)} categories have {len(self.counts)} counts"
            raise ValueError(message)
        _check_counts(self.cell_counts)
        if self.answers is not None:
            self.answers.refuse(self.cell_counts)

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
        )


FeatureReference = NumericReference | CategoricalReference


@dataclass(frozen=True, slots=True)
class Calibration:
    """How many held-out documents of one predicted label were right, by confidence.

    ``documents`` and ``correct`` are whole numbers [CONFIDENCE_BINS]; bin b holds the confidences
    in [b, b + 1) / CONFIDENCE_BINS, the last one 1 as well. Raises ``ValueError`` if they
    contradict each other, and for a count beyond 2**53.
    """

    documents: tuple[int, ...]
    correct: tuple[int, ...]

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for another number of bins, or more right answers than documents."""
        if not len(self.documents) == len(self.correct) == CONFIDENCE_BINS:
            message = f"documents and correct must have {CONFIDENCE_BINS} bins each"
            raise ValueError(message)
        _check_counts((*self.documents, *self.correct))
        if any(map(operator.gt, self.correct, self.documents)):
            message = "correct must not exceed documents in any bin"
            raise ValueError(message)

    @classmethod
    def of(cls, confidence: Sequence[float], correct: Sequence[bool]) -> Calibration:
        """Count the confidences [documents] in [0, 1], and those of them that were right."""
        scaled = np.asarray(confidence, dtype=np.float64) * CONFIDENCE_BINS
        bins = np.minimum(scaled.astype(np.int64), CONFIDENCE_BINS - 1)
        documents = np.bincount(bins, minlength=CONFIDENCE_BINS)
        right = np.bincount(bins[np.asarray(correct, dtype=bool)], minlength=CONFIDENCE_BINS)
        return cls(tuple(documents.tolist()), tuple(right.tolist()))

    def to_json(self) -> JsonObject:
        """Return the calibration as plain JSON."""
        return {"documents": list(self.documents), "correct": list(self.correct)}

    @classmethod
    def from_json(cls, data: object) -> Calibration:
        """Read a calibration back; raise ``ValueError`` if it is malformed."""
        return cls(sequence(data, "documents", int), sequence(data, "correct", int))


@dataclass(frozen=True, slots=True)
class Reference:
    """Everything that a window is compared with: features by name, calibration by predicted label.

    ``documents`` is the number of held-out rows.
    """

    features: Mapping[str, FeatureReference]
    documents: int
    calibration: Mapping[str, Calibration]

    @property
    def format(self) -> int:
        """The number of the format that holds all of it."""
        answered = all(feature.answers is not None for feature in self.features.values())
        return _FORMATS[answered]

    @property
    def lacks(self) -> tuple[str, ...]:
        """What cannot be watched with a reference of an earlier format, in words."""
        return () if self.format == _FORMATS[-1] else _LACKS

    @property
    def fingerprint(self) -> str:
        """``sha256:`` and the digest of the canonical JSON (sorted keys, no spaces, ASCII)."""
        canonical = json.dumps(
            self.to_json(), sort_keys=True, separators=(",", ":"), allow_nan=False
        )
        return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"

    def to_json(self) -> JsonObject:
        """Return the reference as plain JSON."""
        return {
            "schema": self.format,
            "documents": self.documents,
            "features": {name: feature.to_json() for name, feature in self.features.items()},
            "calibration": {label: bins.to_json() for label, bins in self.calibration.items()},
        }

    @classmethod
    def from_json(cls, data: object) -> Reference:
        """Read a reference back.

        Raises ``ValueError`` with a message that names the field.
        """
        schema, documents = required(data, "schema", int), required(data, "documents", int)
        if schema not in _FORMATS:
            message = f"schema must be {_FORMATS[0]} or {_FORMATS[-1]}, found {schema}"
            raise ValueError(message)
        _check_counts((documents,))
        reference = cls(
            features=_read_each(data, "features", _feature),
            documents=documents,
            calibration=_read_each(data, "calibration", Calibration.from_json),
        )
        if reference.format < schema:
            message = f"schema {schema} has confidence and correct in every feature"
            raise ValueError(message)
        return reference


def _feature(data: object) -> FeatureReference:
    kind = required(data, "kind", str)
    if kind == "numeric":
        return NumericReference.from_json(data)
    if kind == "categorical":
        return CategoricalReference.from_json(data)
    message = "kind must be numeric or categorical"
    raise ValueError(message)


def _read_each(data: object, name: str, read: Callable[[object], T]) -> dict[str, T]:
    values = {}
    for key, value in required(data, name, dict).items():
        try:
            values[key] = read(value)
        except ValueError as error:
            message = f"{name}.{key}: {error}"
            raise ValueError(message) from error
    return values


def _check_counts(counts: Iterable[int]) -> None:
    for count in counts:
        if not 0 <= count <= _MAX_COUNT:
            message = "counts must not be negative, nor beyond 2**53"
            raise ValueError(message)


def _is_private(data: object) -> bool:
    """Return whether a number is private, which the first format does not say."""
    return isinstance(data, dict) and "private" in data and required(data, "private", bool)


def _feature_json(value: NumericReference | CategoricalReference) -> JsonObject:
    fields = {
        name: list(field) if isinstance(field, tuple) else field
        for name, field in asdict(value).items()
    }
    del fields["answers"]
    if value.answers is None:
        # The first format says only of categories whether they are private.
        return {k: v for k, v in fields.items() if k != "private" or "categories" in fields}
    answers = value.answers
    return fields | {"confidence": list(answers.confidence), "correct": list(answers.correct)}
