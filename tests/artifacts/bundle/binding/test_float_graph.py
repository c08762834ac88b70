"""A product in eight bits is taken for one of the network's only if it is quantised as ours are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import numpy_helper

from tests.artifacts.bundle.binding.graph_edits import (
    add_constant,
    add_to_logits,
    constant,
    node_of,
    problems,
    set_attribute,
    sum_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import onnx
    from numpy.typing import NDArray

    from artifacts.bundle.opening import Bundle


def reader_of(model: onnx.ModelProto, node: onnx.NodeProto) -> onnx.NodeProto:
    """Return the node that reads the output of another."""
    found: onnx.NodeProto
    found = next(one for one in model.graph.node if node.output[0] in one.input)
    return found


def another_quantisation(model: onnx.ModelProto) -> None:
    """Let something else make the integers."""
    node_of(model, "DynamicQuantizeLinear").op_type = "Split"


def another_type(model: onnx.ModelProto) -> None:
    """Let the sum of integers become no float."""
    set_attribute(reader_of(model, node_of(model, "MatMulInteger")), "to", 7)


def no_cast(model: onnx.ModelProto) -> None:
    """Let another operator take the sum of integers."""
    reader_of(model, node_of(model, "MatMulInteger")).op_type = "Transpose"


def no_product(model: onnx.ModelProto) -> None:
    """Let the scales be added."""
    reader_of(model, reader_of(model, node_of(model, "MatMulInteger"))).op_type = "Add"


def no_scales(model: onnx.ModelProto) -> None:
    """Let the two scales be added."""
    result = reader_of(model, reader_of(model, node_of(model, "MatMulInteger")))
    scales = next(n for n in model.graph.node if n.output[0] in result.input and n.op_type == "Mul")
    scales.op_type = "Add"


@pytest.mark.parametrize(
    "change", [another_quantisation, another_type, no_cast, no_product, no_scales]
)
def test_another_operator_of_a_product_is_seen(
    model: onnx.ModelProto, bundle: Bundle, change: Callable[[onnx.ModelProto], None]
) -> None:
    """What is compared in float32 has none of the operators around a product."""
    change(model)

    assert "is not how a product is quantised" in problems(model, bundle)


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values[np.newaxis],
        lambda values: values[:1],
        lambda values: values * np.float32(0),
        lambda values: -values,
        lambda values: values * np.float32(np.inf),
    ],
)
def test_factors_that_do_not_smooth_are_seen(
    model: onnx.ModelProto,
    bundle: Bundle,
    change: Callable[[NDArray[np.generic]], NDArray[np.generic]],
) -> None:
    """One finite number above zero for each input."""
    factors = constant(model, ".smooth")
    changed = np.asarray(change(numpy_helper.to_array(factors)))
    factors.CopyFrom(numpy_helper.from_array(changed, factors.name))

    assert "does not smooth" in problems(model, bundle)


def test_smoothed_states_that_others_read_are_seen(model: onnx.ModelProto, bundle: Bundle) -> None:
    """What is compared in float32 has no smoothing."""
    factors = constant(model, ".smooth").name
    smoothed = next(node.output[0] for node in model.graph.node if factors in node.input)
    add_to_logits(model, sum_of(model, smoothed), "shift")

    assert "is no tensor of the network in eight bits" in problems(model, bundle)


def test_a_product_before_without_smoothing_stays(model: onnx.ModelProto, bundle: Bundle) -> None:
    """By its name alone is a factor known to be one that the weights were divided by."""
    factors = constant(model, ".smooth")
    before, factors.name = factors.name, "factors"
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            node.input[place] = "factors" if name == before else name

    assert "is no tensor of the network in eight bits" in problems(model, bundle)


def test_many_integers_are_no_setting(model: onnx.ModelProto, bundle: Bundle) -> None:
    """Unless they count from nothing, or are all the same."""
    add_constant(model, "order", np.arange(20)[::-1].reshape(4, 5).copy())
    add_to_logits(model, sum_of(model, "order"), "shift")

    assert "'order' is no tensor of the network" in problems(model, bundle)


def test_few_floats_are_no_setting(model: onnx.ModelProto, bundle: Bundle) -> None:
    """Unless they are one number."""
    add_constant(model, "two", np.array([[1e-9, 2e-9]], dtype=np.float32))
    add_to_logits(model, sum_of(model, "two"), "shift")

    assert "'two' is no tensor of the network" in problems(model, bundle)
