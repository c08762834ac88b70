"""What fitting leaves in a ``ColumnTransformer``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from guards.integrity.unpickling.estimators.common import (
    COLUMNS,
    COUNT,
    JOBS,
    NAMES_OF_STEPS,
    STEP,
    VERBOSE,
    step_names_fit,
)
from guards.integrity.unpickling.estimators.containers import (
    DictOf,
    ListOf,
    Nested,
    Objects,
    TupleOf,
)
from guards.integrity.unpickling.estimators.description import Description, Relation
from guards.integrity.unpickling.estimators.kinds import OneOf, is_trusted, optional
from guards.integrity.unpickling.estimators.scalars import Choice, Flag, Number, Size, Slice, Text

if TYPE_CHECKING:
    from guards.integrity.unpickling.estimators.description import State, WidthOf

__all__ = ["COLUMN_TRANSFORMER"]


def _names_fit(state: State) -> bool:
    names = {step[0] for step in state["transformers"]} | {"remainder"}
    fitted = state["transformers_"]
    return step_names_fit(state["transformers"]) and (
        step_names_fit(fitted) and names.issuperset(step[0] for step in fitted)
    )


def _takes_its_own_columns(state: State) -> bool:
    """Tell whether each transformer takes columns that are there, by the indices kept for it."""
    indices_of = state["_transformer_to_input_indices"]
    names = {name for name, _, _ in state["transformers_"]}
    count = state["n_features_in_"]
    return names <= indices_of.keys() and all(
        index < count for indices in indices_of.values() for index in indices
    )


def _takes_the_columns_of_its_indices(state: State) -> bool:
    """Tell whether the columns of each transformer are those of its indices."""
    indices_of = state["_transformer_to_input_indices"]
    return all(
        is_trusted(columns) or _positions(columns, state) == indices_of[name]
        for name, _, columns in state["transformers_"]
    )


def _names_are_unique(state: State) -> bool:
    names = [*map(str, state.get("feature_names_in_", ()))]
    return len({*names}) == len(names)


def _positions(columns: Any, state: State) -> list[int]:  # noqa: ANN401 (any of six forms)
    """Return the positions of columns that are given by position, name, mask or slice."""
    positions = range(state["n_features_in_"])
    position_of = {name: index for index, name in enumerate(state.get("feature_names_in_", ()))}
    if isinstance(columns, slice):
        start, stop = columns.start, columns.stop
        if isinstance(start, str) or isinstance(stop, str):  # the last name is taken as well
            start = None if start is None else position_of[start]
            stop = None if stop is None else position_of[stop] + 1
        return [*positions[start : stop : columns.step]]
    items = columns.tolist() if isinstance(columns, np.ndarray) else columns
    if isinstance(items, str | int | np.generic):
        items = [items]
    items = [item.item() if isinstance(item, np.generic) else item for item in items]
    if items and all(type(item) is bool for item in items):
        return [index for index, taken in zip(positions, items, strict=True) if taken]
    return [position_of[item] if isinstance(item, str) else positions[item] for item in items]


def _writes_side_by_side(state: State) -> bool:
    """Tell whether the transformers fill the columns of the output in turn."""
    slices = state.get("output_indices_")
    if slices is None:
        return True
    bounds = sorted((taken.start, taken.stop) for taken in slices.values())
    bounds = [(start, stop) for start, stop in bounds if stop > start]
    starts = [0, *(stop for _, stop in bounds)]
    return [start for start, _ in bounds] == starts[:-1]


def _width(state: State, _given: int | None, width_of: WidthOf) -> int | None:
    widths = []
    for name, step, _ in state.get("transformers_", ()):
        taken = len(state["_transformer_to_input_indices"][name])
        if taken and step != "drop":
            widths.append(width_of(step, taken))
    return None if None in widths or "transformers_" not in state else sum(filter(None, widths))


_STEPS = ListOf(TupleOf(Text(), STEP, COLUMNS), or_tuple=True)

COLUMN_TRANSFORMER = Description(
    path="sklearn.compose._column_transformer.ColumnTransformer",
    parameters={
        "transformers": _STEPS,
        "remainder": STEP,
        "sparse_threshold": Number(),
        "n_jobs": JOBS,
        "transformer_weights": optional(DictOf(Text(), Number())),
        "verbose": VERBOSE,
        "verbose_feature_names_out": OneOf(Flag(), Text(1000)),
        "force_int_remainder_cols": OneOf(Flag(), Choice("deprecated")),
    },
    fitted={
        "_n_features": Size("features"),
        "_columns": ListOf(COLUMNS),
        "_transformer_to_input_indices": DictOf(Text(), ListOf(COUNT)),
        "_remainder": TupleOf(Choice("remainder"), STEP, COLUMNS),
        "_name_to_fitted_passthrough": DictOf(Text(), Nested("FunctionTransformer")),
        "sparse_output_": Flag(),
        "transformers_": _STEPS,
        "output_indices_": DictOf(Text(), Slice(COUNT)),
        "_transformers_feature_names_out": Objects(Text(), "any"),
    },
    varying={
        "force_int_remainder_cols",
        "_n_features",
        "_name_to_fitted_passthrough",
        "sparse_output_",
        "output_indices_",
        "_transformers_feature_names_out",
    },
    relations=[
        Relation(NAMES_OF_STEPS, _names_fit),
        Relation(
            "_transformer_to_input_indices points outside its columns", _takes_its_own_columns
        ),
        Relation(
            "transformers_ take other columns than _transformer_to_input_indices says",
            _takes_the_columns_of_its_indices,
        ),
        Relation("feature_names_in_ are not unique", _names_are_unique),
        Relation("output_indices_ do not add up", _writes_side_by_side),
    ],
    width=_width,
)
