"""Run a graph and its network on documents that nobody knows before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from onnx import ModelProto, helper, numpy_helper

from artifacts.bundle.binding.operations import Recording
from artifacts.bundle.network import DocumentClassifier, empty_network, model_of
from artifacts.bundle.onnx_network import session_of
from guards.integrity.graph import EMBEDDING, LOGITS

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from artifacts.bundle.binding.float_graph import FloatGraph
    from artifacts.bundle.network import Network

__all__ = ["Trial", "tensors_of"]

_ROWS = 512
_GAIN = 0.7
"""How large the output of a scaled matrix is, beside its input: so that in a deep network a state
is still mostly that of its own token."""

_SHIFT = 0.05
"""How large a shift is. All states have it in common, and larger ones would drown them."""

_SPREAD = 1.25
"""How much larger or smaller either may be by chance."""

_TOLERANCE = 1e-4
"""Of the largest number of an output. Graphs of the exporter are off by 1e-5 at most."""

_SHAPES = ((1, 2), (2, 7), (3, 19))
"""Windows and tokens of the documents that are tried beside one of the greatest length."""

_DRAWN = 2
"""How many documents of other lengths are tried besides."""

_MASKING = {"selections": 7, "roundings": 1}
"""What the exporter writes of masks for attention that is not fused, and the library leaves out at
run time where nothing is masked. It depends on positions, and reaches the scores of attention."""


def tensors_of(network: Network) -> dict[str, NDArray[np.generic]]:
    """Return parameters and buffers of a network by name; they are not copied."""
    named = [*network.named_parameters(), *network.named_buffers()]
    return {name: tensor.detach().numpy() for name, tensor in named}


class Trial:
    """Runs a graph and its network with random rows in the place of the word embeddings."""

    def __init__(self, model: ModelProto, graph: FloatGraph, network: Network, words: str) -> None:
        self._graph = graph
        self._network = network
        self._generator = np.random.default_rng()
        rows, width = network.get_parameter(words).shape
        table = self._generator.normal(size=(min(_ROWS, rows), width))
        self._table = table.astype(np.float32)
        self._words = words
        with torch.device("meta"):
            self._twin = empty_network(model_of(network).config.to_dict())
        model_of(self._twin).set_attn_implementation("eager")
        self._twin.train(mode=False)
        # Tensors that were folded together cannot be scaled one by one.
        self._scaled = _Scaling(self._generator) if not graph.unknown else np.ascontiguousarray
        self._tensors = {
            name: torch.from_numpy(self._scaled(tensor)) if tensor.ndim else torch.tensor(tensor)
            for name, tensor in tensors_of(network).items()
            if name != words
        }
        self._tensors[words] = torch.from_numpy(self._table)
        feeds = {name: self._given(name) for name in graph.weights}
        self._feeds = feeds
        self._session = session_of(_with_inputs(model, graph, feeds).SerializeToString(), 1)
        self._inputs = {one.name for one in self._session.get_inputs()}
        self._names = [one.name for one in self._session.get_outputs()]

    def _given(self, name: str) -> NDArray[np.generic]:
        if name in self._graph.factors or self._graph.names.get(name) == self._words:
            shared: NDArray[np.generic] = self._tensors[self._graph.names[name]].numpy()
            return shared
        return self._scaled(self._graph.weights[name])

    def recorded(self) -> tuple[tuple[Counter[str], Counter[str]], Recording]:
        """Return what the network computes for one document, counted and as it was recorded."""
        ids, columns = map(torch.from_numpy, self._document(*_SHAPES[1]))
        sizes = [value.size for value in self._graph.unknown.values()]
        with Recording(sizes) as recording:
            logits, _ = self._outputs(ids, columns)
        needed = recording.counts([ids, columns], logits)
        if all(node.op_type != "MultiHeadAttention" for node in self._graph.nodes):
            needed[1].update(_MASKING)
        return needed, recording

    def _drawn(self, max_tokens: int) -> list[tuple[int, int]]:
        """Return lengths that nobody knows before."""
        return [(1, int(self._generator.integers(2, max_tokens + 1))) for _ in range(_DRAWN)]

    def unequal(self, max_tokens: int) -> Iterator[str]:
        """Yield a sentence if an output of both differs for a document of any length."""
        for windows, tokens in (*_SHAPES, (1, max_tokens), *self._drawn(max_tokens)):
            if windows > 1 and not isinstance(self._network, DocumentClassifier):
                continue
            ids, columns = self._document(windows, tokens)
            of_network = self._outputs(torch.from_numpy(ids), torch.from_numpy(columns))
            given = {**self._feeds, "input_ids": ids, "columns": columns}
            fed = {name: value for name, value in given.items() if name in self._inputs}
            of_graph = dict(zip(self._names, self._session.run(self._names, fed), strict=True))
            for name, tensor in zip((LOGITS, EMBEDDING), of_network, strict=True):
                off = _off(name, of_graph.get(name), tensor)
                if off is not None:
                    yield f"{off} for a document of {windows} windows of {tokens} tokens"
                    return

    def _document(self, windows: int, tokens: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        ids = self._generator.integers(0, len(self._table), (windows, tokens))
        width = getattr(self._network.config, "columns_width", 0)
        return ids, self._generator.normal(size=(1, width)).astype(np.float32)

    @torch.no_grad()  # inference mode would show fewer, larger operators to the recording
    def _outputs(
        self, ids: torch.Tensor, columns: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        outputs: tuple[torch.Tensor, torch.Tensor | None] = torch.func.functional_call(
            _Embedding(self._twin),
            {f"network.{name}": tensor for name, tensor in self._tensors.items()},
            (ids, columns),
        )
        return outputs


class _Embedding(torch.nn.Module):
    """A network that is called for its logits and its embedding."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, ids: torch.Tensor, columns: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        return self.network.embed(ids, columns)


