"""The network in bfloat16 on a device that works best on many documents at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from artifacts.bundle.inference import (
    collect_probabilities,
    padded_embedded_passes,
    padded_logits_of,
    softmax,
)
from artifacts.bundle.network import embedding_width, in_bfloat16
from guards.bundle.engines import TORCH_BF16
from service.engines.blank import blank_documents

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from numpy.typing import NDArray

    from artifacts.bundle.opening import Bundle
    from artifacts.bundle.preprocessing import Encoding

__all__ = ["BatchingEngine"]

_MAX_TOKENS = 16_384

_LANES = 2
"""One lane prepares its documents while those of the other are on the device."""


class BatchingEngine:
    """Runs documents of about the same length together, padded to the longest."""

    def __init__(self, bundle: Bundle, device: torch.device) -> None:
        """Copy the network to the device."""
        self.name = TORCH_BF16
        self.lanes = _LANES
        self.max_tokens = _MAX_TOKENS
        self._bundle = bundle
        self._network = in_bfloat16(bundle.network, device)
        self.embeds = embedding_width(self._network) is not None

    def probabilities(
        self,
        encodings: Sequence[Encoding],
        *,
        exclusive: bool = False,  # noqa: ARG002 (a device has no cores to share)
    ) -> NDArray[np.float32]:
        """Return calibrated probabilities float32 [documents, classes], in the order given."""
        logits = padded_logits_of(self._network, encodings, _MAX_TOKENS)
        return softmax(logits / np.float32(self._bundle.manifest.temperature))

    def embedded_probabilities(
        self,
        encodings: Sequence[Encoding],
        *,
        exclusive: bool = False,  # noqa: ARG002 (likewise)
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return ``probabilities``, and the embedding float32 [documents, hidden]."""
        passes = padded_embedded_passes(self._network, encodings, _MAX_TOKENS)
        return collect_probabilities(passes, self._bundle.manifest.temperature)

    def warm_up(self) -> None:
        """Run a few lengths once, with one document and with a full batch."""
        for encoding in blank_documents(self._bundle):
            self.probabilities([encoding])
            self.probabilities([encoding] * (_MAX_TOKENS // encoding.tokens))
