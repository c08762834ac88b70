"""What fitting leaves in a ``OrdinalEncoder``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.integrity.unpickling.estimators.common import (
    CATEGORIES_PARAMETER,
    COUNT,
    GROUPED,
    GROUPS,
    MAPPINGS,
    Categories,
)
from guards.integrity.unpickling.estimators.containers import DictOf, ListOf
from guards.integrity.unpickling.estimators.description import Description, Relation
from guards.integrity.unpickling.estimators.kinds import optional
from guards.integrity.unpickling.estimators.scalars import Choice, Dtype, Flag, Number

if TYPE_CHECKING:
    from guards.integrity.unpickling.estimators.description import State

__all__ = ["ORDINAL_ENCODER"]


def _misses_its_own_categories(state: State) -> bool:
    known = state["categories_"]
    return all(
        column < len(known) and index < len(known[column])
        for column, index in state["_missing_indices"].items()
    )


ORDINAL_ENCODER = Description(
    path="sklearn.preprocessing._encoders.OrdinalEncoder",
    parameters={
        "categories": CATEGORIES_PARAMETER,
        "dtype": Dtype("biufO"),
        "handle_unknown": Choice("error", "use_encoded_value"),
        "unknown_value": optional(Number(nan=True)),
        "encoded_missing_value": Number(nan=True),
        "min_frequency": optional(Number(0)),
        "max_categories": optional(COUNT),
    },
    fitted={
        "categories_": ListOf(Categories(), "features"),
        "_infrequent_enabled": Flag(),
        "_infrequent_indices": GROUPS,
        "_default_to_infrequent_mappings": MAPPINGS,
        "_missing_indices": DictOf(COUNT, COUNT),
    },
    varying={
        "min_frequency",
        "max_categories",
        "_infrequent_enabled",
        "_infrequent_indices",
        "_default_to_infrequent_mappings",
    },
    relations=[
        GROUPED,
        Relation("_missing_indices points outside its categories", _misses_its_own_categories),
    ],
)
