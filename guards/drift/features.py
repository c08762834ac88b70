"""What is watched of one document: named values of its input and of each answer to it.

The reference of a bundle and the sketch of a running service are filled through these functions,
so that both count the same thing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from guards.schema import CanonicalRow, Schema

__all__ = [
    "ANSWER",
    "ANSWER_FEATURES",
    "TRUTH_VALUES",
    "Answer",
    "answer_features",
    "answer_names",
    "answer_values",
    "input_features",
    "input_names",
    "input_values",
    "live_name",
]

ANSWER = "answer"
"""Who gives the answers in a bundle's own reference."""

TRUTH_VALUES = ("false", "true")

ANSWER_FEATURES = ("label", "confidence", "margin", "entropy")
"""What is watched of an answer; the window's names are ``<who>.<feature>``."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One variant's answer to one document, and the numbers that sum it up.

    ``confidence`` is the largest probability, ``margin`` its distance to the second largest, and
    ``entropy`` is in nats over the natural logarithm of the number of classes, so between 0 and 1.
    """

    label: str
    confidence: float
    margin: float
    entropy: float
    probabilities: dict[str, float]

    @classmethod
    def of(cls, probabilities: NDArray[np.float32], labels: Sequence[str]) -> Answer:
        """Sum up probabilities float32 [classes]; raises ``ValueError`` when one is not finite."""
        values: list[float] = probabilities.tolist()
        if not all(map(math.isfinite, values)):
            message = "a probability is not finite"
            raise ValueError(message)
        second, first = sorted(values)[-2:]
        # Arrays of a handful of numbers cost more to make than to sum.
        nats = -sum([value * math.log(value) for value in values if value > 0])
        return cls(
            label=labels[values.index(first)],
            confidence=first,
            margin=first - second,
            entropy=min(max(nats / math.log(len(values)), 0.0), 1.0),
            probabilities=dict(zip(labels, values, strict=True)),
        )


def input_names(schema: Schema) -> tuple[str, ...]:
    """Name what :func:`input_values` gives, in its order: facts about the text, then columns."""
    return ("text.tokens", "text.unknown_share", "text.truncated", *schema.columns)


def input_values(
    row: CanonicalRow, *, tokens: int, unknown_tokens: int, truncated: bool
) -> tuple[float | str, ...]:
    """Give the watched values of a document, in the order of :func:`input_names`."""
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
    """Give the watched values of a document by name."""
    values = input_values(row, tokens=tokens, unknown_tokens=unknown_tokens, truncated=truncated)
    return dict(zip(input_names(schema), values, strict=True))


def answer_names(who: str) -> tuple[str, ...]:
    """Name what :func:`answer_values` gives, in its order, each prefixed with who gave it."""
    return tuple(f"{who}.{feature}" for feature in ANSWER_FEATURES)


def answer_values(answer: Answer) -> tuple[float | str, ...]:
    """Give the watched values of an answer, in the order of ``ANSWER_FEATURES``."""
    return answer.label, answer.confidence, answer.margin, answer.entropy


def answer_features(answer: Answer, who: str) -> dict[str, float | str]:
    """Give the watched values of an answer by name."""
    return dict(zip(answer_names(who), answer_values(answer), strict=True))


def live_name(sealed: str, who: str) -> str:
    """Give a window's name for a feature of a reference: the bundle's answers become ``who``'s."""
    prefix = f"{ANSWER}."
    return f"{who}.{sealed.removeprefix(prefix)}" if sealed.startswith(prefix) else sealed
