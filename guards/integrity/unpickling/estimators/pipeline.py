"""What fitting leaves in a ``Pipeline``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.integrity.unpickling.estimators.common import (
    NAMES_OF_STEPS,
    STEP,
    VERBOSE,
    step_names_fit,
)
from guards.integrity.unpickling.estimators.containers import ListOf, TupleOf
from guards.integrity.unpickling.estimators.description import Description, Relation
from guards.integrity.unpickling.estimators.kinds import Inert, Nothing, OneOf, optional
from guards.integrity.unpickling.estimators.scalars import Text

if TYPE_CHECKING:
    from guards.integrity.unpickling.estimators.description import State, WidthOf

__all__ = ["PIPELINE"]


def _width(state: State, given: int | None, width_of: WidthOf) -> int | None:
    for _, step in state["steps"]:
        given = width_of(step, given)
    return given


PIPELINE = Description(
    path="sklearn.pipeline.Pipeline",
    parameters={
        "steps": ListOf(TupleOf(Text(), optional(STEP)), or_tuple=True),
        "transform_input": optional(ListOf(Text())),
        "memory": OneOf(Nothing(), Text(), Inert()),
        "verbose": VERBOSE,
    },
    varying={"transform_input"},
    relations=[
        Relation("steps are missing", lambda state: len(state["steps"]) > 0),
        Relation(NAMES_OF_STEPS, lambda state: step_names_fit(state["steps"])),
    ],
    width=_width,
)
