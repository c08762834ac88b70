"""Encodings to calibrated probabilities: without padding, or padded for a device."""

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
    "padded_logits_of",
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


def padded_logits_of(
    network: Network, encodings: Sequence[Encoding], most_tokens: int
) -> NDArray[np.float32]:
    """Give raw logits float32 [documents, classes], in the order given, by way of the device.

    Documents of about the same length share a pass, padded to its longest: at most ``most_tokens``
    with the padding, or one document of more.
    """
    logits = np.empty((len(encodings), len(network.config.id2label or {})), dtype=np.float32)
    device = next(network.parameters()).device
    with torch.inference_mode():
        for places in _about_as_long(encodings, most_tokens):
            group = [encodings[place] for place in places]
            ids, mask = _padded(group)
            found = network(ids.to(device), columns_of(group).to(device), mask.to(device))
            logits[places] = found.float().cpu().numpy()
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


def _about_as_long(encodings: Sequence[Encoding], most_tokens: int) -> Iterator[list[int]]:
    """Give the places of documents that share a pass: as many windows each, the shortest first."""
    shapes = [encoding.token_ids.shape for encoding in encodings]
    group: list[int] = []
    for place in sorted(range(len(shapes)), key=shapes.__getitem__):
        windows, tokens = shapes[place]
        full = (len(group) + 1) * windows * tokens > most_tokens
        if group and (full or shapes[group[0]][0] != windows):
            yield group
            group = []
        group.append(place)
    if group:
        yield group


def _padded(group: Sequence[Encoding]) -> tuple[torch.Tensor, torch.Tensor]:
    """Give token ids and attention mask, int64 [documents x windows, longest]."""
    windows = group[0].token_ids.shape[0]
    longest = max(encoding.token_ids.shape[1] for encoding in group)
    ids = np.zeros((len(group), windows, longest), dtype=np.int64)
    mask = np.zeros_like(ids)
    for place, encoding in enumerate(group):
        tokens = encoding.token_ids.shape[1]
        ids[place, :, :tokens] = encoding.token_ids
        mask[place, :, :tokens] = 1
    return torch.from_numpy(ids.reshape(-1, longest)), torch.from_numpy(mask.reshape(-1, longest))


def _same_shape(encodings: Sequence[Encoding]) -> Iterator[list[int]]:
    places: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for place, encoding in enumerate(encodings):
        places[encoding.token_ids.shape].append(place)
    for group in places.values():
        most = max(1, MOST_TOKENS // encodings[group[0]].tokens)
        for start in range(0, len(group), most):
            yield group[start : start + most]
