"""Deriving a sealed engine again: the same graph from the same weights, and no other."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from artifacts.acceleration import deriving
from artifacts.acceleration.deriving import derive_again
from artifacts.acceleration.exporting import export
from artifacts.bundle.opening import Bundle, SealedEngine, open_bundle
from guards.bundle.engines import ONNX_INT8
from tests.exports import exported_anew

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from artifacts.bundle.network import Network


@pytest.fixture(scope="module")
def bundle(accelerated: Path) -> Bundle:
    """Open the champion with its engine."""
    return open_bundle(accelerated)


@pytest.fixture(scope="module", autouse=True)
def _exported_once(bundle: Bundle) -> Iterator[None]:
    """Export the network once with and once without its embedding: it is the same in all tests."""

    @cache
    def exported(width: int, longest: int, embedding: bool) -> onnx.ModelProto:  # noqa: FBT001
        with exported_anew():
            return export(bundle.network, width, longest, embedding=embedding)

    def copied(network: Network, width: int, longest: int, *, embedding: bool) -> onnx.ModelProto:
        assert network is bundle.network
        model = onnx.ModelProto()
        model.CopyFrom(exported(width, longest, embedding))
        return model

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deriving, "export", copied)
        yield


def with_graph(bundle: Bundle, change: Callable[[onnx.ModelProto], None]) -> Bundle:
    """Return the bundle with a graph that was changed after it was opened."""
    engine = bundle.engines[ONNX_INT8]
    model = onnx.load_from_string(engine.graph or b"")
    change(model)
    return replace(
        bundle, engines={ONNX_INT8: SealedEngine(model.SerializeToString(), engine.answers)}
    )


def test_a_sealed_graph_is_derived_again(bundle: Bundle) -> None:
    """The exporter that is installed writes the same operators, and the answers agree."""
    derivation = derive_again(bundle)

    assert derivation is not None
    assert derivation.same_operators
    assert derivation.findings == ()
    assert derivation.to_json()["documents"] == derivation.documents > 200
    assert 0 < derivation.largest_change < 0.05


def test_a_graph_without_an_embedding_is_derived_again(bundle: Bundle) -> None:
    """As an engine was built before there were any."""

    def without(model: onnx.ModelProto) -> None:
        del model.graph.output[1]

    derivation = derive_again(with_graph(bundle, without))

    assert derivation is not None
    assert derivation.same_operators
    assert derivation.findings == ()


def exchange_layers(model: onnx.ModelProto) -> None:
    """Exchange the biases of two layers."""
    biases = [one for one in model.graph.initializer if "intermediate.dense.bias" in one.name]
    biases[0].name, biases[1].name = biases[1].name, biases[0].name


def double_a_scale(model: onnx.ModelProto) -> None:
    """Let a layer norm scale twice as much."""
    scale = next(one for one in model.graph.initializer if one.name.endswith("LayerNorm.weight"))
    doubled = np.asarray(numpy_helper.to_array(scale), dtype=np.float32) * 2
    scale.CopyFrom(numpy_helper.from_array(doubled, scale.name))


def add_an_operator(model: onnx.ModelProto) -> None:
    """Take the logits through an operator that changes nothing."""
    model.graph.node[-1].output[0] = "before"
    model.graph.node.append(onnx.helper.make_node("Add", ["before", "nothing"], ["logits"]))
    model.graph.initializer.append(
        numpy_helper.from_array(np.zeros((), dtype=np.float32), "nothing")
    )


def take_another_embedding(model: onnx.ModelProto) -> None:
    """Let the embedding be what the columns were joined with."""
    names = {"text_embedding": "honest"}
    names[[node for node in model.graph.node if node.op_type == "Tanh"][-1].output[0]] = (
        "text_embedding"
    )
    for node in model.graph.node:
        for tensors in (node.input, node.output):
            for place, name in enumerate(tensors):
                tensors[place] = names.get(name, name)


@pytest.mark.parametrize(
    ("change", "observed"),
    [
        (take_another_embedding, "other operators"),
        (exchange_layers, "differs"),
        (double_a_scale, "differs"),
        (add_an_operator, "other operators"),
    ],
)
def test_another_graph_is_not_the_one_that_is_derived(
    bundle: Bundle, change: Callable[[onnx.ModelProto], None], observed: str
) -> None:
    """Also where its answers hardly differ."""
    derivation = derive_again(with_graph(bundle, change))

    assert derivation is not None
    assert {finding.code for finding in derivation.findings} == {"engine_not_of_these_weights"}
    assert observed in derivation.findings[0].observed


def test_without_a_graph_there_is_nothing_to_derive(champion: Path) -> None:
    """A bundle that torch alone serves has no second form of its weights."""
    assert derive_again(open_bundle(champion)) is None
