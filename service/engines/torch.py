"""The reference engine: the sealed network in torch, float32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from artifacts.inference import probabilities_of
from service.engines.blank import blank_documents

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from artifacts.opening import Bundle
    from artifacts.preprocessing import Encoding

__all__ = ["PROCESSORS", "TorchEngine"]

PROCESSORS = torch.get_num_threads()
"""How many processors this process may use; each thread that asks later may have set its own."""


@dataclass(frozen=True, slots=True)
class TorchEngine:
    """Runs a bundle's network as it was sealed."""

    bundle: Bundle
    name: str = "torch"
    lanes: int = PROCESSORS

    def probabilities(
        self, encodings: Sequence[Encoding], *, alone: bool = False
    ) -> NDArray[np.float32]:
        """Give calibrated probabilities float32 [documents, classes], in the order given."""
        threads = self.lanes if alone else 1
        # Asking comes first: it makes the number that is set this thread's own.
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        return probabilities_of(self.bundle.network, self.bundle.manifest.temperature, encodings)

    def warm_up(self) -> None:
        """Run a few lengths once: the first pass over a shape allocates."""
        for encoding in blank_documents(self.bundle):
            self.probabilities([encoding])
            self.probabilities([encoding], alone=True)
