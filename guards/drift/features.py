"""The watched values of one document: of its input, and of each answer to it.

The reference of a bundle and the sketch of a running service are filled through these functions,
so that both count the same thing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guards.answer import Answer
    from guards.schema import CanonicalRow, Schema

__all__ = [
    "ANSWER",
    "ANSWER_FEATURES",
    "CHAMPION",
    "TRUTH_VALUES",
    "answer_features",
    "answer_names",
    "answer_values",
    "column_feature",
    "input_features",
    "input_names",
    "input_values",
    "live_name",
    "watched_features",
]

ANSWER = "answer"
"""The prefix of answers in a bundle's own reference."""

CHAMPION = "champion"
"""The prefix of the champion's answers in a window; that of a challenger's is its name."""

TRUTH_VALUES = ("false", "true")

ANSWER_FEATURES = ("label", "confidence", "margin", "entropy")
"""The watched values of an answer; in a window they are named ``<who>.<feature>``."""

_TEXT_FEATURES = ("text.tokens", "text.unknown_share", "text.truncated")

_COLUMN = " (column)"

_OTHERS = re.compile(
    rf"({'|'.join(map(re.escape, _TEXT_FEATURES))}"
    rf"|({ANSWER}|{CHAMPION}|.*/.*)\.({'|'.join(ANSWER_FEATURES)})"
    rf"|.*{re.escape(_COLUMN)})",
    re.DOTALL,
)
"""What a feature that is no column may be called; a challenger is ``<name>/<version>``."""


def column_feature(column: str) -> str:
    """Return the name under which a column is watched: its own, unless that could be another's.

    ``text.tokens`` becomes ``text.tokens (column)``. Two features never share a name.
    """
    return f"{column}{_COLUMN}" if _OTHERS.fullmatch(column) else column


def input_names(schema: Schema) -> tuple[str, ...]:
    """Return the names of :func:`input_values`, in its order: facts of the text, then columns."""
    return (*_TEXT_FEATURES, *map(column_feature, schema.columns))


def input_values(
    row: CanonicalRow, *, tokens: int, unknown_tokens: int, truncated: bool
) -> tuple[float | str, ...]:
    """Return the watched values of a document, in the order of :func:`input_names`."""
    return (
        float(tokens),
        unknown_tokens / max(tokens, 1),
        TRUTH_VALUES[truncated],
        *row.numeric,
        *row.categories,
    )


def input_features(
    schema: Schema, row: CanonicalRow, *, tokens: int, unknown_tokens: int, truncated: bool
) -> dict[str, float | str]:
    """Return the watched values of a document by name."""
    values = input_values(row, tokens=tokens, unknown_tokens=unknown_tokens, truncated=truncated)
    return dict(zip(input_names(schema), values, strict=True))


def answer_names(who: str) -> tuple[str, ...]:
    """Return the names of :func:`answer_values`, in its order, with the prefix ``who``."""
    return tuple(f"{who}.{feature}" for feature in ANSWER_FEATURES)


def answer_values(answer: Answer) -> tuple[float | str, ...]:
    """Return the watched values of an answer, in the order of ``ANSWER_FEATURES``."""
    return answer.label, answer.confidence, answer.margin, answer.entropy


def answer_features(answer: Answer, who: str) -> dict[str, float | str]:
    """Return the watched values of an answer by name."""
    return dict(zip(answer_names(who), answer_values(answer), strict=True))


def watched_features(schema: Schema) -> set[str]:
    """Return the names of all features in the reference of a bundle with this schema."""
    return {*input_names(schema), *answer_names(ANSWER)}


def live_name(sealed: str, who: str) -> str:
    """Return a window's name for a reference's feature: the prefix of answers becomes ``who``."""
    own = dict(zip(answer_names(ANSWER), answer_names(who), strict=True))
    return own.get(sealed, sealed)
