"""Build the reference of a bundle: what inputs and answers look like on held-out rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guards.answer import Answer
from guards.drift.features import (
    ANSWER,
    TRUTH_VALUES,
    answer_features,
    column_feature,
    input_features,
)
from guards.drift.reference import Calibration, CategoricalReference, NumericReference, Reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from artifacts.bundle.preprocessing import Encoding
    from guards.schema import Schema

__all__ = ["build_reference"]


def build_reference(
    schema: Schema,
    encodings: Sequence[Encoding],
    probabilities: NDArray[np.float32],
    truth: NDArray[np.int64],
) -> Reference:
    """Return the reference of held-out rows.

    ``probabilities`` float32 [rows, classes] are calibrated; ``truth`` int64 [rows] are label
    indices.
    """
    answers = [Answer.of(row, schema.labels) for row in probabilities]
    observed = [
        {
            **input_features(
                schema,
                encoding.row,
                tokens=encoding.tokens,
                unknown_tokens=encoding.unknown_tokens,
                truncated=encoding.truncated,
            ),
            **answer_features(answer, ANSWER),
        }
        for encoding, answer in zip(encodings, answers, strict=True)
    ]
    dictionaries: dict[str, tuple[tuple[str, ...], bool]] = {
        "text.truncated": (TRUTH_VALUES, False),
        f"{ANSWER}.label": (schema.labels, False),
        **{
            column_feature(column.name): (column.categories, column.private)
            for column in schema.categorical
        },
    }
    features = {
        name: _reference_of([values[name] for values in observed], dictionaries.get(name))
        for name in observed[0]
    }
    return Reference(features, len(observed), _calibration(answers, truth, schema.labels))


def _reference_of(
    values: Sequence[float | str], dictionary: tuple[tuple[str, ...], bool] | None
) -> NumericReference | CategoricalReference:
    if dictionary is None:
        return NumericReference.of(np.array(values, dtype=np.float64))
    categories, private = dictionary
    return CategoricalReference.of([str(value) for value in values], categories, private=private)


def _calibration(
    answers: Sequence[Answer], truth: NDArray[np.int64], labels: tuple[str, ...]
) -> dict[str, Calibration]:
    answered = np.array([labels.index(answer.label) for answer in answers])
    confidence = np.array([answer.confidence for answer in answers])
    return {
        label: Calibration.of(confidence[answered == index], truth[answered == index] == index)
        for index, label in enumerate(labels)
    }
