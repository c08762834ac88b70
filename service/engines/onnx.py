"""The quantised graph that a bundle may carry, in ONNX Runtime on the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifacts.bundle.onnx_network import OnnxNetwork
from service.engines.blank import blank_documents
from service.engines.torch import PROCESSORS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from artifacts.bundle.opening import Bundle
    from artifacts.bundle.preprocessing import Encoding

__all__ = ["OnnxEngine"]


class OnnxEngine:
    """Runs one document a pass: eight-bit products are rounded by the range of a whole pass."""

    def __init__(self, bundle: Bundle, name: str) -> None:
        """Prepare the graph for one core per document, and for all cores on one document."""
        graph = bundle.engines[name].graph or b""
        self.name = name
        self.lanes = PROCESSORS
        self.max_tokens = 0
        self._bundle = bundle
        self._narrow = OnnxNetwork(graph, processors=1)
        self._wide = self._narrow if self.lanes == 1 else OnnxNetwork(graph, self.lanes)
        self.embeds = self._narrow.embeds

    def probabilities(
        self, encodings: Sequence[Encoding], *, exclusive: bool = False
    ) -> NDArray[np.float32]:
        """Return calibrated probabilities float32 [documents, classes], in the order given."""
        network = self._wide if exclusive else self._narrow
        return network.probabilities(self._bundle.manifest.temperature, encodings)

    def embedded_probabilities(
        self, encodings: Sequence[Encoding], *, exclusive: bool = False
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return ``probabilities``, and the embedding float32 [documents, hidden]."""
        network = self._wide if exclusive else self._narrow
        return network.embedded_probabilities(self._bundle.manifest.temperature, encodings)

    def warm_up(self) -> None:
        """Run a few lengths once: the first pass over a shape allocates."""
        for encoding in blank_documents(self._bundle):
            self.probabilities([encoding])
            self.probabilities([encoding], exclusive=True)
