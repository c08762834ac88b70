"""Token ids choose rows of the word embedding, and say where padding is."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper

from artifacts.bundle.binding.float_graph import FloatGraph
from artifacts.bundle.binding.token_flow import token_problems

SETTINGS = {"padding": np.array([1]), "rare": np.array(57), "several": np.array([1, 57])}
MASK = [
    helper.make_node("Equal", ["input_ids", "padding"], ["is_padding"]),
    helper.make_node("Not", ["is_padding"], ["is_token"]),
    helper.make_node("Cast", ["is_token"], ["numbers"], to=7),
]


def observed(*nodes: tuple[str, list[str]]) -> list[str]:
    """Return what is wrong with a graph that has a mask, and more operators."""
    made = [helper.make_node(name, inputs, [f"made{i}"]) for i, (name, inputs) in enumerate(nodes)]
    names = {"words": "word_embeddings", "rows": "position_embeddings"}
    graph = FloatGraph(nodes=[*MASK, *made], names=names, settings=SETTINGS)
    return [*token_problems(graph, "word_embeddings", {1})]


@pytest.mark.parametrize(
    "nodes",
    [
        [("Gather", ["words", "input_ids"])],
        [("Unsqueeze", ["input_ids", "axis"]), ("Gather", ["words", "made0"])],
        [("Shape", ["input_ids"])],
        [("CumSum", ["numbers", "axis"]), ("Gather", ["rows", "made0"])],
    ],
)
def test_what_the_exporter_writes_passes(nodes: list[tuple[str, list[str]]]) -> None:
    """Words are looked up, and positions that do not count padding."""
    assert observed(*nodes) == []


@pytest.mark.parametrize(
    "nodes",
    [
        [("Equal", ["input_ids", "rare"])],
        [("Equal", ["input_ids", "several"])],
        [("Equal", ["input_ids", "computed"])],
        [("Gather", ["rows", "input_ids"])],
        [("Gather", ["input_ids", "words"])],
        [("GatherElements", ["words", "input_ids"])],
        [("Mul", ["input_ids", "rare"])],
        [("Reshape", ["input_ids", "shape"]), ("Less", ["made0", "rare"])],
    ],
)
def test_another_use_of_token_ids_is_seen(nodes: list[tuple[str, list[str]]]) -> None:
    """Also of ids that are laid out otherwise."""
    assert observed(*nodes) == [f"{nodes[-1][0]!r} computes with token ids"]


@pytest.mark.parametrize(
    "nodes",
    [
        [("ReduceSum", ["numbers", "axis"])],
        [("MatMul", ["states", "numbers"])],
        [("Gather", ["numbers", "rare"])],
        [("Add", ["numbers", "rare"]), ("Relu", ["made0"])],
    ],
)
def test_another_use_of_where_padding_is_is_seen(nodes: list[tuple[str, list[str]]]) -> None:
    """It says which rows are looked up, and nothing else."""
    assert observed(*nodes) == [f"{nodes[-1][0]!r} computes with where padding is"]
