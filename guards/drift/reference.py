"""The counts of the held-out rows at training time, which live windows are compared with.

A reference holds counts, never rows. It is stored in the bundle as plain JSON.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from guards.drift.calibration import Calibration, check_counts
from guards.drift.cells import grouped_cells
from guards.drift.embedding import EmbeddingMap
from guards.drift.feature_reference import CategoricalReference, NumericReference
from guards.drift.fields import required
from guards.drift.harm.cross_fitting import HeldOutResidual
from guards.drift.pair_counts import PairCounts
from guards.drift.taught import Taught
from guards.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guards.drift.feature_reference import FeatureReference
    from guards.json_types import JsonMapping, JsonObject

__all__ = ["Reference"]

_FORMATS = (1, 2, 3)
"""Raise the last whenever a field is added, changes its meaning or goes away; all are read.

2 has, for each cell of a feature, the sum of confidences and the number of right answers, and
besides the residuals, the pairs and the embedding. 3 is 2 with what good weeks have taught; a
reference that was not taught stays 2.
"""

_LACKS = (
    "how much of a change of confidence a feature explains",
    "tokens, boundary mass, and the shares of coerced and out-of-range rows",
    "F1 and AUC without labels, and what labels say of a changed meaning",
)
"""What the first format has not."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reference:
    """Everything that a window is compared with: features by name, calibration by predicted label.

    ``documents`` is the number of held-out rows. ``residuals`` say by predicted label how far the
    calibration is off on rows that it was not fitted to, ``pairs`` count pairs of labels, and
    ``embedding`` maps where texts lie. The first format has none of these three, and the second has
    ``pairs`` for 3 to 20 labels, and ``embedding`` where the network embeds. ``taught`` says which
    good windows the features and segments have learnt from; None where there were none. Raises
    ``ValueError`` where the segments have features or cells that the reference has not.
    """

    features: Mapping[str, FeatureReference]
    documents: int
    calibration: Mapping[str, Calibration]
    residuals: Mapping[str, HeldOutResidual] = field(default_factory=dict)
    pairs: PairCounts | None = None
    embedding: EmbeddingMap | None = None
    taught: Taught | None = None

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for segments that were counted over something else."""
        for segment, features in (self.taught.segments if self.taught else {}).items():
            for name, counts in features.items():
                if name not in self.features:
                    message = f"taught: segments.{segment}: there is no feature {name}"
                    raise ValueError(message)
                groups = int(grouped_cells(self.features[name]).max()) + 1
                try:
                    counts.refuse(groups)
                except ValueError as error:
                    message = f"taught: segments.{segment}.{name}: {error}"
                    raise ValueError(message) from None

    @property
    def format(self) -> int:
        """The number of the format that holds all of it."""
        if self.taught is not None:
            return _FORMATS[-1]
        answered = all(feature.answers is not None for feature in self.features.values())
        return _FORMATS[answered]

    @property
    def lacks(self) -> tuple[str, ...]:
        """What cannot be watched with this reference, in words.

        That is what the first format has not, and labels that no held-out row was answered with.
        """
        if self.format == _FORMATS[0]:
            return _LACKS
        unknown = [label for label, sums in self.residuals.items() if not sums.documents]
        if not unknown:
            return ()
        return (f"what labels say of a changed meaning of answers {listed(unknown)}",)

    @property
    def fingerprint(self) -> str:
        """``sha256:`` and the digest of the canonical JSON (sorted keys, no spaces, ASCII)."""
        canonical = json.dumps(
            self.to_json(), sort_keys=True, separators=(",", ":"), allow_nan=False
        )
        return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"

    def to_json(self) -> JsonObject:
        """Return the reference as plain JSON."""
        data: JsonObject = {
            "schema": self.format,
            "documents": self.documents,
            "features": {name: feature.to_json() for name, feature in self.features.items()},
            "calibration": {label: bins.to_json() for label, bins in self.calibration.items()},
        }
        if self.residuals:
            data["residuals"] = {label: sums.to_json() for label, sums in self.residuals.items()}
        for name, part in (
            ("pairs", self.pairs),
            ("embedding", self.embedding),
            ("taught", self.taught),
        ):
            if part is not None:
                data[name] = part.to_json()
        return data

    @classmethod
    def from_json(cls, data: object) -> Reference:
        """Read a reference back.

        Raises ``ValueError`` with a message that names the field.
        """
        schema, documents = required(data, "schema", int), required(data, "documents", int)
        optional = data if isinstance(data, dict) else {}
        if schema not in _FORMATS:
            message = f"schema must be one of {', '.join(map(str, _FORMATS))}, found {schema}"
            raise ValueError(message)
        check_counts((documents,))
        reference = cls(
            features=_read_each(data, "features", _feature),
            documents=documents,
            calibration=_read_each(data, "calibration", Calibration.from_json),
            residuals=_read_each(
                {"residuals": {}, **optional}, "residuals", HeldOutResidual.from_json
            ),
            pairs=_read(optional, "pairs", PairCounts.from_json),
            embedding=_read(optional, "embedding", EmbeddingMap.from_json),
            taught=_read(optional, "taught", Taught.from_json),
        )
        _refuse(reference, schema)
        return reference


def _refuse(reference: Reference, schema: int) -> None:
    """Raise ``ValueError`` where a reference lacks what its format has, or has what it lacks."""
    features = reference.features.values()
    if schema > _FORMATS[0] and any(feature.answers is None for feature in features):
        message = f"schema {schema} has confidence and correct in every feature"
        raise ValueError(message)
    if (reference.taught is not None) != (schema == _FORMATS[-1]):
        message = f"taught must be there with schema {_FORMATS[-1]}, and with no other"
        raise ValueError(message)
    if reference.taught is None and any(feature.taught is not None for feature in features):
        message = f"hours and excess must be there with schema {_FORMATS[-1]}, and with no other"
        raise ValueError(message)


def _feature(data: object) -> FeatureReference:
    kind = required(data, "kind", str)
    if kind == "numeric":
        return NumericReference.from_json(data)
    if kind == "categorical":
        return CategoricalReference.from_json(data)
    message = "kind must be numeric or categorical"
    raise ValueError(message)


def _read(data: JsonMapping, name: str, read: Callable[[object], T]) -> T | None:
    if name not in data:
        return None
    try:
        return read(data[name])
    except ValueError as error:
        message = f"{name}: {error}"
        raise ValueError(message) from error


def _read_each(data: object, name: str, read: Callable[[object], T]) -> dict[str, T]:
    values = {}
    for key, value in required(data, name, dict).items():
        try:
            values[key] = read(value)
        except ValueError as error:
            message = f"{name}.{key}: {error}"
            raise ValueError(message) from error
    return values
