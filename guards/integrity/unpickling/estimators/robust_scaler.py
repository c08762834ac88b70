"""What fitting leaves in a ``RobustScaler``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.integrity.unpickling.estimators.containers import Array, TupleOf
from guards.integrity.unpickling.estimators.description import Description, Relation
from guards.integrity.unpickling.estimators.kinds import optional
from guards.integrity.unpickling.estimators.scalars import Flag, Number

if TYPE_CHECKING:
    from guards.integrity.unpickling.estimators.description import State

__all__ = ["ROBUST_SCALER"]


def _has_what_it_subtracts_and_divides_by(state: State) -> bool:
    return (state["center_"] is not None) == bool(state["with_centering"]) and (
        state["scale_"] is not None
    ) == bool(state["with_scaling"])


ROBUST_SCALER = Description(
    path="sklearn.preprocessing._data.RobustScaler",
    parameters={
        "with_centering": Flag(),
        "with_scaling": Flag(),
        "quantile_range": TupleOf(Number(0, 100), Number(0, 100)),
        "unit_variance": Flag(),
        "copy": Flag(),
    },
    fitted={
        "center_": optional(Array("f", "features")),
        "scale_": optional(Array("f", "features")),
    },
    relations=[
        Relation(
            "center_ and scale_ are not what with_centering and with_scaling ask for",
            _has_what_it_subtracts_and_divides_by,
        )
    ],
)
