"""Snapshots of one feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.drift.sketch import RowSketch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guards.drift.feature_reference import FeatureReference
    from guards.json_types import JsonObject

__all__ = ["sketched"]


def sketched(values: Iterable[float | str], reference: FeatureReference) -> JsonObject:
    """Sketch values of one feature, all answered with a confidence of a half."""
    sketch = RowSketch(("feature",), {"feature": reference})
    for value in values:
        sketch.update((value,), 0.5)
    return sketch.get()["feature"]
