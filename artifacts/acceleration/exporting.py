"""A network as an ONNX graph for one document a pass, written so that the processor runs it well.

Two things differ from what the exporter would write. Attention is one fused operation instead of
products, softmax and transposes. And a layer norm is an instance norm over one channel, then scale
and shift: the same arithmetic, but ONNX Runtime's kernel for the former adds one number at a time
(a fifth of a small network's time), and its kernel for the latter uses the whole vector unit.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from artifacts.acceleration.running import OnnxNetwork
from artifacts.inference import logits_of
from artifacts.network import DocumentClassifier, model_of
from artifacts.preprocessing import Encoding
from guards.errors import CallError, first_line
from guards.schema import CanonicalRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from artifacts.network import Network

__all__ = ["export"]

_FUSED, _PLAIN = "understudy_fused", "eager"
_OPSET = 20
_TOLERANCE = 1e-3
_TRIED_TOKENS = (3, 17, 64)


def export(network: Network, columns_width: int, most_tokens: int) -> onnx.ModelProto:
    """Give the graph: ``input_ids`` int64 [windows, tokens] and ``columns`` float32 [1, width] in,
    ``logits`` float32 [1, classes] out.

    A graph without columns has no such input. Attention is fused where the answers stay what they
    are. Raises ``CallError`` for a network that cannot be exported.
    """  # noqa: D205 (one sentence)
    reason = "its answers change"
    for attention in (_FUSED, _PLAIN):
        try:
            model = _fast_layer_norms(_exported(network, attention, columns_width, most_tokens))
            if _same_answers(network, model, columns_width, most_tokens):
                return model
        except Exception as error:  # noqa: BLE001 (the exporter raises whatever its parts do)
            reason = first_line(error)
    message = f"the network cannot be exported: {reason}"
    raise CallError(message)


class _OneDocument(torch.nn.Module):
    """A network under the names that the graph's inputs have."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.network(input_ids, columns)
        return logits


def _exported(
    network: Network, attention: str, columns_width: int, most_tokens: int
) -> onnx.ModelProto:
    copied = copy.deepcopy(network)
    model_of(copied).set_attn_implementation(attention)
    tokens = torch.export.Dim("tokens", min=2, max=max(3, most_tokens))
    windows = torch.export.Dim("windows", min=1, max=4096)
    example = torch.zeros((2, min(16, most_tokens)), dtype=torch.int64)
    with _quiet(), torch.inference_mode():
        program = torch.onnx.export(
            _OneDocument(copied).eval(),
            (example, torch.zeros((1, columns_width))),
            input_names=["input_ids", "columns"],
            output_names=["logits"],
            dynamic_shapes=({0: windows, 1: tokens}, None),
            opset_version=_OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # noqa: S101 (this exporter always gives one)
    return program.model_proto


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's own remarks, which no user can act on, from the terminal."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _fused_attention(  # noqa: PLR0913, PLR0917 (how the library calls any attention)
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **others: Any,  # noqa: ANN401 (whatever a model tells its attention)
) -> tuple[torch.Tensor, None]:
    """Write one attention operation; the tensors are [windows, heads, tokens, size]."""
    if attention_mask is not None or others.get("sliding_window") is not None:
        message = f"{type(module).__name__} attends to a part of the tokens"
        raise ValueError(message)
    windows, heads, tokens, size = query.shape
    rows = [part.transpose(1, 2).flatten(2) for part in (query, key, value)]
    attended = torch.onnx.ops.symbolic(
        "com.microsoft::MultiHeadAttention",
        rows,
        {"num_heads": heads, "scale": float(size**-0.5 if scaling is None else scaling)},
        dtype=query.dtype,
        shape=(windows, tokens, heads * size),
        version=1,
    )
    return attended.reshape(windows, tokens, heads, size), None


ALL_ATTENTION_FUNCTIONS.register(_FUSED, _fused_attention)


def _fast_layer_norms(model: onnx.ModelProto) -> onnx.ModelProto:
    """Replace every layer norm over the last axis; see the head of this file."""
    graph = model.graph
    sizes = {one.name: list(one.dims) for one in graph.initializer}
    nodes: list[onnx.NodeProto] = []
    constants: dict[str, onnx.TensorProto] = {}
    for node in graph.node:
        replaced = node.op_type == "LayerNormalization" and _over_the_last_axis(node, sizes)
        nodes += _as_instance_norm(node, sizes, constants) if replaced else [node]
    del graph.node[:]
    graph.node.extend(nodes)
    graph.initializer.extend(constants.values())
    return model


def _over_the_last_axis(node: onnx.NodeProto, sizes: dict[str, list[int]]) -> bool:
    axis = _attribute(node, "axis", -1)
    return axis in (-1, 2) and len(sizes.get(node.input[1], ())) == 1 and len(node.output) == 1


def _as_instance_norm(
    node: onnx.NodeProto, sizes: dict[str, list[int]], constants: dict[str, onnx.TensorProto]
) -> list[onnx.NodeProto]:
    x, scale, *shift = node.input
    (y,) = node.output
    rows = f"rows_of_{sizes[scale][0]}"
    for name, value in (
        (rows, np.array([-1, 1, sizes[scale][0]], dtype=np.int64)),
        ("channel_scale", np.ones(1, dtype=np.float32)),
        ("channel_shift", np.zeros(1, dtype=np.float32)),
    ):
        constants[name] = numpy_helper.from_array(value, name)
    step = [f"{y}.{place}" for place in range(5)]
    epsilon = float(_attribute(node, "epsilon", 1e-5))
    normed = [
        helper.make_node("Shape", [x], [step[0]]),
        helper.make_node("Reshape", [x, rows], [step[1]]),
        helper.make_node(
            "InstanceNormalization",
            [step[1], "channel_scale", "channel_shift"],
            [step[2]],
            epsilon=epsilon,
        ),
        helper.make_node("Reshape", [step[2], step[0]], [step[3]]),
    ]
    if not shift:
        return [*normed, helper.make_node("Mul", [step[3], scale], [y])]
    return [
        *normed,
        helper.make_node("Mul", [step[3], scale], [step[4]]),
        helper.make_node("Add", [step[4], shift[0]], [y]),
    ]


def _attribute(node: onnx.NodeProto, name: str, default: float) -> float:
    found = [helper.get_attribute_value(one) for one in node.attribute if one.name == name]
    return float(found[0]) if found else default


def _same_answers(
    network: Network, model: onnx.ModelProto, columns_width: int, most_tokens: int
) -> bool:
    """Tell whether the graph gives the network's logits for made-up documents of some shapes."""
    graph = OnnxNetwork(model.SerializeToString(), processors=1)
    for encoding in _made_up(network, columns_width, most_tokens):
        expected = logits_of(network, [encoding])[0]
        if not np.allclose(graph.logits(encoding), expected, rtol=_TOLERANCE, atol=_TOLERANCE):
            return False
    return True


def _made_up(network: Network, columns_width: int, most_tokens: int) -> Sequence[Encoding]:
    generator = np.random.default_rng(0)
    encoder = model_of(network).config
    vocabulary = getattr(network.config, "encoder", None) or encoder.to_dict()
    shapes = [(1, min(tokens, most_tokens)) for tokens in (*_TRIED_TOKENS, most_tokens)]
    if isinstance(network, DocumentClassifier):
        shapes.append((3, most_tokens))
    return [
        Encoding(
            token_ids=generator.integers(0, int(vocabulary["vocab_size"]), shape),
            columns=generator.normal(size=columns_width),
            row=CanonicalRow((), ()),
            unknown_tokens=0,
            truncated=False,
        )
        for shape in shapes
    ]
