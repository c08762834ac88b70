"""What fitting leaves in a ``FunctionTransformer``."""

from __future__ import annotations

from guards.integrity.unpickling.estimators.common import CATEGORY
from guards.integrity.unpickling.estimators.containers import DictOf, ListOf
from guards.integrity.unpickling.estimators.description import Description
from guards.integrity.unpickling.estimators.kinds import Nothing, OneOf, optional
from guards.integrity.unpickling.estimators.scalars import Choice, Flag, Text

__all__ = ["FUNCTION_TRANSFORMER"]

_ARGUMENTS = optional(DictOf(Text(100), CATEGORY))

FUNCTION_TRANSFORMER = Description(
    path="sklearn.preprocessing._function_transformer.FunctionTransformer",
    parameters={
        "func": Nothing(),
        "inverse_func": Nothing(),
        "validate": Flag(),
        "accept_sparse": OneOf(Flag(), Text(100), ListOf(Text(100))),
        "check_inverse": Flag(),
        "feature_names_out": optional(Choice("one-to-one")),
        "kw_args": _ARGUMENTS,
        "inv_kw_args": _ARGUMENTS,
    },
    varying={"n_features_in_"},
    width=lambda state, given, _: (
        state.get("n_features_in_", given) if state["func"] is None else None
    ),
)
