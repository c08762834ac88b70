"""What fitting leaves in a ``TargetEncoder``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guards.integrity.unpickling.estimators.common import (
    CATEGORIES_PARAMETER,
    CATEGORY,
    SEED,
    Categories,
)
from guards.integrity.unpickling.estimators.containers import Array, ListOf, Objects
from guards.integrity.unpickling.estimators.description import Description, Relation, length_of
from guards.integrity.unpickling.estimators.kinds import OneOf, optional
from guards.integrity.unpickling.estimators.scalars import Choice, Flag, Integer, Number

if TYPE_CHECKING:
    from guards.integrity.unpickling.estimators.description import State

__all__ = ["TARGET_ENCODER"]


def _encodes_each_category(state: State) -> bool:
    known = state["categories_"]
    classes = len(state["classes_"]) if state["target_type_"] == "multiclass" else 1
    lengths = [len(categories) for categories in known for _ in range(classes)]
    return [len(encodings) for encodings in state["encodings_"]] == lengths


def _has_a_mean_for_each_output(state: State) -> bool:
    if state["target_type_"] == "multiclass":
        return np.shape(state["target_mean_"]) == (len(state["classes_"]),)
    return np.ndim(state["target_mean_"]) == 0


TARGET_ENCODER = Description(
    path="sklearn.preprocessing._target_encoder.TargetEncoder",
    parameters={
        "categories": CATEGORIES_PARAMETER,
        "target_type": Choice("auto", "continuous", "binary", "multiclass"),
        "smooth": OneOf(Choice("auto"), Number(0)),
        "cv": Integer(2),
        "shuffle": OneOf(Flag(), Choice("deprecated")),
        "random_state": OneOf(SEED, Choice("deprecated")),
    },
    fitted={
        "categories_": ListOf(Categories(), "features"),
        "_infrequent_enabled": Flag(),
        "target_type_": Choice("continuous", "binary", "multiclass"),
        "classes_": optional(OneOf(Array("biufUS", "any"), Objects(CATEGORY, "any"))),
        "target_mean_": OneOf(Number(nan=True), Array("f", "any")),
        "encodings_": ListOf(Array("f", "any")),
    },
    varying={"shuffle", "classes_", "_infrequent_enabled"},
    relations=[
        Relation("encodings_ are not one for each category", _encodes_each_category),
        Relation("target_mean_ is not one for each class", _has_a_mean_for_each_output),
        Relation(
            "infrequent categories are grouped", lambda state: not state.get("_infrequent_enabled")
        ),
    ],
    width=length_of("encodings_"),
)
