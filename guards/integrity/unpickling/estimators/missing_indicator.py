"""What fitting leaves in a ``MissingIndicator``."""

from __future__ import annotations

from guards.integrity.unpickling.estimators.common import CATEGORY
from guards.integrity.unpickling.estimators.containers import Array
from guards.integrity.unpickling.estimators.description import Description, Relation, length_of
from guards.integrity.unpickling.estimators.kinds import OneOf
from guards.integrity.unpickling.estimators.scalars import Choice, Flag, Size

__all__ = ["MISSING_INDICATOR"]


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
    width=length_of("features_"),
)
