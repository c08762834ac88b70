"""What fitting leaves in a ``PowerTransformer``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.integrity.unpickling.estimators.containers import Array, Nested
from guards.integrity.unpickling.estimators.description import Description, Relation
from guards.integrity.unpickling.estimators.scalars import Choice, Flag

if TYPE_CHECKING:
    from guards.integrity.unpickling.estimators.description import State

__all__ = ["POWER_TRANSFORMER"]


def _has_its_scaler(state: State) -> bool:
    if not state["standardize"]:
        return "_scaler" not in state
    return len(vars(state["_scaler"])["scale_"]) == len(state["lambdas_"])


POWER_TRANSFORMER = Description(
    path="sklearn.preprocessing._data.PowerTransformer",
    parameters={
        "method": Choice("yeo-johnson", "box-cox"),
        "standardize": Flag(),
        "copy": Flag(),
    },
    fitted={"lambdas_": Array("f", "features"), "_scaler": Nested("StandardScaler")},
    varying={"_scaler"},
    relations=[Relation("_scaler does not scale each of its columns", _has_its_scaler)],
)
