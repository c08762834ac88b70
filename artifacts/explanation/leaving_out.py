"""What leaving out one word changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from artifacts.bundle.inference import MAX_TOKENS, columns_of
from artifacts.explanation.integrated_gradients import padding_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from artifacts.bundle.network import Network
    from artifacts.bundle.preprocessing import Encoding

__all__ = ["leave_one_word_out"]


@torch.inference_mode()
def leave_one_word_out(
    network: Network, encoding: Encoding, words: Mapping[str, Sequence[int]], answer: int
) -> dict[str, float]:
    """Return by how much the logit of ``answer`` falls without each word.

    All occurrences of a word, at ``words`` in the flattened token ids, become padding tokens.
    """
    ids = torch.from_numpy(encoding.token_ids)
    columns = columns_of([encoding])
    whole = float(network(ids, columns)[0, answer])
    padding = padding_id(network)
    falls: dict[str, float] = {}
    names = list(words)
    size = max(1, MAX_TOKENS // encoding.tokens)
    for start in range(0, len(names), size):
        group = names[start : start + size]
        without = ids.flatten().repeat(len(group), 1)
        for index, word in enumerate(group):
            without[index, list(words[word])] = padding
        rows = without.reshape(-1, ids.shape[1])
        logits = network(rows, columns.repeat(len(group), 1))[:, answer]
        falls.update(zip(group, (whole - logits).tolist(), strict=True))
    return falls
