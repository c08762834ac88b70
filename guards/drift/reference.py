"""What the sketch was at training time: the held-out rows that a live window is held against.

A reference is counts, never rows: it travels in the bundle as plain JSON, and a window over the
same cells is compared with it by counting alone.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from guards.drift.binning import quantile_edges, quantum_of, tally
from guards.drift.fields import number, required, sequence
from guards.schema import MISSING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = [
    "CONFIDENCE_BINS",
    "Calibration",
    "CategoricalReference",
    "FeatureReference",
    "NumericReference",
    "Reference",
]

CONFIDENCE_BINS = 200
"""Equal-width bins on [0, 1]: fine enough to rebuild the accuracy of held-out rows to .0005."""

_SCHEMA = 1
"""Raise it, and read the old one too, whenever a field changes its meaning or goes away."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NumericReference:
    """A numeric column or model output: its cells, and what the held-out rows put into them.

    ``edges`` are strictly increasing and make len(edges) + 1 cells, counted with
    ``searchsorted(edges, x, side="right")``: the first holds what lies below the reference, the
    last what lies above. ``counts`` are documents per cell; ``missing`` (NaN) and ``infinite``
    stand outside the cells. With k = round(x / ``quantum``), ``total`` is Σk and
    ``total_squares`` Σk², so that the mean is quantum·Σk/n. ``minimum`` and ``maximum`` are None
    when no value was finite. Raises ``ValueError`` when these do not fit together.
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

    def __post_init__(self) -> None:
        """Refuse cells, counts or a quantum that do not fit together."""
        if not all(map(math.isfinite, self.edges)) or any(a >= b for a, b in pairwise(self.edges)):
            message = "edges must be finite and strictly increasing"
            raise ValueError(message)
        if len(self.counts) != len(self.edges) + 1:
            message = (
                f"{len(self.edges)} edges make {len(self.edges) + 1} cells, "
                f"but counts has {len(self.counts)}"
            )
            raise ValueError(message)
        _refuse_negative((*self.counts, self.missing, self.infinite, self.total_squares))
        if self.quantum != math.ldexp(1.0, math.frexp(self.quantum)[1] - 1):
            message = "quantum must be a power of two"
            raise ValueError(message)
        self._refuse_range()

    @property
    def mean(self) -> float | None:
        """The mean of the finite values, to within half a quantum; None without any."""
        documents = sum(self.counts)
        return self.quantum * self.total / documents if documents else None

    def _refuse_range(self) -> None:
        if self.minimum is None or self.maximum is None:
            if self.minimum is not self.maximum or any(self.counts):
                message = "minimum and maximum are null only together, and only without values"
                raise ValueError(message)
        elif not -math.inf < self.minimum <= self.maximum < math.inf:
            message = "minimum and maximum must be finite and in order"
            raise ValueError(message)

    @classmethod
    def of(cls, values: NDArray[np.float64], bins: int = 32) -> NumericReference:
        """Build the reference of float64 [documents]; NaN is missing, infinities are set apart.

        Cells come from the quantiles of the values themselves, about ``bins`` of them; a value
        that holds more than 1/``bins`` of the mass has a cell of its own.
        """
        values = np.asarray(values, dtype=np.float64)
        finite = values[np.isfinite(values)]
        edges, quantum = quantile_edges(finite, bins), quantum_of(finite)
        counted = tally(values, edges, quantum)
        counts = tuple(counted.pop("counts"))
        return cls(edges=tuple(edges.tolist()), counts=counts, quantum=quantum, **counted)

    def to_json(self) -> dict[str, Any]:
        """Give the reference as plain JSON."""
        return {"kind": "numeric", **_plain(self)}

    @classmethod
    def from_json(cls, data: object) -> NumericReference:
        """Read a reference back; ``ValueError`` with a sentence when it is malformed."""
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
        )


@dataclass(frozen=True, slots=True)
class CategoricalReference:
    """A categorical column: the dictionary from training rows, the counts from held-out rows.

    ``counts`` follows ``categories``; ``missing`` counts the canonical missing value ``""``, and
    ``unknown`` everything else. Values of unknown categories are never kept when ``private``.
    Raises ``ValueError`` when these do not fit together.
    """

    categories: tuple[str, ...]
    counts: tuple[int, ...]
    missing: int
    unknown: int
    private: bool

    def __post_init__(self) -> None:
        """Refuse a dictionary and counts that do not fit together."""
        if MISSING in self.categories or len(set(self.categories)) != len(self.categories):
            message = "categories must be distinct, and none of them empty"
            raise ValueError(message)
        if len(self.counts) != len(self.categories):
            message = f"{len(self.categories)} categories have {len(self.counts)} counts"
            raise ValueError(message)
        _refuse_negative((*self.counts, self.missing, self.unknown))

    @classmethod
    def of(
        cls, values: Sequence[str], categories: Sequence[str], *, private: bool = False
    ) -> CategoricalReference:
        """Count held-out values over the dictionary; ``ValueError`` for ``""`` or repeats in it."""
        found = Counter(values)
        counts = tuple(found[category] for category in categories)
        missing = found[MISSING]
        unknown = len(values) - sum(counts) - missing
        return cls(tuple(categories), counts, missing, unknown, private)

    def to_json(self) -> dict[str, Any]:
        """Give the reference as plain JSON."""
        return {"kind": "categorical", **_plain(self)}

    @classmethod
    def from_json(cls, data: object) -> CategoricalReference:
        """Read a reference back; ``ValueError`` with a sentence when it is malformed."""
        return cls(
            categories=sequence(data, "categories", str),
            counts=sequence(data, "counts", int),
            missing=required(data, "missing", int),
            unknown=required(data, "unknown", int),
            private=required(data, "private", bool),
        )


FeatureReference = NumericReference | CategoricalReference


@dataclass(frozen=True, slots=True)
class Calibration:
    """How often held-out documents of one predicted label were right, by confidence.

    ``documents`` and ``correct`` are whole numbers [CONFIDENCE_BINS]; bin b holds the confidences
    in [b, b + 1) / CONFIDENCE_BINS, the last one 1 as well. Raises ``ValueError`` when they do
    not fit together.
    """

    documents: tuple[int, ...]
    correct: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse bins of another number, or with more right answers than documents."""
        if not len(self.documents) == len(self.correct) == CONFIDENCE_BINS:
            message = f"documents and correct must have {CONFIDENCE_BINS} bins each"
            raise ValueError(message)
        _refuse_negative((*self.documents, *self.correct))
        if any(right > all_ for right, all_ in zip(self.correct, self.documents, strict=True)):
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

    def to_json(self) -> dict[str, Any]:
        """Give the calibration as plain JSON."""
        return _plain(self)

    @classmethod
    def from_json(cls, data: object) -> Calibration:
        """Read a calibration back; ``ValueError`` with a sentence when it is malformed."""
        return cls(sequence(data, "documents", int), sequence(data, "correct", int))


