"""What fitting leaves in a ``make_column_selector``, which runs on names when it is fitted."""

from __future__ import annotations

from guards.integrity.unpickling.estimators.containers import ListOf
from guards.integrity.unpickling.estimators.description import Description
from guards.integrity.unpickling.estimators.kinds import OneOf, optional
from guards.integrity.unpickling.estimators.scalars import Dtype, Text, ValueClass

__all__ = ["MAKE_COLUMN_SELECTOR"]

_DTYPE = OneOf(ValueClass(), Dtype("biufOU"), Text(100))
_DTYPES = optional(OneOf(_DTYPE, ListOf(_DTYPE, or_tuple=True)))

MAKE_COLUMN_SELECTOR = Description(
    path="sklearn.compose._column_transformer.make_column_selector",
    parameters={
        "pattern": optional(Text()),
        "dtype_include": _DTYPES,
        "dtype_exclude": _DTYPES,
    },
)
