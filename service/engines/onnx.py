"""The quantised graph that a bundle may carry, in ONNX Runtime on the processor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifacts.acceleration.building import answers
from artifacts.acceleration.running import OnnxNetwork
from service.engines.blank import blank_documents
from service.engines.torch import PROCESSORS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from artifacts.opening import Bundle
    from artifacts.preprocessing import Encoding

__all__ = ["OnnxEngine"]


class OnnxEngine:
    """Runs one document a pass: eight-bit products round by the range of everything in a pass."""

    def __init__(self, bundle: Bundle, name: str) -> None:
        """Prepare the graph twice: for one processor a document, and for all of them on one."""
        graph = bundle.engines[name].graph or b""
        self.name = name
        self.lanes = PROCESSORS
        self.most_tokens = 0
        self._bundle = bundle
        self._narrow = OnnxNetwork(graph, processors=1)
        self._wide = self._narrow if self.lanes == 1 else OnnxNetwork(graph, self.lanes)

    def probabilities(
        self, encodings: Sequence[Encoding], *, alone: bool = False
    ) -> NDArray[np.float32]:
        """Give calibrated probabilities float32 [documents, classes], in the order given."""
        network = self._wide if alone else self._narrow
        return answers(network, self._bundle.manifest.temperature, encodings)

    def warm_up(self) -> None:
        """Run a few lengths once: the first pass over a shape allocates."""
        for encoding in blank_documents(self._bundle):
            self.probabilities([encoding])
            self.probabilities([encoding], alone=True)
