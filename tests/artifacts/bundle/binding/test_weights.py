"""Tensors are those of the network, where the network has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.artifacts.bundle.binding.graph_edits import (
    RARE,
    add_constant,
    add_to_logits,
    constant,
    edit,
    problems,
    sum_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import onnx
    from numpy.typing import NDArray

    from artifacts.bundle.opening import Bundle


def one_word(values: NDArray[np.generic]) -> None:
    """Move the embedding of one token a little."""
    values[RARE] *= 1.01


def one_number(values: NDArray[np.generic]) -> None:
    """Move one number by one step."""
    values[3, 2] += 1 if values[3, 2] < 100 else -1


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("word_embeddings.weight", one_word),
        ("position_embeddings.weight", lambda values: np.copyto(values[20], values[19])),
        ("output.bias", lambda values: np.copyto(values, np.roll(values, 1))),
        ("LayerNorm.weight", lambda values: np.multiply(values, 1.1, out=values)),
        ("_quantized", one_number),
        ("_quantized", lambda values: np.copyto(values[:, 1], -values[:, 1])),
        ("_zero_point", lambda values: np.add(values, 1, out=values)),
        ("weight_Transposed_scale", lambda values: np.multiply(values, 2, out=values)),
        ("_scale", lambda values: np.multiply(values[:1], 0.9, out=values[:1])),
        (".smooth", lambda values: np.multiply(values[:1], 4, out=values[:1])),
        (".smooth", lambda values: np.negative(values, out=values)),
        (".smooth", lambda values: np.copyto(values, np.inf)),
    ],
)
def test_a_changed_tensor_is_seen(
    model: onnx.ModelProto,
    bundle: Bundle,
    name: str,
    change: Callable[[NDArray[np.generic]], None],
) -> None:
    """Rows, steps, scales, zero points and factors are those of the network's weights."""
    edit(constant(model, name), change)

    assert problems(model, bundle)


def test_a_square_matrix_that_is_transposed_is_seen(model: onnx.ModelProto, bundle: Bundle) -> None:
    """Its values are all the network's, and it is another matrix."""
    integers = next(
        one
        for one in model.graph.initializer
        if one.name.endswith("_quantized") and len({*one.dims}) == 1
    )
    edit(integers, lambda values: np.copyto(values, values.T.copy()))

    assert problems(model, bundle)


def test_weights_that_are_rounded_coarser_are_seen(model: onnx.ModelProto, bundle: Bundle) -> None:
    """With steps three times as large, the weights are still within half a step."""
    integers = constant(model, "_quantized")
    scale = constant(model, integers.name.removesuffix("_quantized") + "_scale")
    edit(integers, lambda values: np.copyto(values, np.rint(np.divide(values, 3)).astype(np.int8)))
    edit(scale, lambda values: np.multiply(values, np.float32(3), out=values))

    assert "is no tensor of the network in eight bits" in problems(model, bundle)


def test_integers_that_are_used_beside_their_product_are_seen(
    model: onnx.ModelProto, bundle: Bundle
) -> None:
    """What is compared in float32 is the product alone."""
    add_to_logits(model, sum_of(model, constant(model, "_quantized").name), "shift")

    assert problems(model, bundle)


def test_layers_that_change_places_are_seen(model: onnx.ModelProto, bundle: Bundle) -> None:
    """Every tensor is the network's, and not where the network has it."""
    names = ("intermediate.dense.bias", "layer.0", "layer.1")
    first, second = (
        next(one for one in model.graph.initializer if names[0] in one.name and layer in one.name)
        for layer in names[1:]
    )
    first.name, second.name = second.name, first.name

    assert "logits off" in problems(model, bundle)


def test_a_tensor_that_nothing_uses_is_seen(model: onnx.ModelProto, bundle: Bundle) -> None:
    """A graph carries nothing that the network does not have."""
    add_constant(model, "hidden", np.arange(64, dtype=np.float32))

    assert "'hidden' is used by no operator" in problems(model, bundle)


def test_a_tensor_that_is_not_of_the_network_is_seen(
    model: onnx.ModelProto, bundle: Bundle
) -> None:
    """Also where it changes no answer to speak of."""
    labels = len(bundle.labels)
    add_constant(model, "backdoor", np.full(labels, 1e-7, dtype=np.float32))
    add_to_logits(model, [], "backdoor")

    assert "'backdoor' is no tensor of the network" in problems(model, bundle)
