"""What each column adds to the probability of the answers: permutation importance."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch

from artifacts.bundle.inference import as_float32, softmax
from artifacts.bundle.network import DocumentClassifier
from artifacts.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from artifacts.bundle.opening import Bundle
    from artifacts.explanation.answered import Answered
    from guards.schema import CanonicalRow

__all__ = ["column_effects"]

T = TypeVar("T")

_PERMUTATIONS = 10


def column_effects(
    bundle: Bundle, answered: Answered, generator: np.random.Generator
) -> dict[str, NDArray[np.float64]]:
    """Return by column how far each answer's probability falls, float64 [documents].

    The values of the column are permuted among all documents ten times, and the falls are averaged
    (Breiman 2001, section 10, with probabilities in place of errors). Empty for a network of text
    alone. Shows progress on standard error.
    """
    network, columns = bundle.network, bundle.preprocessing.columns
    if not isinstance(network, DocumentClassifier) or columns is None or answered.states is None:
        return {}
    schema = bundle.preprocessing.schema
    states = torch.from_numpy(answered.states)
    indices, answers = np.arange(len(answered)), answered.answers

    def probabilities(logits: NDArray[np.float32]) -> NDArray[np.float64]:
        calibrated = softmax(logits / np.float32(bundle.manifest.temperature))
        return calibrated[indices, answers].astype(np.float64)

    whole = probabilities(answered.logits)
    effects = {}
    total = len(schema.columns) * _PERMUTATIONS
    with Progress("permuting columns", total, unit="permutations") as progress:
        for place, name in enumerate(schema.columns):
            falls = np.zeros(len(answered))
            for _ in range(_PERMUTATIONS):
                rows = _permuted(answered.rows, place, generator.permutation(len(answered)))
                encoded = columns.transform(schema, rows, answered.texts)
                with torch.inference_mode():
                    logits = network.classify(states, torch.from_numpy(as_float32(encoded)))
                falls += whole - probabilities(logits.numpy())
                progress.update()
            effects[name] = falls / _PERMUTATIONS
    return effects


def _permuted(
    rows: Sequence[CanonicalRow], place: int, order: NDArray[np.int64]
) -> list[CanonicalRow]:
    """Return rows of which each has another's value in one column; numeric columns come first."""
    numeric = len(rows[0].numeric)
    givers = (rows[index] for index in order)
    if place < numeric:
        return [
            replace(row, numeric=_with(row.numeric, place, giver.numeric[place]))
            for row, giver in zip(rows, givers, strict=True)
        ]
    place -= numeric
    return [
        replace(row, categories=_with(row.categories, place, giver.categories[place]))
        for row, giver in zip(rows, givers, strict=True)
    ]


def _with(values: tuple[T, ...], place: int, value: T) -> tuple[T, ...]:
    return (*values[:place], value, *values[place + 1 :])
