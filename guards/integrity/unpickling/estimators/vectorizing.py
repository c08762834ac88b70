"""Kinds, relations and parameters that the vectorizers of texts share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from guards.expressions import costly_expression
from guards.integrity.unpickling.estimators.containers import (
    Array,
    DictOf,
    ListOf,
    Objects,
    TextSet,
    TupleOf,
)
from guards.integrity.unpickling.estimators.kinds import Nothing, OneOf, Sizes, optional
from guards.integrity.unpickling.estimators.scalars import (
    Choice,
    Dtype,
    Flag,
    Integer,
    Number,
    Text,
)
from guards.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.integrity.unpickling.estimators.kinds import Kind

__all__ = [
    "MAX_HASHED",
    "PATTERN",
    "STOP_WORDS_ID",
    "TEXT_PARAMETERS",
    "VOCABULARY_FITTED",
    "VOCABULARY_PARAMETERS",
    "VOCABULARY_VARYING",
]

MAX_HASHED = 2**20
_MAX_PATTERN = 500
_MAX_SHOWN = 80
_MAX_GRAM = 16
"""A text has nearly as many n-grams of each length as it has words or characters."""


class _Pattern:
    """A regular expression that is quick on every text."""

    words = f"a regular expression of at most {_MAX_PATTERN} characters that no text makes slow"

    def fits(self, value: object, sizes: Sizes) -> bool:
        """Tell whether the value is one."""
        short = Text(_MAX_PATTERN).fits(value, sizes)
        return short and costly_expression(str(value), "Python") is None

    def shown(self, value: object) -> str | None:
        """Return an expression and why it may be slow; None for what is no text, or too long."""
        if not Text(_MAX_PATTERN).fits(value, {}):
            return None
        reason = costly_expression(str(value), "Python")
        return f"'{printable(str(value), _MAX_SHOWN)}': {reason}"


PATTERN = optional(_Pattern())

_GRAM = Integer(1, _MAX_GRAM)

TEXT_PARAMETERS: Mapping[str, Kind] = {
    "input": Choice("content"),
    "encoding": Text(100),
    "decode_error": Choice("strict", "ignore", "replace"),
    "strip_accents": optional(Choice("ascii", "unicode")),
    "preprocessor": Nothing(),
    "tokenizer": Nothing(),
    "analyzer": Choice("word", "char", "char_wb"),
    "lowercase": Flag(),
    "token_pattern": PATTERN,
    "stop_words": optional(OneOf(Choice("english"), ListOf(Text()), TextSet())),
    "ngram_range": TupleOf(_GRAM, _GRAM),
    "binary": Flag(),
    "dtype": Dtype("iuf"),
}
"""The parameters of every vectorizer; with another ``input`` it opens what its texts name."""


class _Vocabulary:
    """Terms and their columns: each column from 0 on has one term."""

    words = "a dictionary from terms to columns, one for each column"

    def fits(self, value: Any, sizes: Sizes) -> bool:  # noqa: ANN401 (whatever a file holds)
        """Tell whether the value is one."""
        if not isinstance(value, dict) or not set(map(type, value)) <= {str, np.str_}:
            return False
        columns = value.values()
        if not all(kind is int or issubclass(kind, np.integer) for kind in set(map(type, columns))):
            return False
        sizes["terms"] = len(value)
        in_range = all(0 <= column < len(value) for column in columns)
        return in_range and len({*map(int, columns)}) == len(value)


VOCABULARY_PARAMETERS: Mapping[str, Kind] = {
    "max_df": Number(0),
    "min_df": Number(0),
    "max_features": optional(Integer(1)),
    "vocabulary": optional(
        OneOf(
            DictOf(Text(), Integer(0)),
            ListOf(Text(), or_tuple=True),
            TextSet(),
            Array("U", "any"),
            Objects(Text(), "any"),
        )
    ),
}

STOP_WORDS_ID = Integer(0, 2**64)
"""An address in memory, which transforming sets."""

VOCABULARY_FITTED: Mapping[str, Kind] = {
    "fixed_vocabulary_": Flag(),
    "vocabulary_": _Vocabulary(),
    "stop_words_": optional(TextSet()),
    "_stop_words_id": STOP_WORDS_ID,
}

VOCABULARY_VARYING = frozenset({"n_features_in_", "stop_words_", "_stop_words_id"})
