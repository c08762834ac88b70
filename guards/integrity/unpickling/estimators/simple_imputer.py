"""What fitting leaves in a ``SimpleImputer``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.integrity.unpickling.estimators.common import CATEGORY, VERBOSE, is_nan
from guards.integrity.unpickling.estimators.containers import Array, Nested, Objects
from guards.integrity.unpickling.estimators.description import Description, Relation
from guards.integrity.unpickling.estimators.kinds import OneOf, optional
from guards.integrity.unpickling.estimators.scalars import Choice, Dtype, Flag

if TYPE_CHECKING:
    from guards.integrity.unpickling.estimators.description import State, WidthOf

__all__ = ["SIMPLE_IMPUTER"]


def _has_its_indicator(state: State) -> bool:
    if not state["add_indicator"]:
        return state["indicator_"] is None
    return bool(vars(state["indicator_"])["_n_features"] == state["n_features_in_"])


def _width(state: State, _given: int | None, width_of: WidthOf) -> int | None:
    if "statistics_" not in state or state["strategy"] == "constant":
        return None
    statistics = state["statistics_"].tolist()
    kept = len(statistics) - (0 if state["keep_empty_features"] else sum(map(is_nan, statistics)))
    if not state["add_indicator"]:
        return kept
    flags = width_of(state["indicator_"], len(statistics))
    return None if flags is None else kept + flags


SIMPLE_IMPUTER = Description(
    path="sklearn.impute._base.SimpleImputer",
    parameters={
        "missing_values": CATEGORY,
        "strategy": Choice("mean", "median", "most_frequent", "constant"),
        "fill_value": CATEGORY,
        "verbose": OneOf(VERBOSE, Choice("deprecated")),
        "copy": Flag(),
        "add_indicator": Flag(),
        "keep_empty_features": Flag(),
    },
    fitted={
        "_fit_dtype": Dtype("biufO"),
        "_fill_dtype": Dtype("biufO"),
        "indicator_": optional(Nested("MissingIndicator")),
        "statistics_": OneOf(Array("biuf", "features"), Objects(CATEGORY, "features")),
    },
    varying={"verbose", "_fill_dtype"},
    relations=[Relation("indicator_ is not the one of its columns", _has_its_indicator)],
    width=_width,
)
