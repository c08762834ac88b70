"""Simulated documents of a model that is wrong about its probabilities, and inputs that change.

The true probabilities of labels depend on the inputs alone and stay as they are, so that a change
of the inputs is a covariate shift.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Documents", "Population"]

_OVERCONFIDENCE = 1.4
"""What the model multiplies its logits by."""

_DIMENSIONS = 4


@dataclass(frozen=True, slots=True)
class Documents:
    """Probabilities of the model, float32 [documents, classes], and true labels int64."""

    probabilities: NDArray[np.float32]
    truth: Ints


class Population:
    """Documents of normally distributed kinds, one for each label."""

    def __init__(self, classes: int, seed: int) -> None:
        """Place the kinds and choose the model's errors by ``seed``."""
        rng = np.random.default_rng(seed)
        self._centres = 1.3 * rng.normal(size=(classes, _DIMENSIONS))
        self._shares = rng.dirichlet(np.full(classes, 8.0))
        self._bias = 0.5 * rng.normal(size=classes)

    def draw(self, documents: int, shift: float, rng: np.random.Generator) -> Documents:
        """Draw documents; a ``shift`` of 1 moves inputs to between the kinds, 0 leaves them."""
        kinds = rng.choice(len(self._shares), size=documents, p=self._shares)
        inputs = self._centres[kinds] + rng.normal(size=(documents, _DIMENSIONS))
        inputs += shift * (self._centres[0] - inputs) / 3
        logits = (
            inputs @ self._centres.T - (self._centres**2).sum(axis=1) / 2 + np.log(self._shares)
        )
        cumulative = np.cumsum(_softmax(logits), axis=1)
        truth = (rng.random((documents, 1)) > cumulative[:, :-1]).sum(axis=1)
        answered = _softmax(_OVERCONFIDENCE * logits + self._bias)
        return Documents(answered.astype(np.float32), truth)


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
