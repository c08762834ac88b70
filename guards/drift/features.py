"""What is watched of one document: named values of its input and of each answer to it.

The reference of a bundle and the sketch of a running service are filled through these functions,
so that both count the same thing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.schema import CanonicalRow, Schema

__all__ = [
    "ANSWER",
    "ANSWER_FEATURES",
    "TRUTH_VALUES",
    "Answer",
    "answer_features",
    "input_features",
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
        values = [float(value) for value in probabilities]
        if not all(np.isfinite(values)):
            message = "a probability is not finite"
            raise ValueError(message)
        second, first = sorted(values)[-2:]
        present = np.array([value for value in values if value > 0])
        entropy = float(-(present * np.log(present)).sum() / np.log(len(values)))
        return cls(
            label=labels[values.index(first)],
            confidence=first,
            margin=first - second,
            entropy=min(max(entropy, 0.0), 1.0),
            probabilities=dict(zip(labels, values, strict=True)),
        )


def input_features(
    schema: Schema, row: CanonicalRow, *, tokens: int, unknown_tokens: int, truncated: bool
) -> dict[str, float | str]:
    """Name the watched values of a document: its columns, and three facts about its text."""
    named: dict[str, float | str] = {
        "text.tokens": float(tokens),
        "text.unknown_share": unknown_tokens / max(tokens, 1),
        "text.truncated": TRUTH_VALUES[truncated],
    }
    for number, value in zip(schema.numeric, row.numeric, strict=True):
        named[number.name] = value
    for category, text in zip(schema.categorical, row.categories, strict=True):
        named[category.name] = text
    return named


def answer_features(answer: Answer, who: str) -> dict[str, float | str]:
    """Name the watched values of an answer, each prefixed with who gave it."""
    return {f"{who}.{feature}": getattr(answer, feature) for feature in ANSWER_FEATURES}


def live_name(sealed: str, who: str) -> str:
    """Give a window's name for a feature of a reference: the bundle's answers become ``who``'s."""
    prefix = f"{ANSWER}."
    return f"{who}.{sealed.removeprefix(prefix)}" if sealed.startswith(prefix) else sealed
