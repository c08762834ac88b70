"""Simulated challengers that are no better than the champion: when is "not worse" shown of them."""

from __future__ import annotations

from math import inf, log
from typing import TYPE_CHECKING

import numpy as np

from guards.evidence.gain import Gain, Tally
from guards.sequential.error_budget import PROMOTION_ALPHA
from load_tests.micro.simulated_promotions import first_look

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["MARGIN", "documents_without_labels", "labels_to_not_worse", "max_disagreements"]

MARGIN = 0.02
_MAX_DOCUMENTS = 10_000
_MAX_LABELS = 2_000
_LABELS_A_LOOK = 5


def documents_without_labels(disagreement: float, seeds: int) -> Floats:
    """Return after how many documents rare disagreements show "not worse", float64 [seeds].

    No document has a label, and they are looked at after each.
    """
    draws = np.random.default_rng(5).random((seeds, _MAX_DOCUMENTS)) < disagreement
    few = np.cumsum(draws, axis=1) <= max_disagreements(_MAX_DOCUMENTS)[1:]
    return first_look(few, np.arange(1, _MAX_DOCUMENTS + 1))


def max_disagreements(documents: int) -> Ints:
    """Return with how many disagreements 0, 1, … documents without labels show it; -1 if none."""
    most = [-1]
    for compared in range(1, documents + 1):
        most.append(most[-1])
        while _shown(Gain(compared, most[-1] + 1)):
            most[-1] += 1
    return np.array(most)


def labels_to_not_worse(disagreement: float, drawn: float, seeds: int, loss: float = 0.0) -> Floats:
    """Return after how many labels "not worse" is shown, float64 [seeds]; inf where never.

    Disagreements are labelled with the probability ``drawn``, and one variant is right on each: the
    champion more often, where the challenger has a ``loss`` of accuracy. Labels are looked at by
    fives.
    """
    rng = np.random.default_rng((6, round(100 * drawn), round(100 * loss)))
    shape = (seeds, _MAX_LABELS)
    # Between two labels there are documents that agree, and disagreements that were not drawn.
    documents = np.cumsum(rng.geometric(disagreement * drawn, shape), axis=1)
    wins = np.cumsum(rng.random(shape) < (1 - loss / disagreement) / 2, axis=1)
    rows = zip(documents, wins, strict=True)
    return np.array([_labels(*row, disagreement, drawn) for row in rows])


def _labels(documents: Ints, wins: Ints, disagreement: float, drawn: float) -> float:
    for labels in range(_LABELS_A_LOOK, len(wins), _LABELS_A_LOOK):
        compared, won = int(documents[labels - 1]), int(wins[labels - 1])
        tally = Tally(compared, won, labels - won)
        if _shown(Gain(compared, round(disagreement * compared), {drawn: tally})):
            return labels
    return inf


def _shown(gain: Gain) -> bool:
    return gain.log_e_not_worse(MARGIN) >= -log(PROMOTION_ALPHA)
