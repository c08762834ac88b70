"""What fitting leaves in a ``FunctionTransformer``."""

from __future__ import annotations

from collections import UserList
from typing import TYPE_CHECKING, Any

import numpy as np

from guards.integrity.unpickling.estimators.common import CATEGORY
from guards.integrity.unpickling.estimators.containers import DictOf, ListOf
from guards.integrity.unpickling.estimators.description import Description
from guards.integrity.unpickling.estimators.kinds import Nothing, OneOf, optional
from guards.integrity.unpickling.estimators.scalars import (
    Choice,
    Dtype,
    Flag,
    Slice,
    Text,
    ValueClass,
)

if TYPE_CHECKING:
    from guards.integrity.unpickling.estimators.kinds import Sizes

__all__ = ["FUNCTION_TRANSFORMER"]

_MAX_VALUES = 100_000
_VALUE = OneOf(CATEGORY, Dtype("biufO"), ValueClass(), Slice(CATEGORY))


class _Argument:
    """A value, or an array, list, tuple or dictionary of such, for a function that is trusted."""

    words = "a text, a number, a truth value, None, a dtype, or an array or list of these"

    def fits(self, value: object, _sizes: Sizes) -> bool:
        """Tell whether the value is one; it may hold 100,000, counted wherever they are named."""
        waiting, looked_at = [value], 0
        while waiting and looked_at + len(waiting) <= _MAX_VALUES:
            looked_at += 1
            held = _held(waiting.pop())
            if held is None:
                return False
            waiting += held
        return not waiting


def _held(value: Any) -> list[object] | None:  # noqa: ANN401 (whatever a file holds)
    """Return the values that one holds; None for what no argument is."""
    if isinstance(value, list | tuple | UserList):
        return [*value]
    if isinstance(value, dict):
        return [*value, *value.values()]
    if type(value) is np.ndarray:
        if value.dtype.hasobject:
            return [*value.ravel().tolist()]
        return [] if value.dtype.kind in "biufUS" and value.dtype.isnative else None
    return [] if _VALUE.fits(value, {}) else None


_ARGUMENTS = optional(DictOf(Text(100), _Argument()))

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
