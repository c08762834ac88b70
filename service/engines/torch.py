"""The sealed network in torch: in float32, which is the reference, or in bfloat16."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from artifacts.bundle.inference import collect_probabilities, embedded_passes, probabilities_of
from artifacts.bundle.network import embedding_width, in_bfloat16
from guards.bundle.engines import TORCH, TORCH_BF16
from service.engines.blank import blank_documents
from service.processors import available_processors

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from artifacts.bundle.opening import Bundle
    from artifacts.bundle.preprocessing import Encoding

__all__ = ["PROCESSORS", "TorchEngine"]

PROCESSORS = min(torch.get_num_threads(), available_processors())
"""The number of cores that engines use: torch alone sees which processors share a core, and not the
CPU quota. A thread may later set its own number."""


class TorchEngine:
    """Runs a bundle's network as it was sealed, or a copy of it in bfloat16."""

    def __init__(self, bundle: Bundle, name: str = TORCH) -> None:
        """Take the network; ``name`` is ``torch`` or ``torch-bf16``."""
        self.name = name
        self.lanes = PROCESSORS
        self.max_tokens = 0
        self._bundle = bundle
        self._network = in_bfloat16(bundle.network) if name == TORCH_BF16 else bundle.network
        self.embeds = embedding_width(self._network) is not None

    def probabilities(
        self, encodings: Sequence[Encoding], *, exclusive: bool = False
    ) -> NDArray[np.float32]:
        """Return calibrated probabilities float32 [documents, classes], in the order given."""
        self._use_processors(exclusive=exclusive)
        return probabilities_of(self._network, self._bundle.manifest.temperature, encodings)

    def embedded_probabilities(
        self, encodings: Sequence[Encoding], *, exclusive: bool = False
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return ``probabilities``, and the embedding float32 [documents, hidden]."""
        self._use_processors(exclusive=exclusive)
        return collect_probabilities(
            embedded_passes(self._network, encodings), self._bundle.manifest.temperature
        )

    def warm_up(self) -> None:
        """Run a few lengths once: the first pass over a shape allocates."""
        for encoding in blank_documents(self._bundle):
            self.probabilities([encoding])
            self.probabilities([encoding], exclusive=True)

    def _use_processors(self, *, exclusive: bool) -> None:
        threads = self.lanes if exclusive else 1
        # Only after a call of get_num_threads is the number that is set local to this thread.
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
