"""Run the ONNX graph of a network, one document a pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from artifacts.bundle.inference import as_float32, softmax
from artifacts.bundle.silent_onnxruntime import onnxruntime
from guards.integrity.graph import EMBEDDING, LOGITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from artifacts.bundle.preprocessing import Encoding

__all__ = ["OnnxNetwork", "session_of"]

_ERRORS_ONLY = 3


class OnnxNetwork:
    """A graph that ``artifacts.acceleration.exporting`` wrote; safe to share between threads."""

    def __init__(self, graph: bytes, processors: int) -> None:
        """Load the graph, to run each pass on so many processors.

        With several, the threads spin briefly while they wait for each other: without that, two
        processors are as slow as one.
        """
        self._session = session_of(graph, processors)
        self._inputs = {each.name for each in self._session.get_inputs()}
        self.embeds = EMBEDDING in {each.name for each in self._session.get_outputs()}
        """Whether the graph gives the embedding: those of earlier versions do not."""

    def probabilities(
        self, temperature: float, encodings: Sequence[Encoding]
    ) -> NDArray[np.float32]:
        """Return calibrated probabilities float32 [documents, classes], in the order given."""
        logits = np.stack([self.logits(encoding) for encoding in encodings])
        return softmax(logits / np.float32(temperature))

    def embedded_probabilities(
        self, temperature: float, encodings: Sequence[Encoding]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return ``probabilities`` and the embedding float32 [documents, hidden]."""
        outputs = [self.outputs(encoding, [LOGITS, EMBEDDING]) for encoding in encodings]
        logits: NDArray[np.float32] = np.concatenate([logits for logits, _ in outputs])
        embedding = np.concatenate([embedding for _, embedding in outputs])
        return softmax(logits / np.float32(temperature)), embedding

    def logits(self, encoding: Encoding) -> NDArray[np.float32]:
        """Return the logits of one document, float32 [classes]."""
        row: NDArray[np.float32] = self.outputs(encoding, [LOGITS])[0][0]
        return row

    def outputs(self, encoding: Encoding, names: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return the named outputs of the graph for one document."""
        inputs: dict[str, NDArray[np.int64] | NDArray[np.float32]] = {
            "input_ids": encoding.token_ids
        }
        if "columns" in self._inputs:
            inputs["columns"] = as_float32(encoding.columns[np.newaxis])
        outputs: list[NDArray[np.float32]] = self._session.run(names, inputs)
        return outputs


def session_of(graph: bytes, processors: int) -> onnxruntime.InferenceSession:
    """Return a session on the CPU for a graph, which is an ONNX model and names no other file."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = processors
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    options.add_session_config_entry("session.load_model_format", "ONNX")
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
