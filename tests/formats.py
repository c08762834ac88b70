"""Parts of bundles in the forms that they had before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.drift.embedding import EMBEDDING_FEATURES

if TYPE_CHECKING:
    from guards.json_types import JsonMapping, JsonObject

__all__ = ["first_format"]

_LATER_FEATURES = {
    *("text.token", "columns.coerced", "columns.out_of_range", "answer.boundary"),
    *EMBEDDING_FEATURES,
}


def first_format(reference: JsonMapping) -> JsonObject:
    """Return the JSON of a reference without what its second format has."""
    features = {}
    for name, feature in reference["features"].items():
        dropped = {"confidence", "correct"}
        if feature["kind"] == "numeric":
            dropped.add("private")
        if name not in _LATER_FEATURES:
            features[name] = {key: value for key, value in feature.items() if key not in dropped}
    return {
        "schema": 1,
        "documents": reference["documents"],
        "features": features,
        "calibration": reference["calibration"],
    }
