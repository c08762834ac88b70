"""Compute the fingerprint that ties the weights of a network to its preprocessing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifacts.bundle.column_inputs import column_inputs_of
from artifacts.bundle.sealed_columns import estimator_of
from artifacts.bundle.tokenizer import parsed
from guards.integrity.state.fingerprint import preprocessing_fingerprint

if TYPE_CHECKING:
    from artifacts.bundle.preprocessing import Preprocessing
    from guards.json_types import JsonObject

__all__ = ["column_inputs_to_seal", "fingerprint_of"]


def fingerprint_of(preprocessing: Preprocessing) -> str:
    """Return the fingerprint of a preprocessing, which the weights are trained with."""
    return preprocessing_fingerprint(
        estimator_of(preprocessing.columns),
        parsed(preprocessing.tokenizer),
        preprocessing.schema.to_json(),
        preprocessing.truncation.to_json(),
        column_inputs_to_seal(preprocessing),
    )


def column_inputs_to_seal(preprocessing: Preprocessing) -> JsonObject | None:
    """Return the column inputs for the manifest; None if they are those that training uses."""
    columns = preprocessing.columns
    if columns is None or columns.column_inputs == column_inputs_of(preprocessing.schema):
        return None
    return columns.column_inputs.to_json()
