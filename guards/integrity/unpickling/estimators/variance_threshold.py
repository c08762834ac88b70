"""What fitting leaves in a ``VarianceThreshold``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.integrity.unpickling.estimators.containers import Array
from guards.integrity.unpickling.estimators.description import Description
from guards.integrity.unpickling.estimators.scalars import Number

if TYPE_CHECKING:
    from guards.integrity.unpickling.estimators.description import State, WidthOf

__all__ = ["VARIANCE_THRESHOLD"]


def _width(state: State, _given: int | None, _width_of: WidthOf) -> int | None:
    if "variances_" not in state:
        return None
    return int((state["variances_"] > state["threshold"]).sum())


VARIANCE_THRESHOLD = Description(
    path="sklearn.feature_selection._variance_threshold.VarianceThreshold",
    parameters={"threshold": Number(0)},
    fitted={"variances_": Array("f", "features")},
    width=_width,
)
