"""Kinds and relations that several estimators share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from guards.integrity.unpickling.estimators.containers import (
    Array,
    ListOf,
    Nested,
    Objects,
    TupleOf,
)
from guards.integrity.unpickling.estimators.description import Relation
from guards.integrity.unpickling.estimators.kinds import OneOf, Sizes, Trusted, optional
from guards.integrity.unpickling.estimators.scalars import (
    Choice,
    Flag,
    Integer,
    Number,
    Slice,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from guards.integrity.unpickling.estimators.description import State

__all__ = [
    "CATEGORIES_PARAMETER",
    "CATEGORY",
    "COLUMNS",
    "COUNT",
    "GROUPED",
    "GROUPS",
    "JOBS",
    "MAPPINGS",
    "MAX_TERMS",
    "NAMES_OF_STEPS",
    "PAIR",
    "SAMPLES",
    "SEED",
    "STEP",
    "TERMS",
    "VERBOSE",
    "Categories",
    "groups_fit",
    "is_nan",
    "step_names_fit",
]

MAX_TERMS = 100_000

COUNT = Integer(0)
TERMS = Integer(0, MAX_TERMS)
JOBS = optional(Integer(-1024, 1024))
VERBOSE = OneOf(Flag(), COUNT)
PAIR = TupleOf(Number(), Number())
SAMPLES = OneOf(Number(0), Array("iuf", "features", low=0))
"""How many samples were seen: in all, or in each column."""


class _Seed:
    """A seed, or a random state."""

    words = "a seed or a random state"

    def fits(self, value: object, _sizes: Sizes) -> bool:
        """Tell whether the value is one."""
        return isinstance(value, np.random.RandomState) or Integer(0, 2**32 - 1).fits(value, {})


SEED = optional(_Seed())


class _Category:
    """One category, fill value or missing value."""

    words = "a text, a number, a truth value or None"

    def fits(self, value: object, _sizes: Sizes) -> bool:
        """Tell whether the value is one."""
        plain = type(value) in (str, bytes, int, float, bool, type(None))
        return plain or isinstance(value, np.generic) or Trusted().fits(value, {})


CATEGORY = _Category()


class Categories:
    """The categories of one column.

    Numbers ascend, and at most one NaN follows them: a search among them must end at one of them.
    Others are there once each.
    """

    words = "an array of categories, numbers in ascending order"

    def fits(self, value: Any, _sizes: Sizes) -> bool:  # noqa: ANN401 (whatever a file holds)
        """Tell whether the value is such an array."""
        if type(value) is not np.ndarray or value.ndim != 1 or not len(value):
            return False
        kind = value.dtype.kind
        if kind in "OUS":
            items = value.tolist()
            return all(CATEGORY.fits(item, {}) for item in items) and len({*items}) == len(items)
        numbers = value[:-1] if kind == "f" and np.isnan(value[-1]) else value
        known = not (kind == "f" and np.isnan(numbers).any())
        rising = known and bool((numbers[1:] > numbers[:-1]).all())
        return kind in "biuf" and value.dtype.isnative and rising


_GIVEN = OneOf(
    Array("biufUS", "any"), Objects(CATEGORY, "any"), ListOf(CATEGORY, or_tuple=True), Trusted()
)
CATEGORIES_PARAMETER = OneOf(Choice("auto"), ListOf(_GIVEN))

GROUPS = ListOf(optional(Array("iu", "any", low=0, ascending=True)), "features")
"""The infrequent categories of each column."""

MAPPINGS = ListOf(optional(Array("iu", "any", low=0)), "features")
"""For each column, the code of each category once the infrequent ones share one."""


def _mapping(count: int, infrequent: np.ndarray | None) -> np.ndarray:
    """Return the code of each of ``count`` categories; those that are infrequent share the last."""
    if infrequent is None:
        return np.arange(count)
    is_frequent = np.ones(count, dtype=bool)
    is_frequent[infrequent] = False
    codes = np.cumsum(is_frequent) - 1
    codes[infrequent] = is_frequent.sum()
    return codes


def groups_fit(state: State) -> bool:
    """Tell whether the codes of grouped categories are those that their grouping gives."""
    if not state.get("_infrequent_enabled"):
        return True
    missing = state.get("_missing_indices", {})  # what an OrdinalEncoder does not group
    counts = [
        len(categories) - (column in missing)
        for column, categories in enumerate(state["categories_"])
    ]
    groups = zip(
        counts, state["_infrequent_indices"], state["_default_to_infrequent_mappings"], strict=True
    )
    return all(
        mapping is None
        if infrequent is None
        else len(infrequent) > 0
        and infrequent[-1] < count
        and np.array_equal(mapping, _mapping(count, infrequent))
        for count, infrequent, mapping in groups
    )


GROUPED = Relation("codes of infrequent categories are not those of their grouping", groups_fit)


def is_nan(value: Any) -> bool:  # noqa: ANN401 (any category)
    """Tell whether a value is NaN."""
    return bool(isinstance(value, float | np.floating) and np.isnan(value))


STEP = OneOf(Nested(), Choice("passthrough", "drop"), Trusted())
"""What stands under a name in a FeatureUnion or ColumnTransformer."""

_PLACE = OneOf(Integer(), Text(), Flag())

COLUMNS = OneOf(
    _PLACE,
    ListOf(_PLACE, or_tuple=True),
    Array("biuU", "any"),
    Objects(_PLACE, "any"),
    Slice(_PLACE),
    Nested("make_column_selector"),
    Trusted(),
)
"""Which columns a transformer takes: by position, by name, by mask, or chosen when it is fitted."""


def step_names_fit(steps: Iterable[Sequence[Any]]) -> bool:
    """Tell whether the names of steps are unique texts without a double underscore."""
    names = [step[0] for step in steps]
    return len({*names}) == len(names) and not any("__" in name for name in names)


NAMES_OF_STEPS = "steps have names that are not unique, or have two underscores"
