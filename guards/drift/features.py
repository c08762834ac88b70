"""The watched values of one document: of its input, and of each answer to it.

The reference of a bundle and the sketch of a running service are filled through these functions,
so that both count the same thing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guards.answer import Answer
    from guards.schema import CanonicalRow, Schema

__all__ = [
    "ANSWER",
    "ANSWER_FEATURES",
    "TRUTH_VALUES",
    "answer_features",
    "answer_names",
    "answer_values",
    "input_features",
    "input_names",
    "input_values",
    "live_name",
    "watched_features",
]

ANSWER = "answer"
"""The prefix of answers in a bundle's own reference."""

TRUTH_VALUES = ("false", "true")

ANSWER_FEATURES = ("label", "confidence", "margin", "entropy")
"""The watched values of an answer; in a window they are named ``<who>.<feature>``."""


def input_names(schema: Schema) -> tuple[str, ...]:
    """Return the names of :func:`input_values`, in its order: facts of the text, then columns."""
    return ("text.tokens", "text.unknown_share", "text.truncated", *schema.columns)


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
    prefix = f"{ANSWER}."
    return f"{who}.{sealed.removeprefix(prefix)}" if sealed.startswith(prefix) else sealed
