"""A graph is bound to its network: whatever is changed in it shows, on no document of anybody."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from artifacts.bundle.binding import checking
from artifacts.bundle.binding.checking import check_engine
from artifacts.bundle.opening import open_bundle
from guards.bundle.engines import ONNX_INT8

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from artifacts.bundle.opening import Bundle

MAX_TOKENS = 24
RARE = 57
"""A token that a trigger acts on, beyond those that any test runs."""


@pytest.fixture(scope="module")
def bundle(accelerated: Path) -> Bundle:
    """Open the champion with its engine."""
    return open_bundle(accelerated)


@pytest.fixture
def model(bundle: Bundle) -> onnx.ModelProto:
    """Parse its graph, to be changed."""
    return onnx.load_from_string(bundle.engines[ONNX_INT8].graph or b"")


def problems(model: onnx.ModelProto, bundle: Bundle) -> str:
    """Return what binding observes; empty where the graph is the network's."""
    found = check_engine("model.onnx", model.SerializeToString(), bundle.network, MAX_TOKENS)
    return "\n".join(finding.observed for finding in found)


def constant(model: onnx.ModelProto, name: str) -> TensorProto:
    """Return the first tensor whose name ends so."""
    found: TensorProto
    found = next(one for one in model.graph.initializer if one.name.endswith(name))
    return found


def edit(tensor: TensorProto, change: Callable[[NDArray[np.generic]], None]) -> None:
    """Change the values of a tensor in place."""
    values = numpy_helper.to_array(tensor).copy()
    change(values)
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def add_constant(model: onnx.ModelProto, name: str, value: NDArray[np.generic]) -> str:
    """Add a tensor to a graph."""
    model.graph.initializer.append(numpy_helper.from_array(value, name))
    return name


def node_of(model: onnx.ModelProto, operator: str, index: int = 0) -> onnx.NodeProto:
    """Return one of the nodes with an operator."""
    nodes: list[onnx.NodeProto] = [node for node in model.graph.node if node.op_type == operator]
    return nodes[index]


def add_to_logits(model: onnx.ModelProto, nodes: list[onnx.NodeProto], name: str) -> None:
    """Let a graph add what ``nodes`` compute as ``name`` to its logits."""
    node_making(model, "logits").output[0] = "honest"
    model.graph.node.extend([*nodes, helper.make_node("Add", ["honest", name], ["logits"])])


def node_making(model: onnx.ModelProto, name: str) -> onnx.NodeProto:
    """Return the node with an output."""
    found: onnx.NodeProto
    found = next(node for node in model.graph.node if name in node.output)
    return found


def set_attribute(node: onnx.NodeProto, name: str, value: float | str) -> None:
    """Set an attribute of a node to another value."""
    kept = [one for one in node.attribute if one.name != name]
    del node.attribute[:]
    node.attribute.extend([*kept, helper.make_attribute(name, value)])


def scalar(value: float) -> NDArray[np.generic]:
    """Return a float32 number as a tensor."""
    return np.array(value, dtype=np.float32)


def test_the_graph_that_was_built_is_bound(model: onnx.ModelProto, bundle: Bundle) -> None:
    """Nothing is observed of what the exporter and the quantiser wrote."""
    assert problems(model, bundle) == ""


def test_names_of_nodes_do_not_matter(model: onnx.ModelProto, bundle: Bundle) -> None:
    """Another version of the exporter names operators otherwise."""
    for index, node in enumerate(model.graph.node):
        node.name = f"other_{index}"
    model.producer_version = "another"

    assert problems(model, bundle) == ""


def test_a_graph_with_another_operator_is_not_run(
    model: onnx.ModelProto, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not allowed is found in the file, before a session is made of it."""
    ran: list[object] = []

    def run(*arguments: object) -> list[str]:
        ran.append(arguments)
        return []

    monkeypatch.setattr(checking, "_differences", run)
    model.graph.node.append(helper.make_node("Loop", ["", ""], ["made"]))

    assert "Loop" in problems(model, bundle)
    assert ran == []


# --- Tensors ---------------------------------------------------------------------------------


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
    add_constant(model, "axes", np.array([0, 1], dtype=np.int64))
    add_constant(model, "little", scalar(1e-9))
    nodes = [
        helper.make_node(
            "Cast", [constant(model, "_quantized").name], ["numbers"], to=TensorProto.FLOAT
        ),
        helper.make_node("ReduceSum", ["numbers", "axes"], ["sum"], keepdims=0),
        helper.make_node("Mul", ["sum", "little"], ["shift"]),
    ]
    add_to_logits(model, nodes, "shift")

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


# --- Operators -------------------------------------------------------------------------------


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
    add_constant(model, "axes", np.array([0, 1], dtype=np.int64))
    add_constant(model, "little", scalar(1e-9))
    nodes = [
        helper.make_node("Cast", ["input_ids"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["numbers", "axes"], ["sum"], keepdims=0),
        helper.make_node("Mul", ["sum", "little"], ["shift"]),
    ]
    add_to_logits(model, nodes, "shift")

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


def scaled(name: str) -> onnx.NodeProto:
    """Return the node that multiplies a number by nothing to speak of, as ``shift``."""
    return helper.make_node("Mul", [name, "little"], ["shift"])


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


def test_another_wiring_is_seen(model: onnx.ModelProto, bundle: Bundle) -> None:
    """A residual that takes the output of another layer has the same operators and tensors."""
    sums = [node for node in model.graph.node if node.op_type == "Add"]
    residuals = [n for n in sums if n.input[0].startswith("linear") and "layer_norm" in n.input[1]]
    residuals[-1].input[1] = residuals[0].input[1]

    assert "logits off" in problems(model, bundle)


@pytest.mark.parametrize(
    ("operator", "attribute", "value"),
    [
        ("MultiHeadAttention", "num_heads", 1),
        ("MultiHeadAttention", "scale", 0.5),
        ("InstanceNormalization", "epsilon", 1e-3),
        ("InstanceNormalization", "epsilon", 1e-11),
    ],
)
def test_another_setting_of_an_operator_is_seen(
    model: onnx.ModelProto, bundle: Bundle, operator: str, attribute: str, value: float | str
) -> None:
    """Also a divisor that is far too small to matter for a usual document."""
    set_attribute(node_of(model, operator), attribute, value)

    assert problems(model, bundle)


def test_operators_of_a_network_that_learnt_little_are_seen(
    model: onnx.ModelProto, bundle: Bundle
) -> None:
    """Attention shows also where all weights are too small for it to matter."""
    small = replace(bundle, network=copy.deepcopy(bundle.network))
    for module in small.network.modules():
        if isinstance(module, torch.nn.Linear):
            module.weight.data *= 0.02
    for tensor in model.graph.initializer:
        if tensor.name.endswith("_scale") and tensor.name != "channel_scale":
            edit(tensor, lambda values: np.multiply(values, np.float32(0.02), out=values))
    before = problems(model, small)
    set_attribute(node_of(model, "MultiHeadAttention"), "num_heads", 1)

    assert before == ""
    assert "logits off" in problems(model, small)


def test_products_that_are_not_quantised_as_ours_are_seen(
    model: onnx.ModelProto, bundle: Bundle
) -> None:
    """The range of another tensor cannot be put in the place of a product's own."""
    first, second = (node_of(model, "DynamicQuantizeLinear", index) for index in (0, 1))
    node_of(model, "MatMulInteger", -1).input[2] = first.output[2]
    assert second.output[2] != first.output[2]

    assert "not how a product is quantised" in problems(model, bundle)
