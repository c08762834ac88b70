"""What fitting leaves in a ``MissingIndicator``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.integrity.unpickling.estimators.common import CATEGORY
from guards.integrity.unpickling.estimators.containers import Array
from guards.integrity.unpickling.estimators.description import Description, Relation
from guards.integrity.unpickling.estimators.kinds import OneOf
from guards.integrity.unpickling.estimators.scalars import Choice, Flag, Size

if TYPE_CHECKING:
    from guards.integrity.unpickling.estimators.description import State, WidthOf

__all__ = ["MISSING_INDICATOR"]


def _width(state: State, _given: int | None, _width_of: WidthOf) -> int | None:
    return len(state["features_"]) if "features_" in state else None


MISSING_INDICATOR = Description(
    path="sklearn.impute._base.MissingIndicator",
    parameters={
        "missing_values": CATEGORY,
        "features": Choice("missing-only", "all"),
        "sparse": OneOf(Flag(), Choice("auto")),
        "error_on_new": Flag(),
    },
    fitted={
        "_precomputed": Flag(),
        "_n_features": Size("features"),
        "features_": Array("iu", "any", low=0, ascending=True),
    },
    varying={"n_features_in_"},
    relations=[
        Relation(
            "features_ point outside its columns",
            lambda state: bool((state["features_"] < state["_n_features"]).all()),
        )
    ],
    width=_width,
)
