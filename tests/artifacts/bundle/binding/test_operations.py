"""What is counted of a graph, operator by operator, and of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from onnx import helper
from torch.nn import functional

from artifacts.bundle.binding.float_graph import FloatGraph
from artifacts.bundle.binding.length_flow import LengthFlow
from artifacts.bundle.binding.operations import Recording, operations_of

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from numpy.typing import NDArray
    from onnx import NodeProto
    from torch import Tensor

CONSTANTS: dict[str, NDArray[np.generic]] = {
    "weights": np.ones(4, dtype=np.float32),
    "number": np.float32(2) + np.zeros((), dtype=np.float32),
    "integers": np.array([1, 2]),
    "zero": np.array(0),
    "one": np.array(1),
}
MADE = [
    helper.make_node("Shape", ["input_ids"], ["size"], start=1, end=2),
    helper.make_node("Squeeze", ["size"], ["tokens"]),
    helper.make_node("Range", ["zero", "tokens", "one"], ["counted"]),
    helper.make_node("Cast", ["counted"], ["positions"], to=1),
    helper.make_node("Less", ["counted", "one"], ["bent"]),
    helper.make_node("Where", ["bent", "number", "weights"], ["mask"]),
    helper.make_node("Equal", ["input_ids", "one"], ["flags"]),
    helper.make_node("Where", ["flags", "columns", "weights"], ["chosen"]),
    helper.make_node("Less", ["columns", "weights"], ["below"]),
]


def counted(*nodes: NodeProto) -> tuple[Counter[str], Counter[str]]:
    """Return what nodes add to the counts of a graph that has positions, a mask and a choice."""
    with_them, without = (
        FloatGraph(nodes=[*MADE, *more], settings=CONSTANTS) for more in (nodes, ())
    )
    first, second = (operations_of(g, LengthFlow(g, 24)) for g in (with_them, without))
    return first[0] - second[0], first[1] - second[1]


def made(operator: str, *inputs: str, **attributes: Any) -> NodeProto:  # noqa: ANN401 (of any type)
    """Return a node."""
    return helper.make_node(operator, inputs, ["made"], **attributes)


SELECTIONS = ["Abs", "And", "Clip", "CumSum", "Equal", "GatherElements", "GatherND", "Greater"]
SELECTIONS += ["GreaterOrEqual", "Less", "LessOrEqual", "Max", "Min", "Sign", "Where"]
FUNCTIONS = ["Cos", "Erf", "Exp", "Gelu", "Log", "Pow", "Relu", "Sigmoid", "Sin", "Softmax"]
FUNCTIONS += ["Sqrt", "Tanh"]

OF_A_DOCUMENT: list[tuple[NodeProto, dict[str, int]]] = [
    *((made(name, "columns", "weights"), {"selections": 1}) for name in SELECTIONS),
    *((made(name, "columns"), {name.lower(): 1}) for name in FUNCTIONS),
    (made("Gelu", "columns", approximate="none"), {"gelu": 1}),
    (made("Gelu", "columns", approximate="tanh"), {"gelu by tanh": 1}),
    (made("Ceil", "columns"), {"roundings": 1}),
    (made("Einsum", "columns", "weights"), {"matrix products": 1}),
    (made("MatMul", "columns", "weights"), {"matrix products": 1}),
    (made("MultiHeadAttention", *["columns"] * 3), {"matrix products": 2, "softmax": 1}),
    (
        made("MultiHeadAttention", *["columns"] * 3, scale=0.5),
        {"matrix products": 2, "softmax": 1, "scalings": 1},
    ),
    (
        made("MultiHeadAttention", *["columns"] * 3, scale=1.0),
        {"matrix products": 2, "softmax": 1},
    ),
    (made("InstanceNormalization", "columns", "number", "number"), {"normalisations": 1}),
    (
        made("LayerNormalization", "columns", "weights", "weights"),
        {"normalisations": 1, "scalings": 1, "additions": 1},
    ),
    (made("LayerNormalization", "columns", "weights"), {"normalisations": 1, "scalings": 1}),
    (made("ReduceMean", "columns"), {"sums": 1}),
    (made("ReduceSum", "columns"), {"sums": 1}),
    (made("Slice", "columns", "zero", "one"), {"pieces": 1}),
    (made("Split", "columns"), {"pieces": 1}),
    (made("Gather", "columns", "one"), {"pieces": 1}),
    (made("Gather", "weights", "input_ids"), {"look-ups": 1}),
    (made("Concat", "columns", "weights"), {"concatenations": 1}),
    (made("Mul", "columns", "columns"), {"products of two tensors": 1}),
    (made("Div", "columns", "columns"), {"products of two tensors": 1}),
    (made("Mul", "input_ids", "input_ids"), {"products of integers": 1}),
    (made("Mul", "columns", "positions"), {"products with positions": 1}),
    (made("Mul", "columns", "weights"), {"scalings": 1}),
    (made("Div", "columns", "number"), {"scalings": 1}),
    (made("Div", "input_ids", "one"), {"roundings": 1}),
    (made("Mul", "chosen", "number"), {"scalings": 1}),
    (made("Add", "columns", "columns"), {"additions of two tensors": 1}),
    (made("Sub", "columns", "columns"), {"additions of two tensors": 1}),
    (made("Add", "columns", "weights"), {"additions": 1}),
    (made("Sub", "number", "columns"), {"additions": 1}),
    (made("Add", "columns", "positions"), {"additions": 1}),
    (made("Add", "columns", "mask"), {}),
    (made("Add", "input_ids", "one"), {}),
    (made("Mul", "input_ids", "one"), {}),
    (made("Add", "flags", "one"), {}),
    (made("Cast", "columns", to=9), {"selections": 1}),
    (made("Cast", "input_ids", to=9), {"selections": 1}),
    (made("Cast", "columns", to=7), {"roundings": 1}),
    (made("Cast", "input_ids", to=1), {}),
    (made("Cast", "flags", to=7), {}),
    (made("Cast", "below", to=7), {}),
    (made("Shape", "columns"), {}),
    (made("Reshape", "columns", "integers"), {}),
]


@pytest.mark.parametrize(
    ("node", "expected"),
    OF_A_DOCUMENT,
    ids=[f"{node.op_type}-{'-'.join(node.input)}" for node, _ in OF_A_DOCUMENT],
)
def test_what_a_graph_does_with_a_document_is_counted(
    node: NodeProto, expected: dict[str, int]
) -> None:
    """By what it may bend, choose, cut out, add or scale; a mask, integers and shapes are not."""
    assert counted(node) == (expected, {})


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (made("Cos", "positions"), {"cos": 1}),
        (made("Less", "counted", "one"), {"selections": 1}),
        (made("Gather", "weights", "counted"), {"look-ups": 1}),
        (made("Mul", "positions", "weights"), {}),
        (made("Add", "positions", "weights"), {}),
        (made("Concat", "weights", "weights"), {}),
    ],
    ids=lambda value: value.op_type if hasattr(value, "op_type") else "",
)
def test_what_a_graph_does_with_positions_is_counted_apart(
    node: NodeProto, expected: dict[str, int]
) -> None:
    """The network needs as much of it, or less."""
    assert counted(node) == ({}, expected)


WEIGHTS, MATRIX = torch.ones(4), torch.ones(4, 4)


def beside_the_answer(states: Tensor) -> Tensor:
    """Compute something for nothing."""
    torch.exp(states)
    return torch.tanh(states)


@pytest.mark.parametrize(
    ("compute", "expected"),
    [
        (torch.tanh, {"tanh": 1}),
        (beside_the_answer, {"tanh": 1}),
        (functional.silu, {"sigmoid": 1, "products of two tensors": 1}),
        (functional.gelu, {"gelu": 1}),
        (lambda states: functional.gelu(states, approximate="tanh"), {"gelu by tanh": 1}),
        (lambda states: torch.softmax(states, 1), {"softmax": 1}),
        (lambda states: states.ceil(), {"roundings": 1}),
        (lambda states: states.long(), {"roundings": 1}),
        (lambda states: states.bool(), {"selections": 1}),
        (lambda states: states.masked_fill(WEIGHTS > 2, 0.0), {"selections": 1}),
        (lambda states: torch.maximum(states, WEIGHTS), {"selections": 1}),
        (lambda states: states.mean(1), {"sums": 1}),
        (lambda states: states[:, 1], {"pieces": 1}),
        (lambda states: torch.cat([*states.split(1, 1)]), {"pieces": 4, "concatenations": 1}),
        (lambda states: states @ MATRIX, {"matrix products": 1}),
        (
            lambda states: functional.linear(states, MATRIX, WEIGHTS),
            {"matrix products": 1, "additions": 1},
        ),
        (
            lambda states: torch.baddbmm(WEIGHTS, states[None], MATRIX[None]),
            {"matrix products": 1, "additions": 1},
        ),
        (
            lambda states: functional.layer_norm(states, (4,), WEIGHTS, WEIGHTS),
            {"normalisations": 1, "scalings": 1, "additions": 1},
        ),
        (lambda states: functional.layer_norm(states, (4,)), {"normalisations": 1}),
        (lambda states: states + states.tanh(), {"tanh": 1, "additions of two tensors": 1}),
        (lambda states: states + WEIGHTS, {"additions": 1}),
        (lambda states: 1 - states, {"additions": 1}),
        (lambda states: states * states, {"products of two tensors": 1}),
        (lambda states: states / 3, {"scalings": 1}),
        (lambda states: states * WEIGHTS, {"scalings": 1}),
        (lambda states: states * torch.arange(4.0), {"products with positions": 1}),
        (lambda states: states.long() * states.long(), {"roundings": 2, "products of integers": 1}),
    ],
)
def test_what_a_network_needs_is_counted_alike(
    compute: Callable[[Tensor], Tensor], expected: dict[str, int]
) -> None:
    """By the same names, of what its answer takes alone."""
    states = torch.ones(3, 4)
    with torch.no_grad(), Recording() as recording:
        answer = compute(states)

    assert {k: n for k, n in recording.counts([states], answer)[0].items() if k in KINDS} == {
        **expected
    }


KINDS = {kind for _, expected in OF_A_DOCUMENT for kind in expected}


def test_numbers_of_a_network() -> None:
    """Those that it computes with, of whichever form; no sizes and places."""
    states = torch.ones(3, 4)
    with torch.no_grad(), Recording() as recording:
        scaled = (states * 0.5 + torch.tensor(7.0)).clamp(min=-3)
        scaled.pow(5).masked_fill(WEIGHTS > 9, -11.0).reshape(2, 6)[1]

    assert recording.numbers >= {0.5, 7.0, -3.0, 5.0, -11.0}
    assert not recording.numbers & {2.0, 6.0, 9.0}
