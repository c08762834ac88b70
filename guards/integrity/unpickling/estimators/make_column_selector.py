"""What fitting leaves in a ``make_column_selector``."""

from __future__ import annotations

from guards.integrity.unpickling.estimators.containers import ListOf
from guards.integrity.unpickling.estimators.description import Description
from guards.integrity.unpickling.estimators.kinds import OneOf, optional
from guards.integrity.unpickling.estimators.scalars import Dtype, Text, ValueClass
from guards.integrity.unpickling.estimators.vectorizing import PATTERN

__all__ = ["MAKE_COLUMN_SELECTOR"]

_DTYPE = OneOf(ValueClass(), Dtype("biufOU"), Text(100))
_DTYPES = optional(OneOf(_DTYPE, ListOf(_DTYPE)))

MAKE_COLUMN_SELECTOR = Description(
    path="sklearn.compose._column_transformer.make_column_selector",
    parameters={
        "pattern": PATTERN,
        "dtype_include": _DTYPES,
        "dtype_exclude": _DTYPES,
    },
)
