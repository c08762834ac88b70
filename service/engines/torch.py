"""The reference engine: the sealed network in torch, float32, on every core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from artifacts.inference import probabilities_of
from artifacts.preprocessing import Encoding
from guards.schema import CanonicalRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from artifacts.opening import Bundle

__all__ = ["TorchEngine"]

_WARM_UP_TOKENS = (8, 64, 128)


@dataclass(frozen=True, slots=True)
class TorchEngine:
    """Runs a bundle's network as it was sealed."""

    bundle: Bundle
    name: str = "torch"

    def probabilities(self, encodings: Sequence[Encoding]) -> NDArray[np.float32]:
        """Give calibrated probabilities float32 [documents, classes], in the order given."""
        return probabilities_of(self.bundle.network, self.bundle.manifest.temperature, encodings)

    def warm_up(self) -> None:
        """Run a few lengths once: the first pass over a shape allocates."""
        width = getattr(self.bundle.network.config, "columns_width", 0)
        most = self.bundle.preprocessing.max_length
        for tokens in sorted({min(tokens, most) for tokens in _WARM_UP_TOKENS}):
            self.probabilities([_blank(tokens, width)])


def _blank(tokens: int, width: int) -> Encoding:
    return Encoding(
        token_ids=np.zeros(tokens, dtype=np.int64),
        columns=np.zeros(width),
        row=CanonicalRow((), ()),
        unknown_tokens=0,
        truncated=False,
    )
