"""Write a network as an ONNX graph that runs well on a CPU, for one document a pass.

The graph differs from that of the exporter in two ways. Attention is one fused operation instead of
products, softmax and transposes. A layer norm is an instance norm over one channel, followed by
scale and shift: the arithmetic is the same, but ONNX Runtime's kernel for layer norms adds one
number at a time (a fifth of the time of a small network), while that for instance norms is
vectorised.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import warnings
from typing import TYPE_CHECKING

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from artifacts.bundle.inference import logits_of
from artifacts.bundle.network import DocumentClassifier, embedding_width, model_of
from artifacts.bundle.onnx_network import OnnxNetwork
from artifacts.bundle.preprocessing import Encoding
from guards.errors import CallError, first_line
from guards.integrity.graph import EMBEDDING, LOGITS
from guards.schema import CanonicalRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from artifacts.bundle.network import Network

__all__ = ["export"]

_FUSED, _EAGER = "understudy_fused", "eager"
_OPSET = 20
_TOLERANCE = 1e-3
_COMPARED_TOKENS = (3, 17, 64)


def export(
    network: Network, columns_width: int, max_tokens: int, *, embedding: bool = True
) -> onnx.ModelProto:
    """Return the graph of a network.

    Its inputs are ``input_ids`` int64 [windows, tokens] and, if the network uses columns,
    ``columns`` float32 [1, width]. Its outputs are ``logits`` float32 [1, classes] and, with
    ``embedding`` and a network that gives one, ``text_embedding`` float32 [1, hidden]. Attention is
    fused if that does not change the answers. Raises ``CallError`` for a network that cannot be
    exported.
    """
    embeds = embedding and embedding_width(network) is not None
    outputs = [LOGITS, EMBEDDING] if embeds else [LOGITS]
    reason = "its answers change"
    for attention in (_FUSED, _EAGER):
        try:
            model = _fast_layer_norms(
                _exported(network, attention, columns_width, max_tokens, outputs)
            )
            if _same_answers(network, model, columns_width, max_tokens):
                return model
        except Exception as error:  # noqa: BLE001 (the exporter raises whatever its parts do)
            reason = first_line(error)
    message = f"the network cannot be exported: {reason}"
    raise CallError(message)


class _OneDocument(torch.nn.Module):
    """A network whose inputs are named like those of the graph, with so many outputs."""

    def __init__(self, network: Network, outputs: int) -> None:
        super().__init__()
        self.network = network
        self.outputs = outputs

    def forward(
        self, input_ids: torch.Tensor, columns: torch.Tensor
    ) -> tuple[torch.Tensor | None, ...]:
        return self.network.embed(input_ids, columns)[: self.outputs]


def _exported(
    network: Network, attention: str, columns_width: int, max_tokens: int, outputs: list[str]
) -> onnx.ModelProto:
    ALL_ATTENTION_FUNCTIONS.register(_FUSED, _fused_attention)
    copied = copy.deepcopy(network)
    model_of(copied).set_attn_implementation(attention)
    tokens = torch.export.Dim("tokens", min=2, max=max(3, max_tokens))
    windows = torch.export.Dim("windows", min=1, max=4096)
    example = torch.zeros((2, min(16, max_tokens)), dtype=torch.int64)
    inputs = (example, torch.zeros((1, columns_width)))
    traced = _OneDocument(copied, len(outputs)).eval()
    with _quiet(), torch.inference_mode():
        # Attention that cannot be fused raises here, before the exporter tries it in several ways.
        traced(*inputs)
        program = torch.onnx.export(
            traced,
            inputs,
            input_names=["input_ids", "columns"],
            output_names=outputs,
            dynamic_shapes=({0: windows, 1: tokens}, None),
            opset_version=_OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # noqa: S101 (this exporter always returns one)
    return program.model_proto


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence the remarks of the exporter, which no user can act on."""
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
    **others: object,
) -> tuple[torch.Tensor, None]:
    """Compute attention as one operation; tensors are [windows, heads, tokens, size]."""
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


def _fast_layer_norms(model: onnx.ModelProto) -> onnx.ModelProto:
    """Replace every layer norm over the last axis; see the docstring of this module."""
    graph = model.graph
    sizes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
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
    step = [f"{y}.{index}" for index in range(5)]
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
    for attribute in node.attribute:
        if attribute.name == name:
            return float(helper.get_attribute_value(attribute))
    return default


def _same_answers(
    network: Network, model: onnx.ModelProto, columns_width: int, max_tokens: int
) -> bool:
    """Return whether the logits of graph and network are close for made-up documents."""
    graph = OnnxNetwork(model.SerializeToString(), processors=1)
    for encoding in _made_up_documents(network, columns_width, max_tokens):
        expected = logits_of(network, [encoding])[0]
        if not np.allclose(graph.logits(encoding), expected, rtol=_TOLERANCE, atol=_TOLERANCE):
            return False
    return True


def _made_up_documents(network: Network, columns_width: int, max_tokens: int) -> Sequence[Encoding]:
    generator = np.random.default_rng(0)
    encoder = model_of(network).config
    vocabulary = getattr(network.config, "encoder", None) or encoder.to_dict()
    shapes = [(1, min(tokens, max_tokens)) for tokens in (*_COMPARED_TOKENS, max_tokens)]
    if isinstance(network, DocumentClassifier):
        shapes.append((3, max_tokens))
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
