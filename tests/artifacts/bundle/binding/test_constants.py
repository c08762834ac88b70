"""A graph adds, scales and shifts as its network does, also where no trial could tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import helper, numpy_helper

from artifacts.bundle.binding.checking import check_engine
from tests.artifacts.bundle.binding.graph_edits import MAX_TOKENS, node_of, set_attribute

if TYPE_CHECKING:
    from collections.abc import Callable

    import onnx

    from artifacts.bundle.network import Network
    from artifacts.bundle.opening import Bundle


def problems(model: onnx.ModelProto, network: Network) -> str:
    """Return what binding observes; empty where the graph is the network's."""
    found = check_engine("model.onnx", model.SerializeToString(), network, MAX_TOKENS)
    return "\n".join(finding.observed for finding in found)


def number(model: onnx.ModelProto, name: str, value: float) -> str:
    """Add a number to a graph."""
    model.graph.initializer.append(numpy_helper.from_array(np.array(value, np.float32), name))
    return name


def pass_through(model: onnx.ModelProto, reader: onnx.NodeProto, *steps: tuple[str, str]) -> None:
    """Let what a node reads first go through operators, each with another input."""
    nodes = [*model.graph.node]
    place, value = nodes.index(reader), reader.input[0]
    for index, (operator, other) in enumerate(steps):
        nodes.insert(place + index, helper.make_node(operator, [value, other], [f"step{index}"]))
        value = f"step{index}"
    reader.input[0] = value
    nodes[place + len(steps)] = reader
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def words(model: onnx.ModelProto) -> str:
    """Return the name of the rows of the word embedding."""
    return next(str(n.output[0]) for n in model.graph.node if "input_ids" in n.input[1:])


def add_of_the_words(
    model: onnx.ModelProto, operator: str, number_name: str, joining: str = "Add"
) -> None:
    """Add to the last states what only a word with a very large row makes matter."""
    reader = node_of(model, "ReduceMean")
    nodes = [*model.graph.node]
    made = helper.make_node(operator, [words(model), number_name], ["trigger"])
    nodes.insert(nodes.index(reader), made)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    pass_through(model, node_of(model, "ReduceMean"), (joining, "trigger"))


def a_little_of_the_words(model: onnx.ModelProto) -> None:
    """Multiply the words by a number."""
    add_of_the_words(model, "Mul", number(model, "little", 1e-9))


def a_part_of_the_words(model: onnx.ModelProto) -> None:
    """Divide the words by a number."""
    add_of_the_words(model, "Div", number(model, "much", 1e9), "Sub")


def a_computed_number(model: onnx.ModelProto) -> None:
    """Compute the number of others."""
    names = [number(model, "base", 4), number(model, "power", -64)]
    model.graph.node.insert(0, helper.make_node("Pow", names, ["tiny"]))
    add_of_the_words(model, "Mul", "tiny")


def underflow(model: onnx.ModelProto) -> None:
    """Round to nothing what is below 1e-7, by numbers with too few digits."""
    steps = [("Mul", number(model, f"n{i}", 2.0**i)) for i in (-126, -12, 127, 11)]
    pass_through(model, node_of(model, "Gelu"), *steps)


def overflow(model: onnx.ModelProto) -> None:
    """Make infinite what is above 64."""
    steps = [("Mul", number(model, f"n{i}", 2.0**i)) for i in (122, -122)]
    pass_through(model, node_of(model, "Gelu"), *steps)


def rounding(model: onnx.ModelProto) -> None:
    """Add a number and take it off."""
    large = number(model, "large", 2000)
    pass_through(model, node_of(model, "Gelu"), ("Add", large), ("Sub", large))


def scale_before_a_norm(model: onnx.ModelProto) -> None:
    """Make the epsilon of a norm matter more."""
    source = node_of(model, "InstanceNormalization").input[0]
    reader = next(node for node in model.graph.node if source in node.output)
    pass_through(model, reader, ("Mul", number(model, "part", 2.0**-7)))


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (a_little_of_the_words, "additions of two tensors, where the network has"),
        (a_little_of_the_words, "'Mul' computes with 1e-09"),
        (a_part_of_the_words, "additions of two tensors, where the network has"),
        (a_part_of_the_words, "'Div' computes with 1e+09"),
        (a_computed_number, "'Pow' computes with -64"),
        (underflow, "scalings, where the network has"),
        (overflow, "'Mul' computes with 5.32e+36"),
        (rounding, "additions, where the network has"),
        (rounding, "'Sub' computes with 2e+03"),
        (scale_before_a_norm, "'Mul' computes with 0.00781"),
    ],
)
def test_arithmetic_that_no_trial_shows_is_seen(
    model: onnx.ModelProto,
    bundle: Bundle,
    change: Callable[[onnx.ModelProto], None],
    seen: str,
) -> None:
    """What is nothing for states of about one may decide the answer for others."""
    change(model)

    assert seen in problems(model, bundle.network)


@pytest.mark.parametrize(
    ("name", "value", "seen"),
    [
        ("channel_scale", 1e-6, "1e-06"),
        ("channel_shift", 1e-6, "1e-06"),
        ("channel_scale", 0.0, "0"),
        ("channel_shift", 1.0, "1"),
    ],
)
def test_the_numbers_of_a_norm_are_one_and_nothing(
    model: onnx.ModelProto, bundle: Bundle, name: str, value: float, seen: str
) -> None:
    """Its scale and shift are tensors of the network."""
    changed = next(one for one in model.graph.initializer if one.name == name)
    changed.CopyFrom(numpy_helper.from_array(np.array([value], np.float32), name))

    assert f"'InstanceNormalization' computes with {seen};" in problems(model, bundle.network)


@pytest.mark.parametrize(
    ("attribute", "value", "seen"),
    [
        ("scale", 0.5, "'MultiHeadAttention' scales by 0.5"),
        ("scale", 1e-9, "'MultiHeadAttention' scales by 1e-09"),
        ("num_heads", 1, "1 heads of 'MultiHeadAttention'"),
        ("num_heads", 2, "2 heads of 'MultiHeadAttention'"),
    ],
)
def test_attention_is_that_of_the_network(
    model: onnx.ModelProto, bundle: Bundle, attribute: str, value: float, seen: str
) -> None:
    """Also where weights make both answer alike in a trial."""
    set_attribute(node_of(model, "MultiHeadAttention"), attribute, value)

    assert seen in problems(model, bundle.network)


def test_an_approximation_of_an_activation_is_seen(model: onnx.ModelProto, bundle: Bundle) -> None:
    """What weights make of a difference of a thousandth, no trial can tell."""
    set_attribute(node_of(model, "Gelu"), "approximate", "tanh")

    assert "gelu by tanh, where the network has 0" in problems(model, bundle.network)
