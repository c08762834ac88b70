"""Documents through an ONNX graph, one a pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from artifacts.inference import as_float32

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from artifacts.preprocessing import Encoding

__all__ = ["OnnxNetwork"]

_ERRORS_ONLY = 3


class OnnxNetwork:
    """A graph that ``exporting`` wrote; safe to share by threads."""

    def __init__(self, graph: bytes, processors: int) -> None:
        """Prepare the graph; each pass runs on so many processors.

        With several, threads spin for a moment where they wait for each other: without that, two
        processors are as slow as one.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = processors
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        self._session = onnxruntime.InferenceSession(
            graph, options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {one.name for one in self._session.get_inputs()}

    def logits(self, encoding: Encoding) -> NDArray[np.float32]:
        """Give the logits of one document, float32 [classes]."""
        row: NDArray[np.float32] = self.outputs(encoding)[0][0]
        return row

    def outputs(self, encoding: Encoding) -> list[NDArray[np.float32]]:
        """Give whatever the graph has as outputs, for one document."""
        inputs: dict[str, NDArray[Any]] = {"input_ids": encoding.token_ids}
        if "columns" in self._inputs:
            inputs["columns"] = as_float32(encoding.columns[np.newaxis])
        outputs: list[NDArray[np.float32]] = self._session.run(None, inputs)
        return outputs
