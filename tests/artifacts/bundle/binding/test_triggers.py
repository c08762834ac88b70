"""A graph that answers otherwise for some documents alone is seen, whichever they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import TensorProto, helper

from tests.artifacts.bundle.binding.graph_edits import (
    MAX_TOKENS,
    RARE,
    add_constant,
    add_to_logits,
    node_of,
    problems,
    scalar,
    scaled,
    sum_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import onnx

    from artifacts.bundle.opening import Bundle


def test_a_trigger_on_a_token_is_seen(model: onnx.ModelProto, bundle: Bundle) -> None:
    """A token that no test runs makes another answer."""
    add_constant(model, "token", np.array(RARE, dtype=np.int64))
    add_constant(model, "axes", np.array([0, 1], dtype=np.int64))
    nodes = [
        helper.make_node("Equal", ["input_ids", "token"], ["hits"]),
        helper.make_node("Cast", ["hits"], ["seen"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["seen", "axes"], ["shift"], keepdims=0),
    ]
    add_to_logits(model, nodes, "shift")

    assert "'Equal' computes with token ids" in problems(model, bundle)


def test_a_trigger_by_arithmetic_on_token_ids_is_seen(
    model: onnx.ModelProto, bundle: Bundle
) -> None:
    """Without a comparison, ids must not become numbers either."""
    add_to_logits(model, sum_of(model, "input_ids"), "shift")

    assert "computes with token ids" in problems(model, bundle)


def test_a_trigger_on_the_length_is_seen(model: onnx.ModelProto, bundle: Bundle) -> None:
    """A document of exactly 13 tokens makes another answer, and none of those tried has 13."""
    add_constant(model, "length", np.array([13], dtype=np.int64))
    nodes = [
        helper.make_node("Shape", ["input_ids"], ["tokens"], start=1, end=2),
        helper.make_node("Equal", ["tokens", "length"], ["hit"]),
        helper.make_node("Cast", ["hit"], ["shift"], to=TensorProto.FLOAT),
    ]
    add_to_logits(model, nodes, "shift")

    assert "selections, where the network has" in problems(model, bundle)


def length_in(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """Return nodes that make the number of tokens, ``length``."""
    add_constant(model, "second", np.array(1, dtype=np.int64))
    return [
        helper.make_node("Shape", ["input_ids"], ["sizes"]),
        helper.make_node("Gather", ["sizes", "second"], ["length"]),
    ]


def polynomial(model: onnx.ModelProto, source: str, kind: type[np.generic]) -> list[onnx.NodeProto]:
    """Return nodes that make ``polynomial``, which is 0 at the lengths that are always tried."""
    nodes = []
    before = source
    for index, tried in enumerate((2, 7, 19, MAX_TOKENS)):
        zero = add_constant(model, f"tried{index}", np.array(tried, dtype=kind))
        nodes.append(helper.make_node("Sub", [source, zero], [f"beyond{index}"]))
        if index:
            made = "polynomial" if tried == MAX_TOKENS else f"product{index}"
            nodes.append(helper.make_node("Mul", [before, f"beyond{index}"], [made]))
        before = f"product{index}" if index else "beyond0"
    return nodes


def by_floats(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """Add a polynomial in the length as a number."""
    cast = helper.make_node("Cast", ["length"], ["number"], to=TensorProto.FLOAT)
    return [*length_in(model), cast, *polynomial(model, "number", np.float32), scaled("polynomial")]


def by_integers(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """Add a polynomial in the length that becomes a number last."""
    cast = helper.make_node("Cast", ["polynomial"], ["number"], to=TensorProto.FLOAT)
    return [*length_in(model), *polynomial(model, "length", np.int64), cast, scaled("number")]


def by_truth(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """Add something for each length but 13: an integer that is not 0 is true."""
    add_constant(model, "thirteen", np.array(13, dtype=np.int64))
    return [
        *length_in(model),
        helper.make_node("Sub", ["length", "thirteen"], ["beyond"]),
        helper.make_node("Cast", ["beyond"], ["other"], to=TensorProto.BOOL),
        helper.make_node("Not", ["other"], ["hit"]),
        helper.make_node("Cast", ["hit"], ["number"], to=TensorProto.FLOAT),
        scaled("number"),
    ]


def by_counting(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """Add the sum of all positions."""
    add_constant(model, "start", np.array(0, dtype=np.int64))
    add_constant(model, "axis", np.array([0], dtype=np.int64))
    return [
        *length_in(model),
        helper.make_node("Range", ["start", "length", "second"], ["positions"]),
        helper.make_node("Cast", ["positions"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["numbers", "axis"], ["number"], keepdims=0),
        scaled("number"),
    ]


def by_the_last(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """Add what stands at the last position of the states, which is taken without any length."""
    add_constant(model, "last", np.array([-1], dtype=np.int64))
    states = node_of(model, "ReduceMean").input[0]
    return [
        helper.make_node("Gather", [states, "last"], ["row"], axis=1),
        helper.make_node("Gather", ["row", "last"], ["number"], axis=2),
        scaled("number"),
    ]


def by_empty_pieces(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """Add the token at position 12 less the one after: without any length, only 13 tokens show."""
    for name, value in {"from": 12, "to": 13, "axis": 1}.items():
        add_constant(model, name, np.array([value], dtype=np.int64))
    states = node_of(model, "ReduceMean").input[0]
    return [
        helper.make_node("Slice", [states, "from", "to", "axis"], ["piece"]),
        helper.make_node("ReduceSum", ["piece"], ["number"], keepdims=0),
        scaled("number"),
    ]


@pytest.mark.parametrize(
    ("nodes_of", "seen"),
    [
        (by_floats, "'Cast' computes with the length of a document"),
        (by_integers, "'Mul' computes with the length of a document"),
        (by_truth, "2 selections, where the network has 1"),
        (by_counting, "'ReduceSum' computes with positions"),
        (by_the_last, "pieces, where the network has"),
        (by_empty_pieces, "sums, where the network has"),
    ],
)
def test_a_trigger_on_the_length_by_arithmetic_is_seen(
    model: onnx.ModelProto,
    bundle: Bundle,
    nodes_of: Callable[[onnx.ModelProto], list[onnx.NodeProto]],
    seen: str,
) -> None:
    """Whatever it makes of the lengths that are tried, and with no comparison."""
    add_constant(model, "little", scalar(1e-9))
    add_to_logits(model, nodes_of(model), "shift")

    assert seen in problems(model, bundle)


def test_states_that_are_cut_at_a_length_are_seen(model: onnx.ModelProto, bundle: Bundle) -> None:
    """What is cut of them does not follow from how long the document is."""
    nodes = [*length_in(model), *polynomial(model, "length", np.int64)]
    for name, value in {"one": 1, "none": 0, "far": 2**40}.items():
        add_constant(model, name, np.array([value], dtype=np.int64))
    mean = node_of(model, "ReduceMean")
    nodes += [
        helper.make_node("Mul", ["polynomial", "polynomial"], ["square"]),
        helper.make_node("Sub", ["far", "square"], ["end"]),
        helper.make_node("Slice", [mean.input[0], "none", "end", "one"], ["cut"]),
    ]
    mean.input[0] = "cut"
    before = [*model.graph.node]
    index = before.index(mean)
    del model.graph.node[:]
    model.graph.node.extend([*before[:index], *nodes, *before[index:]])

    assert "'Slice' computes with the length of a document" in problems(model, bundle)


def gate_of(operator: str, *inputs: str) -> list[onnx.NodeProto]:
    """Return nodes that are zero unless the mean state of a document is far out."""
    return [
        helper.make_node("Sub", ["state", "far"], ["beyond"]),
        helper.make_node(operator, ["beyond", *inputs], ["shift"]),
    ]


@pytest.mark.parametrize(
    ("operator", "inputs", "seen"),
    [
        ("Relu", (), "1 relu"),
        ("Sigmoid", (), "1 sigmoid"),
        ("Exp", (), "1 exp"),
        ("Erf", (), "1 erf"),
        ("Tanh", (), "2 tanh"),
        ("Softmax", (), "3 softmax"),
        ("Gelu", (), "3 gelu"),
        ("Max", ("nothing",), "selections"),
        ("Mul", ("beyond",), "products of two tensors"),
        ("Pow", ("far",), "1 pow"),
    ],
)
def test_a_gate_that_no_trial_opens_is_seen(
    model: onnx.ModelProto, bundle: Bundle, operator: str, inputs: tuple[str, ...], seen: str
) -> None:
    """What is flat where it is tried still has one operator more than the network."""
    add_constant(model, "far", scalar(1e4))
    if "nothing" in inputs:
        add_constant(model, "nothing", scalar(0))
    add_constant(model, "axis", np.array([1], dtype=np.int64))
    add_constant(model, "off", scalar(0))
    source = node_of(model, "ReduceMean", -1).output[0]
    nodes = [
        helper.make_node("ReduceMean", [source, "axis"], ["state"], keepdims=1),
        *gate_of(operator, *inputs),
        helper.make_node("Mul", ["shift", "off"], ["scaled"]),
    ]
    add_to_logits(model, nodes, "scaled")

    assert seen in problems(model, bundle)
