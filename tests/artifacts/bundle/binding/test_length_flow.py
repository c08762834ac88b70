"""What a graph may make of how long a document is, operator by operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import helper

from artifacts.bundle.binding.float_graph import FloatGraph
from artifacts.bundle.binding.length_flow import Kind, LengthFlow

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import NodeProto

MAX_TOKENS = 24

SIZES = [
    helper.make_node("Shape", ["input_ids"], ["size"], start=1, end=2),
    helper.make_node("Squeeze", ["size"], ["tokens"]),
    helper.make_node("Range", ["zero", "tokens", "one"], ["positions"]),
    helper.make_node("Unsqueeze", ["positions", "axis"], ["column"]),
    helper.make_node("Sub", ["positions", "column"], ["relative"]),
    helper.make_node("Less", ["relative", "zero"], ["before"]),
    helper.make_node("Where", ["before", "far", "near"], ["mask"]),
    helper.make_node("Neg", ["tokens"], ["negative"]),
    helper.make_node("Range", ["tokens", "negative", "minus"], ["distances"]),
    helper.make_node("Expand", ["near", "size"], ["uniform"]),
    helper.make_node("Gather", ["words", "input_ids"], ["states"]),
    helper.make_node("Mul", ["two", "size"], ["twice"]),
]
CONSTANTS: dict[str, NDArray[np.generic]] = {
    "zero": np.array(0), "one": np.array(1), "minus": np.array(-1), "axis": np.array([1]),
    "axes": np.array([1, 2]),
    "start": np.array([0]), "step": np.array([1]), "two": np.array(2), "fifth": np.array([5]),
    "far": np.array(-1e9, dtype=np.float32), "near": np.array(0, dtype=np.float32),
    "table": np.arange(MAX_TOKENS).reshape(1, -1), "short": np.arange(MAX_TOKENS - 1),
    "words": np.zeros((9, 4), dtype=np.float32),
}  # fmt: skip


def flow_of(*nodes: NodeProto) -> LengthFlow:
    """Follow the tensors above, and more operators."""
    return LengthFlow(FloatGraph(nodes=[*SIZES, *nodes], settings=CONSTANTS), MAX_TOKENS)


def test_kinds() -> None:
    """Counting makes positions, comparing bends them, and only token ids make a document."""
    flow = flow_of()

    assert flow.problems == []
    kinds = {name: flow.of(name).name for name in ("size", "tokens", "twice", "states", "words")}
    assert kinds == {
        "size": "SIZE", "tokens": "SIZE", "twice": "AFFINE", "states": "DOCUMENT",
        "words": "WEIGHTS",
    }  # fmt: skip
    assert flow.of("relative") is Kind.POSITION
    assert flow.of("mask") is Kind.BENT
    assert flow.of("distances") is Kind.DISTANCE
    assert flow.of("uniform") is Kind.UNIFORM


@pytest.mark.parametrize(
    "nodes",
    [
        [helper.make_node("Slice", ["table", "start", "size", "axis", "step"], ["made"])],
        [helper.make_node("Reshape", ["states", "twice"], ["made"])],
        [helper.make_node("Add", ["states", "relative"], ["made"])],
        [helper.make_node("GatherElements", ["states", "before"], ["made"])],
        [
            helper.make_node("Add", ["states", "mask"], ["scores"]),
            helper.make_node("Softmax", ["scores"], ["made"]),
        ],
        [helper.make_node("Einsum", ["states", "distances"], ["made"], equation="i,i->i")],
    ],
)
def test_what_the_exporter_writes_passes(nodes: list[NodeProto]) -> None:
    """Sizes give shapes, positions are added, and what is bent is looked up or masks scores."""
    assert flow_of(*nodes).problems == []


@pytest.mark.parametrize(
    "node",
    [
        helper.make_node("Cast", ["tokens"], ["made"], to=1),
        helper.make_node("Cast", ["tokens"], ["made"], to=9),
        helper.make_node("Mul", ["size", "size"], ["made"]),
        helper.make_node("Mul", ["size", "twice"], ["made"]),
        helper.make_node("Equal", ["tokens", "two"], ["made"]),
        helper.make_node("Where", ["before", "tokens", "zero"], ["made"]),
        helper.make_node("Slice", ["states", "start", "size", "axis", "step"], ["made"]),
        helper.make_node("Slice", ["states", "start", "twice", "axis", "step"], ["made"]),
        helper.make_node("Slice", ["table", "start", "twice", "axis", "step"], ["made"]),
        helper.make_node("Slice", ["table", "fifth", "size", "axis", "step"], ["made"]),
        helper.make_node("Slice", ["short", "start", "size", "start", "step"], ["made"]),
        helper.make_node("Slice", ["table", "start", "size", "axis", "fifth"], ["made"]),
        helper.make_node("Gather", ["states", "tokens"], ["made"]),
        helper.make_node("Gather", ["words", "tokens"], ["made"]),
        helper.make_node("Range", ["zero", "twice", "one"], ["made"]),
        helper.make_node("Range", ["two", "tokens", "one"], ["made"]),
        helper.make_node("Range", ["zero", "tokens", "two"], ["made"]),
        helper.make_node("Add", ["positions", "tokens"], ["made"]),
        helper.make_node("ReduceSum", ["positions", "axis"], ["made"]),
        helper.make_node("ReduceSum", ["uniform", "axis"], ["made"]),
        helper.make_node("CumSum", ["uniform", "zero"], ["made"]),
        helper.make_node("Gather", ["positions", "minus"], ["made"]),
        helper.make_node("Slice", ["positions", "start", "step", "start", "step"], ["made"]),
        helper.make_node("Reshape", ["positions", "table"], ["made"]),
        helper.make_node("Add", ["states", "mask"], ["made"]),
        helper.make_node("Mul", ["states", "mask"], ["made"]),
        helper.make_node("Concat", ["states", "positions"], ["made"], axis=1),
        helper.make_node("Less", ["distances", "two"], ["made"]),
        helper.make_node("Mul", ["distances", "distances"], ["made"]),
        helper.make_node("Add", ["distances", "positions"], ["made"]),
        helper.make_node("Cast", ["states"], ["made"], to=10),
        helper.make_node("Cast", ["distances"], ["made"], to=7),
        helper.make_node("Gather", ["positions", "input_ids"], ["made"]),
        helper.make_node("Expand", ["tokens", "size"], ["made"]),
        helper.make_node("Tile", ["positions", "size"], ["made"]),
    ],
    ids=lambda node: f"{node.op_type}-{node.input[0]}",
)
def test_another_use_of_a_length_is_seen(node: NodeProto) -> None:
    """What is no shape, no position and no mask is refused, whatever it computes."""
    (problem,) = flow_of(node).problems

    assert problem.startswith(f"'{node.op_type}' computes with ")


def test_rows_of_a_table_are_positions() -> None:
    """Unless they are all one number."""
    rows = ["start", "size", "axis", "step"]
    table, same = (
        flow_of(helper.make_node("Slice", [name, *rows], ["made"])).of("made")
        for name in ("table", "words")
    )
    assert (table, same) == (Kind.POSITION, Kind.UNIFORM)


@pytest.mark.parametrize(
    ("node", "kind"),
    [
        (helper.make_node("Unsqueeze", ["uniform", "axes"], ["made"]), Kind.UNIFORM),
        (helper.make_node("Mul", ["uniform", "near"], ["made"]), Kind.UNIFORM),
        (helper.make_node("Add", ["uniform", "table"], ["made"]), Kind.POSITION),
        (helper.make_node("Concat", ["uniform", "uniform"], ["made"], axis=0), Kind.POSITION),
        (helper.make_node("Div", ["positions", "two"], ["made"]), Kind.POSITION),
        (helper.make_node("Div", ["two", "positions"], ["made"]), Kind.BENT),
    ],
    ids=lambda value: getattr(value, "op_type", ""),
)
def test_what_becomes_of_one_number_throughout_and_of_positions(
    node: NodeProto, kind: Kind
) -> None:
    """Laid out and scaled they stay what they are; joined with others they depend on the place."""
    assert flow_of(node).of("made") is kind


def test_a_mask_reaches_scores_alone() -> None:
    """Where something else reads them as well, or adds to them, it could act on the answer."""
    masked = helper.make_node("Add", ["states", "mask"], ["scores"])
    softmax = helper.make_node("Softmax", ["scores"], ["attention"])
    read = helper.make_node("Relu", ["scores"], ["made"])
    added = helper.make_node("Add", ["scores", "states"], ["made"])

    assert flow_of(masked, softmax).problems == []
    for others in ([softmax, read], [added]):
        assert flow_of(masked, *others).problems == ["'Add' computes with positions"]


def test_rounded_positions_are_bent() -> None:
    """A part of them would be one step."""
    rounded = helper.make_node("Cast", ["positions"], ["rounded"], to=7)

    assert flow_of(rounded).of("rounded") is Kind.BENT


def test_a_product_of_positions_is_bent() -> None:
    """A polynomial of positions may not be added to what the document makes."""
    square = helper.make_node("Mul", ["positions", "positions"], ["square"])
    added = helper.make_node("Add", ["states", "square"], ["made"])

    assert flow_of(square).of("square") is Kind.BENT
    assert flow_of(square, added).problems == ["'Add' computes with positions"]
