"""The reference of a bundle: read, and compared with the schema and the network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from artifacts.bundle.network import embedding_width
from guards.bundle.layout import REFERENCE
from guards.drift.embedding import EMBEDDING_FEATURES
from guards.drift.feature_reference import CategoricalReference, NumericReference
from guards.drift.features import column_feature, dictionaries_of_own, watched_features
from guards.drift.reference import Reference
from guards.errors import Finding, PartError, first_line
from guards.performance.answer_counts import counted_labels
from guards.performance.sealed import SealedPerformance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifacts.bundle.network import Network
    from guards.bundle.sealed_files import SealedFiles
    from guards.schema import Schema

__all__ = ["load_reference"]


def load_reference(sealed: SealedFiles, network: Network) -> Reference:
    """Return the reference; raises ``PartError`` where it was built for another bundle."""
    try:
        reference = Reference.from_json(sealed.reference)
    except ValueError as error:
        expected = "the reference that training built for these columns"
        finding = Finding("part_unreadable", REFERENCE, expected, first_line(error))
        raise PartError(finding) from None
    reference = _renamed(reference, sealed.manifest.schema_)
    differences = _reference_differences(reference, sealed.manifest.schema_)
    for observed in (*differences, *_embedding_differences(reference, network)):
        finding = Finding(
            code="reference_mismatch",
            subject=REFERENCE,
            expected="the reference that was built for these columns and labels",
            observed=observed,
        )
        raise PartError(finding)
    return reference


def _renamed(reference: Reference, schema: Schema) -> Reference:
    """Return the reference with the names that columns are watched under now.

    Bundles that were sealed before a column had to differ from other features have its plain name.
    Where that was the name of another feature, the column's counts took the place of those: for the
    other feature there is nothing to compare with.
    """
    watched = _watched(reference, schema)
    missing = watched - reference.features.keys()
    names = {column: column_feature(column) for column in schema.columns}
    former = {column: name for column, name in names.items() if name in missing}
    if former.keys().isdisjoint(reference.features):
        return reference
    features = {former.get(name, name): value for name, value in reference.features.items()}
    replaced = (former.keys() & watched) - features.keys()
    return replace(reference, features=features | {n: _nothing(n, schema) for n in replaced})


def _nothing(name: str, schema: Schema) -> NumericReference | CategoricalReference:
    """Return the reference of no document, for a feature that is no column."""
    categories = dictionaries_of_own(schema.labels)
    if name in categories:
        return CategoricalReference.of([], categories[name])
    return NumericReference.of(np.zeros(0))


def _watched(reference: Reference, schema: Schema) -> set[str]:
    embeds = reference.embedding is not None
    return watched_features(schema, reference.format, embeds=embeds)


def _reference_differences(reference: Reference, schema: Schema) -> Iterator[str]:
    """Yield a sentence for each way in which a reference was built for another schema."""
    for name in sorted(reference.features.keys() ^ _watched(reference, schema)):
        yield f"only one of reference and schema has {name!r}"
    for label in sorted(reference.calibration.keys() ^ {*schema.labels}):
        yield f"only one of calibration and schema has label {label!r}"
    yield from _own_differences(reference, schema)
    for column in schema.categorical:
        counted = reference.features.get(column_feature(column.name))
        if not isinstance(counted, CategoricalReference):
            yield f"{column.name!r} was counted as a number"
        elif {*counted.categories} != {*column.categories}:
            yield f"{column.name!r} was counted over other categories"
    for number in schema.numeric:
        if not isinstance(reference.features.get(column_feature(number.name)), NumericReference):
            yield f"{number.name!r} was counted as categories"


def _own_differences(reference: Reference, schema: Schema) -> Iterator[str]:
    """Yield the same for what is no column."""
    try:
        SealedPerformance.from_reference(reference.calibration, reference.pairs)
    except ValueError as error:
        yield str(error)
    if reference.residuals and [*reference.residuals] != [*counted_labels(schema.labels)]:
        yield "the residuals are those of other labels"
    for name, categories in dictionaries_of_own(schema.labels).items():
        own = reference.features.get(name)
        if own is not None and getattr(own, "categories", ()) != categories:
            yield f"{name!r} was counted over other categories"


def _embedding_differences(reference: Reference, network: Network) -> Iterator[str]:
    """Yield a sentence for each way in which a map is that of another embedding."""
    if reference.embedding is None:
        return
    if reference.embedding.hidden != embedding_width(network):
        yield "the map of the embedding has another width than the network's"
    name, *coordinates = EMBEDDING_FEATURES
    cells = reference.features.get(name)
    if getattr(cells, "categories", ()) != reference.embedding.categories:
        yield f"{name!r} was counted over other categories"
    for coordinate in coordinates:
        if not isinstance(reference.features.get(coordinate), NumericReference):
            yield f"{coordinate!r} was counted as categories"
