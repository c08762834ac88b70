"""Compute calibrated probabilities from encodings: without padding, or padded for a device."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from artifacts.bundle.network import Network
    from artifacts.bundle.preprocessing import Encoding

__all__ = [
    "MAX_TOKENS",
    "Pass",
    "about_as_long",
    "as_float32",
    "collect_probabilities",
    "columns_of",
    "embedded_passes",
    "logits_of",
    "padded",
    "padded_embedded_passes",
    "padded_logits_of",
    "probabilities_of",
    "softmax",
]

MAX_TOKENS = 1024
"""The maximum number of tokens in a pass, unless one document has more. Larger passes do not make a
CPU faster, and answers would wait longer."""

Pass = tuple[list[int], "NDArray[np.float32]", "NDArray[np.float32] | None"]
"""The indices of the documents of a pass, their logits float32 [documents, classes], and their
embedding float32 [documents, hidden], or None where the network gives none."""

_MAX_COLUMN = 1e30
"""Larger values of encoded columns would add up to infinities and NaN in float32."""


def probabilities_of(
    network: Network, temperature: float, encodings: Sequence[Encoding]
) -> NDArray[np.float32]:
    """Return calibrated probabilities float32 [documents, classes], in the order given.

    Only documents of exactly the same shape share a pass, so that nothing is padded and no result
    depends on the other documents, up to rounding.
    """
    return softmax(logits_of(network, encodings) / np.float32(temperature))


def logits_of(network: Network, encodings: Sequence[Encoding]) -> NDArray[np.float32]:
    """Return raw logits float32 [documents, classes], in the order given."""
    logits = np.empty((len(encodings), len(network.config.id2label or {})), dtype=np.float32)
    with torch.inference_mode():
        for indices in _same_shape(encodings):
            group = [encodings[index] for index in indices]
            ids = torch.from_numpy(np.concatenate([encoding.token_ids for encoding in group]))
            logits[indices] = network(ids, columns_of(group)).float().numpy()
    return logits


def padded_logits_of(
    network: Network, encodings: Sequence[Encoding], max_tokens: int
) -> NDArray[np.float32]:
    """Return raw logits float32 [documents, classes], in the order given, computed on the device.

    The device is the one that holds the network. Documents of about the same length share a pass
    and are padded to its longest. A pass has at most ``max_tokens`` tokens, padding included,
    unless a single document has more.
    """
    logits = np.empty((len(encodings), len(network.config.id2label or {})), dtype=np.float32)
    device = next(network.parameters()).device
    with torch.inference_mode():
        for indices in about_as_long(encodings, max_tokens):
            group = [encodings[index] for index in indices]
            ids, mask = padded(group)
            output = network(ids.to(device), columns_of(group).to(device), mask.to(device))
            logits[indices] = output.float().cpu().numpy()
    return logits


def embedded_passes(network: Network, encodings: Sequence[Encoding]) -> Iterator[Pass]:
    """Yield the passes of ``logits_of``, with the embedding of each document."""
    for indices in _same_shape(encodings):
        group = [encodings[index] for index in indices]
        ids = torch.from_numpy(np.concatenate([encoding.token_ids for encoding in group]))
        yield indices, *_embedded(network, ids, columns_of(group), None)


def padded_embedded_passes(
    network: Network, encodings: Sequence[Encoding], max_tokens: int
) -> Iterator[Pass]:
    """Yield the passes of ``padded_logits_of``, with the embedding of each document."""
    device = next(network.parameters()).device
    for indices in about_as_long(encodings, max_tokens):
        group = [encodings[index] for index in indices]
        ids, mask = padded(group)
        columns = columns_of(group).to(device)
        yield indices, *_embedded(network, ids.to(device), columns, mask.to(device))


def collect_probabilities(
    passes: Iterable[Pass], temperature: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return calibrated probabilities and embedding of all passes, in the order of the documents.

    The passes are those of a network that gives an embedding.
    """
    done = [*passes]
    order = np.argsort(np.concatenate([indices for indices, _, _ in done]))
    logits: NDArray[np.float32] = np.concatenate([rows for _, rows, _ in done])[order]
    embedding = np.concatenate([rows for _, _, rows in done if rows is not None])[order]
    return softmax(logits / np.float32(temperature)), embedding


@torch.inference_mode()
def _embedded(
    network: Network, ids: torch.Tensor, columns: torch.Tensor, mask: torch.Tensor | None
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    logits, states = network.embed(ids, columns, mask)
    embedding = None if states is None else states.float().cpu().numpy()
    return logits.float().cpu().numpy(), embedding


def columns_of(encodings: Sequence[Encoding]) -> torch.Tensor:
    """Return the encoded columns as input for a network, float32 [documents, width]."""
    return torch.from_numpy(as_float32(np.stack([encoding.columns for encoding in encodings])))


def as_float32(columns: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return encoded columns as float32, clipped to what float32 can add up."""
    return columns.clip(-_MAX_COLUMN, _MAX_COLUMN).astype(np.float32)


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the softmax of each row, float32."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)


def about_as_long(encodings: Sequence[Encoding], max_tokens: int) -> Iterator[list[int]]:
    """Yield the indices of documents that share a pass: equal windows, the shortest first."""
    shapes = [encoding.token_ids.shape for encoding in encodings]
    group: list[int] = []
    for index in sorted(range(len(shapes)), key=shapes.__getitem__):
        windows, tokens = shapes[index]
        full = (len(group) + 1) * windows * tokens > max_tokens
        if group and (full or shapes[group[0]][0] != windows):
            yield group
            group = []
        group.append(index)
    if group:
        yield group


def padded(group: Sequence[Encoding]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return token ids and attention mask, int64 [documents x windows, longest]."""
    windows = group[0].token_ids.shape[0]
    longest = max(encoding.token_ids.shape[1] for encoding in group)
    ids = np.zeros((len(group), windows, longest), dtype=np.int64)
    mask = np.zeros_like(ids)
    for index, encoding in enumerate(group):
        tokens = encoding.token_ids.shape[1]
        ids[index, :, :tokens] = encoding.token_ids
        mask[index, :, :tokens] = 1
    return torch.from_numpy(ids.reshape(-1, longest)), torch.from_numpy(mask.reshape(-1, longest))


def _same_shape(encodings: Sequence[Encoding]) -> Iterator[list[int]]:
    """Yield the indices of documents that share a pass: all of one shape."""
    by_shape: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for index, encoding in enumerate(encodings):
        by_shape[encoding.token_ids.shape].append(index)
    for indices in by_shape.values():
        size = max(1, MAX_TOKENS // encodings[indices[0]].tokens)
        for start in range(0, len(indices), size):
            yield indices[start : start + size]