def _off(
    name: str, observed: NDArray[np.float32] | None, tensor: torch.Tensor | None
) -> str | None:
    """Return how far an output of the graph is from the network's; None for rounding or no output.

    Only ``LOGITS`` are always there.
    """
    if observed is None:
        return None
    if tensor is None or observed.shape != tensor.shape:
        return f"{name} of shape {observed.shape}"
    expected = tensor.numpy()
    size = float(np.abs(expected).max())
    if np.allclose(observed, expected, rtol=_TOLERANCE, atol=_TOLERANCE * size):
        return None
    return f"{name} off by {float(np.abs(observed - expected).max()):.2g} of {size:.2g}"


class _Scaling:
    """Scales weights so that every operator shows in the logits, however little it was trained.

    Fresh weights are so small that attention hardly depends on its input. The same values are
    scaled alike, transposed or not; of two tensors that differ by a factor alone, one stays larger,
    which one and by how much being drawn.
    """

    def __init__(self, generator: np.random.Generator) -> None:
        """Draw what becomes of each size."""
        self._turns, self._start = generator.uniform((8.0, 0.0), (16.0, 2 * np.pi))

    def __call__(self, values: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return the values, scaled."""
        if values.dtype != np.float32:
            return np.ascontiguousarray(values)
        flat = values.ravel("K")
        terms = max(values.shape) / _GAIN**2 if values.ndim > 1 else 1
        size = float(np.sqrt(np.dot(flat, flat) / max(flat.size, 1) * terms))
        if not 0 < size < np.inf:
            return np.ascontiguousarray(values)
        gain = _SPREAD ** np.sin(self._turns * np.log(size) + self._start)
        if values.ndim == 1 and abs(flat.mean()) < size / 2:  # what scales is about one
            gain *= _SHIFT
        return np.ascontiguousarray(values) * np.float32(gain / size)


def _with_inputs(
    model: ModelProto, graph: FloatGraph, feeds: Mapping[str, NDArray[np.generic]]
) -> ModelProto:
    """Return a model of the graph in which the weights are inputs."""
    inputs = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
        )
        for name, value in feeds.items()
    ]
    constants = {**graph.settings, **graph.unknown}
    made = helper.make_graph(
        graph.nodes,
        "graph",
        [*model.graph.input, *inputs],
        [*model.graph.output],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(made, opset_imports=model.opset_import, ir_version=model.ir_version)
