"""What fitting leaves in a ``StandardScaler``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.integrity.unpickling.estimators.common import SAMPLES
from guards.integrity.unpickling.estimators.containers import Array
from guards.integrity.unpickling.estimators.description import Description, Relation
from guards.integrity.unpickling.estimators.kinds import optional
from guards.integrity.unpickling.estimators.scalars import Flag

if TYPE_CHECKING:
    from guards.integrity.unpickling.estimators.description import State

__all__ = ["STANDARD_SCALER"]


def _has_what_it_subtracts_and_divides_by(state: State) -> bool:
    subtracts = state["mean_"] is not None or not state["with_mean"]
    divides = state["scale_"] is not None
    return subtracts and divides == bool(state["with_std"]) == (state["var_"] is not None)


STANDARD_SCALER = Description(
    path="sklearn.preprocessing._data.StandardScaler",
    parameters={"copy": Flag(), "with_mean": Flag(), "with_std": Flag()},
    fitted={
        "n_samples_seen_": SAMPLES,
        "mean_": optional(Array("f", "features")),
        "var_": optional(Array("f", "features", low=0)),
        "scale_": optional(Array("f", "features", low=0)),
    },
    relations=[
        Relation(
            "mean_ and scale_ are not what with_mean and with_std ask for",
            _has_what_it_subtracts_and_divides_by,
        )
    ],
)
