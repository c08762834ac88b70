"""Smoothing changes no answer in float32, and lets eight bits keep more of it."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from artifacts.acceleration.quantising import quantise
from artifacts.acceleration.smoothing import smooth
from artifacts.bundle.onnx_network import OnnxNetwork
from artifacts.bundle.preprocessing import Encoding
from guards.schema import CanonicalRow

CHANNELS, CLASSES, WORDS = 32, 4, 50


@pytest.fixture
def model() -> onnx.ModelProto:
    """Make a graph like the end of an encoder's block: a few channels are far larger."""
    generator = np.random.default_rng(3)
    table = generator.normal(size=(WORDS, CHANNELS)).astype(np.float32)
    table[:, :2] *= 60
    weights = generator.normal(size=(CHANNELS, CLASSES)).astype(np.float32)
    weights[:2] /= 60
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["words"]),
        helper.make_node("MatMul", ["words", "weights"], ["scores"]),
        helper.make_node("ReduceMean", ["scores", "over_tokens"], ["logits"], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "a product",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["windows", "tokens"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["windows", CLASSES])],
        [
            numpy_helper.from_array(table, "table"),
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(np.array([1]), "over_tokens"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


@pytest.fixture
def documents() -> list[Encoding]:
    """Make documents of a few lengths."""
    generator = np.random.default_rng(5)
    return [
        Encoding(
            generator.integers(0, WORDS, (1, tokens)),
            np.zeros(0),
            CanonicalRow((), ()),
            0,
            truncated=False,
        )
        for tokens in (3, 9, 27, 40)
    ]


def logits(
    graph: bytes, documents: list[Encoding]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Run documents through a graph."""
    network = OnnxNetwork(graph, processors=1)
    return np.stack([network.logits(document) for document in documents])


def test_answers_stay_what_they_are(model: onnx.ModelProto, documents: list[Encoding]) -> None:
    """In float32 a smoothed graph gives the same numbers."""
    before = logits(model.SerializeToString(), documents)

    smooth(model, documents)

    np.testing.assert_allclose(
        logits(model.SerializeToString(), documents), before, rtol=1e-4, atol=1e-4
    )


def test_eight_bits_lose_less(model: onnx.ModelProto, documents: list[Encoding]) -> None:
    """The error that quantising leaves is a fraction of what it would be."""
    exact = logits(model.SerializeToString(), documents)
    rough = np.abs(logits(quantise(model), documents) - exact).max()

    smooth(model, documents)

    assert np.abs(logits(quantise(model), documents) - exact).max() < rough / 2


def test_layers_that_share_weights_share_factors(
    model: onnx.ModelProto, documents: list[Encoding]
) -> None:
    """Weights are scaled once, also where two inputs meet them, as in ALBERT."""
    generator = np.random.default_rng(7)
    for name in ("shared", "other"):
        square = generator.normal(size=(CHANNELS, CHANNELS)).astype(np.float32) / 30
        model.graph.initializer.append(numpy_helper.from_array(square, name))
    nodes = [
        helper.make_node("MatMul", ["words", "other"], ["beside"]),
        helper.make_node("MatMul", ["words", "shared"], ["first"]),
        helper.make_node("MatMul", ["first", "shared"], ["second"]),
        helper.make_node("Add", ["beside", "second"], ["sum"]),
    ]
    model.graph.node[1].input[0] = "sum"
    for node in reversed(nodes):
        model.graph.node.insert(1, node)
    before = logits(model.SerializeToString(), documents)

    smooth(model, documents)

    np.testing.assert_allclose(
        logits(model.SerializeToString(), documents), before, rtol=1e-4, atol=1e-4
    )