@dataclass(frozen=True, slots=True)
class Reference:
    """Everything that a window is held against: features by name, calibration by predicted label.

    ``documents`` is the number of held-out rows.
    """

    features: Mapping[str, FeatureReference]
    documents: int
    calibration: Mapping[str, Calibration]

    @property
    def fingerprint(self) -> str:
        """``sha256:`` and the digest of the canonical JSON (sorted keys, no spaces, ASCII)."""
        canonical = json.dumps(
            self.to_json(), sort_keys=True, separators=(",", ":"), allow_nan=False
        )
        return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"

    def to_json(self) -> dict[str, Any]:
        """Give the reference as plain JSON."""
        return {
            "schema": _SCHEMA,
            "documents": self.documents,
            "features": {name: feature.to_json() for name, feature in self.features.items()},
            "calibration": {label: one.to_json() for label, one in self.calibration.items()},
        }

    @classmethod
    def from_json(cls, data: object) -> Reference:
        """Read a reference back.

        Raises ``ValueError`` with a sentence that names the field and what is wrong with it.
        """
        schema, documents = required(data, "schema", int), required(data, "documents", int)
        if schema != _SCHEMA:
            message = f"schema must be {_SCHEMA}, found {schema}"
            raise ValueError(message)
        _refuse_negative((documents,))
        return cls(
            features=_each(data, "features", _feature),
            documents=documents,
            calibration=_each(data, "calibration", Calibration.from_json),
        )


def _feature(data: object) -> FeatureReference:
    kind = required(data, "kind", str)
    if kind == "numeric":
        return NumericReference.from_json(data)
    if kind == "categorical":
        return CategoricalReference.from_json(data)
    message = "kind must be numeric or categorical"
    raise ValueError(message)


def _each(data: object, name: str, read: Callable[[object], T]) -> dict[str, T]:
    values = {}
    for key, value in required(data, name, dict).items():
        try:
            values[key] = read(value)
        except ValueError as error:
            message = f"{name}.{key}: {error}"
            raise ValueError(message) from error
    return values


def _refuse_negative(counts: Iterable[int]) -> None:
    if min(counts, default=0) < 0:
        message = "counts must not be negative"
        raise ValueError(message)


def _plain(value: NumericReference | CategoricalReference | Calibration) -> dict[str, Any]:
    return {
        name: list(field) if isinstance(field, tuple) else field
        for name, field in asdict(value).items()
    }
