"""Build the reference of a bundle: what inputs and answers look like on held-out rows."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from artifacts.progress import Progress
from guards.answer import Answer
from guards.drift.calibration import Calibration
from guards.drift.embedding import EMBEDDING_FEATURES
from guards.drift.feature_reference import AnsweredRows, CategoricalReference, NumericReference
from guards.drift.features import (
    ANSWER,
    answer_features,
    column_feature,
    dictionaries_of_own,
    input_features,
)
from guards.drift.harm.cross_fitting import cross_fitted_residuals
from guards.drift.reference import Reference
from guards.performance.answer_counts import counted_labels, predicted_labels
from guards.performance.sealed import SealedPerformance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from artifacts.bundle.preprocessing import Encoding
    from artifacts.sealing.embedding import EmbeddedRows
    from guards.schema import Schema

__all__ = ["build_reference"]


def build_reference(
    schema: Schema,
    encodings: Sequence[Encoding],
    probabilities: NDArray[np.float32],
    truth: NDArray[np.int64],
    embedded: EmbeddedRows | None = None,
) -> Reference:
    """Return the reference of held-out rows; shows progress on standard error.

    ``probabilities`` float32 [rows, classes] are calibrated; ``truth`` int64 [rows] are label
    indices. ``embedded`` says where their texts lie, if the network embeds.
    """
    observed: defaultdict[str, list[float | str]] = defaultdict(list)
    with Progress("counting", len(encodings)) as progress:
        for encoding, row in zip(encodings, probabilities, strict=True):
            document = {
                **input_features(
                    schema,
                    encoding.row,
                    encoding.token_ids,
                    unknown_tokens=encoding.unknown_tokens,
                    truncated=encoding.truncated,
                ),
                **answer_features(Answer.of(row, schema.labels), ANSWER),
            }
            for name, value in document.items():
                observed[name].append(value)
            progress.update()
    dictionaries = dictionaries_of_own(schema.labels) | {
        column_feature(column.name): column.categories for column in schema.categorical
    }
    if embedded is not None:
        name, *coordinates = EMBEDDING_FEATURES
        observed[name] = list(map(str, embedded.cells.tolist()))
        dictionaries[name] = embedded.map.categories
        for each, values in zip(coordinates, embedded.projected.T, strict=False):
            observed[each] = values.tolist()
    private = set(map(column_feature, schema.private))
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    answered = AnsweredRows(confidence.astype(np.float64), predicted == truth)
    features = {
        name: _reference_of(values, dictionaries.get(name), answered, is_private=name in private)
        for name, values in observed.items()
    }
    return Reference(
        features,
        len(truth),
        _calibration(probabilities, truth, schema.labels),
        residuals=cross_fitted_residuals(
            counted_labels(schema.labels),
            predicted_labels(schema.labels, predicted),
            answered.confidence,
            answered.correct,
        ),
        pairs=SealedPerformance.of(probabilities, truth, schema.labels).pairs,
        embedding=None if embedded is None else embedded.map,
    )


def _reference_of(
    values: Sequence[float | str],
    categories: tuple[str, ...] | None,
    answered: AnsweredRows,
    *,
    is_private: bool,
) -> NumericReference | CategoricalReference:
    if categories is None:
        numbers = np.array(values, dtype=np.float64)
        return NumericReference.of(numbers, private=is_private, answered=answered)
    texts = [str(value) for value in values]
    return CategoricalReference.of(texts, categories, private=is_private, answered=answered)


def _calibration(
    probabilities: NDArray[np.float32], truth: NDArray[np.int64], labels: tuple[str, ...]
) -> dict[str, Calibration]:
    answered, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    return {
        label: Calibration.of(confidence[answered == index], truth[answered == index] == index)
        for index, label in enumerate(labels)
    }
