"""Encodings to calibrated probabilities, without padding."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from artifacts.network import Network
    from artifacts.preprocessing import Encoding

__all__ = [
    "MOST_TOKENS",
    "as_float32",
    "columns_of",
    "logits_of",
    "probabilities_of",
    "softmax",
]

MOST_TOKENS = 1024
"""The most tokens that run in one pass, or one document of more: beyond it a CPU gains nothing, and
the wait grows."""

_FARTHEST = 1e30
"""Columns farther out, in standard deviations, would add up to infinities and NaN in float32."""


def probabilities_of(
    network: Network, temperature: float, encodings: Sequence[Encoding]
) -> NDArray[np.float32]:
    """Give calibrated probabilities float32 [documents, classes], in the order given.

    Only documents of exactly the same shape share a pass, so that no answer depends on its
    company.
    """
    return softmax(logits_of(network, encodings) / np.float32(temperature))


def logits_of(network: Network, encodings: Sequence[Encoding]) -> NDArray[np.float32]:
    """Give raw logits float32 [documents, classes], in the order given."""
    logits = np.empty((len(encodings), len(network.config.id2label or {})), dtype=np.float32)
    with torch.inference_mode():
        for places in _same_shape(encodings):
            group = [encodings[place] for place in places]
            ids = torch.from_numpy(np.concatenate([encoding.token_ids for encoding in group]))
            logits[places] = network(ids, columns_of(group)).float().numpy()
    return logits


def columns_of(encodings: Sequence[Encoding]) -> torch.Tensor:
    """Give the encoded columns as the network takes them, float32 [documents, width]."""
    return torch.from_numpy(as_float32(np.stack([encoding.columns for encoding in encodings])))


def as_float32(columns: NDArray[np.float64]) -> NDArray[np.float32]:
    """Give encoded columns as a network takes them, held within what float32 can add up."""
    return columns.clip(-_FARTHEST, _FARTHEST).astype(np.float32)


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the softmax of each row, float32."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)


def _same_shape(encodings: Sequence[Encoding]) -> Iterator[list[int]]:
    places: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for place, encoding in enumerate(encodings):
        places[encoding.token_ids.shape].append(place)
    for group in places.values():
        most = max(1, MOST_TOKENS // encodings[group[0]].tokens)
        for start in range(0, len(group), most):
            yield group[start : start + most]
