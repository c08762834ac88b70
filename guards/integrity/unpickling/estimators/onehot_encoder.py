"""What fitting leaves in a ``OneHotEncoder``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guards.integrity.unpickling.estimators.common import (
    CATEGORIES_PARAMETER,
    CATEGORY,
    COUNT,
    GROUPED,
    GROUPS,
    MAPPINGS,
    Categories,
)
from guards.integrity.unpickling.estimators.containers import Array, ListOf, Objects
from guards.integrity.unpickling.estimators.description import Description, Relation
from guards.integrity.unpickling.estimators.kinds import OneOf, optional
from guards.integrity.unpickling.estimators.scalars import Choice, Dtype, Flag, Number

if TYPE_CHECKING:
    from guards.integrity.unpickling.estimators.description import State, WidthOf
    from guards.integrity.unpickling.estimators.kinds import Sizes

__all__ = ["ONEHOT_ENCODER"]


def _dropped(state: State) -> list[Any]:
    """Return the code that each column drops, None for none."""
    dropped = state["_drop_idx_after_grouping"]
    return [None] * len(state["categories_"]) if dropped is None else dropped.tolist()


def _codes(state: State) -> list[int]:
    """Return how many codes each column has, once infrequent categories share one."""
    counts = [len(categories) for categories in state["categories_"]]
    if not state["_infrequent_enabled"]:
        return counts
    groups = state["_infrequent_indices"]
    return [
        count - (0 if group is None else len(group) - 1)
        for count, group in zip(counts, groups, strict=True)
    ]


def _drops_before_grouping_what_it_drops_after(state: State) -> bool:
    """Tell whether ``drop_idx_`` are categories whose codes are those that are dropped."""
    before, after = state["drop_idx_"], state["_drop_idx_after_grouping"]
    if before is None or after is None:
        return before is after
    none = [None] * len(after)
    mappings = state["_default_to_infrequent_mappings"] if state["_infrequent_enabled"] else none
    columns = zip(before.tolist(), after.tolist(), state["categories_"], mappings, strict=True)
    return all(
        index is code
        if index is None or code is None
        else 0 <= index < len(categories) and code == (index if codes is None else codes[index])
        for index, code, categories, codes in columns
    )


def _has_the_widths_of_its_categories(state: State) -> bool:
    widths = [
        count - (code is not None)
        for count, code in zip(_codes(state), _dropped(state), strict=True)
    ]
    return bool(state["_n_features_outs"] == widths)


def _width(state: State, _given: int | None, _width_of: WidthOf) -> int | None:
    widths = state.get("_n_features_outs")
    return None if widths is None else sum(widths)


class _Width:
    """A whole number of Python's own: others overflow, or make numbers with a fraction."""

    words = "a whole number of Python's"

    def fits(self, value: object, _sizes: Sizes) -> bool:
        """Tell whether the value is one."""
        return type(value) is int and value >= 0


_INDEX = optional(COUNT)

ONEHOT_ENCODER = Description(
    path="sklearn.preprocessing._encoders.OneHotEncoder",
    parameters={
        "categories": CATEGORIES_PARAMETER,
        "drop": OneOf(
            optional(Choice("first", "if_binary")),
            ListOf(CATEGORY, or_tuple=True),
            Objects(CATEGORY, "any"),
            Array("biufUS", "any"),
        ),
        "sparse": OneOf(Flag(), Choice("deprecated")),
        "sparse_output": Flag(),
        "dtype": Dtype("biufO"),
        "handle_unknown": Choice("error", "ignore", "infrequent_if_exist", "warn"),
        "min_frequency": optional(Number(0)),
        "max_categories": optional(COUNT),
        "feature_name_combiner": Choice("concat"),
    },
    fitted={
        "categories_": ListOf(Categories(), "features"),
        "_infrequent_enabled": Flag(),
        "_infrequent_indices": GROUPS,
        "_default_to_infrequent_mappings": MAPPINGS,
        "drop_idx_": optional(Objects(_INDEX, "features")),
        "_drop_idx_after_grouping": optional(Objects(_INDEX, "features")),
        "_n_features_outs": ListOf(_Width(), "features"),
    },
    varying={
        "sparse",
        "feature_name_combiner",
        "_infrequent_indices",
        "_default_to_infrequent_mappings",
    },
    relations=[
        GROUPED,
        Relation(
            "drop_idx_ is not what is dropped after grouping",
            _drops_before_grouping_what_it_drops_after,
        ),
        Relation(
            "_n_features_outs is not as wide as its categories", _has_the_widths_of_its_categories
        ),
    ],
    width=_width,
)
