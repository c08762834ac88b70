"""What fitting leaves in a ``FeatureUnion``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.integrity.unpickling.estimators.common import (
    JOBS,
    NAMES_OF_STEPS,
    STEP,
    VERBOSE,
    step_names_fit,
)
from guards.integrity.unpickling.estimators.containers import DictOf, ListOf, TupleOf
from guards.integrity.unpickling.estimators.description import Description, Relation
from guards.integrity.unpickling.estimators.kinds import optional
from guards.integrity.unpickling.estimators.scalars import Flag, Number, Text

if TYPE_CHECKING:
    from guards.integrity.unpickling.estimators.description import State, WidthOf

__all__ = ["FEATURE_UNION"]


def _width(state: State, given: int | None, width_of: WidthOf) -> int | None:
    widths = [width_of(step, given) for _, step in state["transformer_list"]]
    return None if None in widths else sum(filter(None, widths))


FEATURE_UNION = Description(
    path="sklearn.pipeline.FeatureUnion",
    parameters={
        "transformer_list": ListOf(TupleOf(Text(), STEP), or_tuple=True),
        "n_jobs": JOBS,
        "transformer_weights": optional(DictOf(Text(), Number())),
        "verbose": VERBOSE,
        "verbose_feature_names_out": Flag(),
    },
    varying={"verbose_feature_names_out"},
    relations=[Relation(NAMES_OF_STEPS, lambda state: step_names_fit(state["transformer_list"]))],
    width=_width,
)
