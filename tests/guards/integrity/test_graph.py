"""What a graph may be: refused before anything of it runs, or makes a tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from guards.integrity.graph import check_graph, read_graph

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

HUGE = 1 << 62


def model_of(
    *nodes: onnx.NodeProto, constants: dict[str, NDArray[np.generic]] | None = None
) -> onnx.ModelProto:
    """Make a small classifier of word embeddings, with more nodes and constants."""
    tensors = {
        "words": np.ones((9, 3), dtype=np.float32),
        "axis": np.array([1]),
        **(constants or {}),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["words", "input_ids"], ["states"]),
            *nodes,
            helper.make_node("ReduceMean", ["states", "axis"], ["logits"], keepdims=0),
        ],
        "graph",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["windows", "tokens"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["windows", 3])],
        [numpy_helper.from_array(value, name) for name, value in tensors.items()],
    )
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def observed(model: onnx.ModelProto) -> str:
    """Return what is forbidden in a graph; empty where nothing is."""
    read = read_graph(model.SerializeToString())
    return "\n".join(finding.observed for finding in check_graph("engine", read))


def test_a_graph_of_allowed_operators_passes() -> None:
    """Nothing is observed of an ordinary graph."""
    assert observed(model_of(helper.make_node("Gelu", ["states"], ["bent"]))) == ""


def body() -> onnx.GraphProto:
    """Make the graph that a loop would run."""
    return model_of().graph


@pytest.mark.parametrize(
    "node",
    [
        helper.make_node("Loop", ["count", "", "states"], ["looped"], body=body()),
        helper.make_node("Scan", ["states"], ["scanned"], body=body(), num_scan_inputs=1),
        helper.make_node("If", ["flag"], ["chosen"], then_branch=body(), else_branch=body()),
        helper.make_node("SequenceMap", ["states"], ["mapped"], body=body()),
        helper.make_node("ConstantOfShape", ["count"], ["zeros"]),
        helper.make_node("Constant", [], ["made"], value=numpy_helper.from_array(np.ones(2))),
        helper.make_node("Constant", [], ["made"], value_ints=[1, 2]),
        helper.make_node("RandomNormal", [], ["noise"], shape=[1 << 40]),
        helper.make_node("Pad", ["states", "count"], ["padded"]),
        helper.make_node("Resize", ["states", "", "", "count"], ["resized"]),
        helper.make_node("OneHot", ["input_ids", "count", "words"], ["hot"]),
        helper.make_node("EyeLike", ["states"], ["eye"]),
        helper.make_node("StringSplit", ["states"], ["split", "lengths"]),
        helper.make_node("TopK", ["states", "count"], ["top", "places"]),
        helper.make_node("MemcpyFromHost", ["states"], ["copied"]),
        helper.make_node("Gelu", ["states"], ["bent"], domain="com.microsoft"),
        helper.make_node("EPContext", [], ["context"], domain="com.microsoft"),
        helper.make_node("PythonOp", ["states"], ["ran"], domain="com.microsoft"),
        helper.make_node("PyOp", ["states"], ["ran"], domain="ai.onnx.contrib"),
        helper.make_node("TreeEnsemble", ["states"], ["trees"], domain="ai.onnx.ml"),
    ],
    ids=lambda node: f"{node.domain}.{node.op_type}",
)
def test_an_operator_that_the_exporter_does_not_write_is_refused(node: onnx.NodeProto) -> None:
    """Loops, functions of others, and whatever makes tensors by itself."""
    assert f"{node.op_type}'" in observed(model_of(node))


def test_a_function_of_its_own_is_refused() -> None:
    """Its operators would be the graph's, under another name."""
    model = model_of()
    opset = [helper.make_opsetid("", 20)]
    relu = helper.make_node("Relu", ["x"], ["y"])
    model.functions.append(helper.make_function("own", "Relu6", ["x"], ["y"], [relu], opset))

    assert "functions of its own, 'Relu6'" in observed(model)


@pytest.mark.parametrize(
    ("operator", "inputs", "constants"),
    [
        ("Expand", ["states", "size"], {"size": np.array([HUGE])}),
        ("Tile", ["states", "size"], {"size": np.array([1, 10**9, 1])}),
        ("Tile", ["states", "size"], {"size": np.array([1 << 10, 1 << 10, 1 << 10])}),
        (
            "Range",
            ["start", "size", "step"],
            {"start": np.array(0), "size": np.array(HUGE), "step": np.array(1)},
        ),
        (
            "Range",
            ["start", "size", "step"],
            {
                "start": np.float32(0) + np.zeros((), dtype=np.float32),
                "size": np.ones((), dtype=np.float32),
                "step": np.full((), 1e-12, dtype=np.float32),
            },
        ),
    ],
)
def test_an_operator_that_makes_gigabytes_is_refused(
    operator: str, inputs: list[str], constants: dict[str, NDArray[np.generic]]
) -> None:
    """The size is reckoned from the constants."""
    node = helper.make_node(operator, inputs, ["large"])

    assert f"'{operator}' makes a tensor of" in observed(model_of(node, constants=constants))


def test_a_size_that_is_multiplied_up_is_refused() -> None:
    """Small constants make a large one."""
    nodes = [helper.make_node("Mul", ["size", "size"], ["squared"])]
    nodes += [
        helper.make_node("Mul", ["squared", "squared"], ["more"]),
        helper.make_node("Expand", ["states", "more"], ["large"]),
    ]

    assert "makes a tensor of" in observed(model_of(*nodes, constants={"size": np.array([1 << 8])}))


WITH_A_SMALL_ONE = np.array([*range(-8, 9), 1e-20], dtype=np.float32)


@pytest.mark.parametrize(
    ("operator", "constants"),
    [
        ("Mul", {"one": np.array([-(1 << 20)]), "other": np.array([-(1 << 20)])}),
        ("Concat", {"one": np.array([1 << 14]), "other": np.array([1 << 14])}),
        ("Add", {"one": np.array([1 << 26]), "other": np.array([1])}),
        ("Gather", {"one": np.full(17, 1 << 40), "other": np.array([3])}),
        ("Gather", {"one": np.array([*range(17), -(1 << 40)]), "other": np.array([3])}),
        ("Div", {"one": np.ones(1, np.float32), "other": np.full(17, 1e-20, np.float32)}),
        ("Div", {"one": np.ones(1, np.float32), "other": WITH_A_SMALL_ONE}),
    ],
)
def test_a_size_that_is_made_of_two_constants_is_refused(
    operator: str, constants: dict[str, NDArray[np.generic]]
) -> None:
    """Negative ones, one after the other, and one of a table."""
    nodes = [
        helper.make_node(operator, [*constants], ["size"]),
        helper.make_node("Expand", ["states", "size"], ["large"]),
    ]

    assert "makes a tensor of" in observed(model_of(*nodes, constants=constants))


def test_a_multiple_of_the_length_is_refused() -> None:
    """A document of a few windows and tokens would make gigabytes."""
    nodes = [
        helper.make_node("Shape", ["states"], ["sizes"]),
        helper.make_node("Mul", ["sizes", "times"], ["more"]),
        helper.make_node("Expand", ["states", "more"], ["large"]),
    ]

    assert "makes a tensor of" in observed(model_of(*nodes, constants={"times": np.array([2**24])}))


@pytest.mark.parametrize(
    ("operator", "numbers"), [("Div", (2.0**25, 2.0**-25)), ("Pow", (2.0, 60.0)), ("Exp", (40.0,))]
)
def test_a_size_that_is_computed_from_small_numbers_is_refused(
    operator: str, numbers: tuple[float, ...]
) -> None:
    """So does dividing by a fraction, and so do powers."""
    constants: dict[str, NDArray[np.generic]] = {
        f"c{i}": np.array([n], dtype=np.float32) for i, n in enumerate(numbers)
    }
    nodes = [
        helper.make_node(operator, [*constants], ["number"]),
        helper.make_node("Cast", ["number"], ["size"], to=TensorProto.INT64),
        helper.make_node("Expand", ["states", "size"], ["large"]),
    ]

    assert "makes a tensor of" in observed(model_of(*nodes, constants=constants))


def from_a_file(model: onnx.ModelProto) -> None:
    """Let a tensor be that of another file."""
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def named_file_alone(model: onnx.ModelProto) -> None:
    """Name another file, and say that the tensor is here."""
    model.graph.initializer[0].external_data.add(key="location", value="../../etc/passwd")


def place_alone(model: onnx.ModelProto) -> None:
    """Say that a tensor is elsewhere, and not where."""
    model.graph.initializer[0].data_location = TensorProto.EXTERNAL


def from_a_file_in_an_attribute(model: onnx.ModelProto) -> None:
    """Hide the tensor of another file in an attribute of an allowed operator."""
    tensor = TensorProto(data_type=TensorProto.FLOAT, dims=[4], name="hidden")
    tensor.data_location = TensorProto.EXTERNAL
    model.graph.node[0].attribute.append(helper.make_attribute("value", tensor))


def larger_than_it_is(model: onnx.ModelProto) -> None:
    """Claim gigabytes for a few bytes."""
    model.graph.initializer[0].dims[0] = 1 << 40


def larger_than_its_numbers(model: onnx.ModelProto) -> None:
    """Claim gigabytes for a few numbers that are not packed."""
    tensor = TensorProto(name="few", data_type=TensorProto.FLOAT, dims=[1 << 40], float_data=[1.0])
    model.graph.initializer.append(tensor)


def of_negative_size(model: onnx.ModelProto) -> None:
    """Claim two negative dimensions, whose product fits."""
    tensor = model.graph.initializer[0]
    tensor.dims[:] = [-9, -3]


def of_text(model: onnx.ModelProto) -> None:
    """Hold strings."""
    text = TensorProto(name="texts", data_type=TensorProto.STRING, dims=[1], string_data=[b"a"])
    model.graph.initializer.append(text)


def sparse(model: onnx.ModelProto) -> None:
    """Hold a tensor by its places."""
    values = helper.make_tensor("sparse", TensorProto.FLOAT, [1], [1.0])
    places = helper.make_tensor("places", TensorProto.INT64, [1], [HUGE])
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [HUGE]))


def another_input(model: onnx.ModelProto) -> None:
    """Take something that no document has."""
    value = helper.make_tensor_value_info("secret", TensorProto.FLOAT, [1])
    model.graph.input.append(value)


def another_output(model: onnx.ModelProto) -> None:
    """Answer with the states too."""
    value = helper.make_tensor_value_info("states", TensorProto.FLOAT, None)
    model.graph.output.append(value)


def an_embedding_alone(model: onnx.ModelProto) -> None:
    """Return the embedding, and no answer."""
    model.graph.output[0].name = "text_embedding"


def an_embedding_of_integers(model: onnx.ModelProto) -> None:
    """Return an embedding of another type than float32."""
    value = helper.make_tensor_value_info("text_embedding", TensorProto.INT64, [1, 3])
    model.graph.output.append(value)


def other_operators_of_the_future(model: onnx.ModelProto) -> None:
    """Import a version of the operators that this code does not know."""
    model.opset_import[0].version = 99


def another_format(model: onnx.ModelProto) -> None:
    """Be of a version of the format that this code does not know."""
    model.ir_version = 99


def operators_of_a_library(model: onnx.ModelProto) -> None:
    """Import the operators of another library."""
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 1))


def an_operator_of_a_function(model: onnx.ModelProto) -> None:
    """Let an operator be one of several functions of its name."""
    model.graph.node[0].overload = "other"


def words_that_are_no_numbers(model: onnx.ModelProto) -> None:
    """Take token ids of another type."""
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.FLOAT


def no_answer(model: onnx.ModelProto) -> None:
    """Answer nothing."""
    del model.graph.output[:]


def a_name_made_twice(model: onnx.ModelProto) -> None:
    """Let a constant stand for the input of another name."""
    model.graph.initializer.append(numpy_helper.from_array(np.array([[1]]), "input_ids"))


def a_circle(model: onnx.ModelProto) -> None:
    """Use what is made later."""
    model.graph.node[0].input[1] = "logits"


def an_escape(model: onnx.ModelProto) -> None:
    """Write to the terminal by a setting."""
    model.graph.node[0].attribute.append(helper.make_attribute("mode", "\x1b[2J"))


def a_long_setting(model: onnx.ModelProto) -> None:
    """Carry a text that is no setting."""
    model.graph.node[0].attribute.append(helper.make_attribute("mode", "a" * 101))


def a_setting_of_a_function(model: onnx.ModelProto) -> None:
    """Take a setting from a function around the operator."""
    attribute = helper.make_attribute("axis", 0)
    attribute.ref_attr_name = "axis"
    model.graph.node[0].attribute.append(attribute)


def training(model: onnx.ModelProto) -> None:
    """Carry an algorithm for training."""
    model.training_info.add()


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (from_a_file, "'words' is in another file"),
        (named_file_alone, "'words' is in another file"),
        (place_alone, "'words' is in another file"),
        (from_a_file_in_an_attribute, "the attribute 'value' of 'Gather'"),
        (larger_than_it_is, "'words' holds 27 numbers for the shape"),
        (larger_than_its_numbers, "'few' holds 1 numbers for the shape"),
        (of_negative_size, "'words' holds 27 numbers for the shape"),
        (of_text, "'texts' has the type 8"),
        (sparse, "sparse tensors"),
        (another_input, "inputs"),
        (another_output, "outputs"),
        (an_embedding_alone, "outputs"),
        (an_embedding_of_integers, "outputs"),
        (other_operators_of_the_future, "in version 99"),
        (another_format, "IR version 99"),
        (operators_of_a_library, "operators of 'ai.onnx.ml' in version 1"),
        (an_operator_of_a_function, "operator 'Gather'"),
        (words_that_are_no_numbers, "inputs 'input_ids'"),
        (no_answer, "outputs"),
        (a_name_made_twice, "'input_ids' is made twice"),
        (a_circle, "'logits' is used before it is made"),
        (an_escape, "the attribute 'mode' of 'Gather'"),
        (a_long_setting, "the attribute 'mode' of 'Gather'"),
        (a_setting_of_a_function, "the attribute 'axis' of 'Gather'"),
        (training, "training information"),
    ],
)
def test_what_else_the_exporter_does_not_write_is_refused(
    change: Callable[[onnx.ModelProto], None], seen: str
) -> None:
    """Tensors are in the file and as large as they say; inputs and outputs are the known ones."""
    model = model_of()
    change(model)

    assert seen in observed(model)


def test_a_mask_for_fused_attention_is_refused() -> None:
    """Its further inputs would choose what a token sees."""
    node = helper.make_node(
        "MultiHeadAttention",
        ["states", "states", "states", "", "words"],
        ["attended"],
        domain="com.microsoft",
        num_heads=1,
    )

    assert "masks or biases of 'MultiHeadAttention'" in observed(model_of(node))


@pytest.mark.parametrize("name", ["unidirectional", "mask_filter_value"])
def test_a_setting_for_masks_of_fused_attention_is_refused(name: str) -> None:
    """A token sees all others."""
    node = helper.make_node(
        "MultiHeadAttention",
        ["states", "states", "states"],
        ["attended"],
        domain="com.microsoft",
        num_heads=1,
    )
    node.attribute.append(helper.make_attribute(name, 1))

    assert f"the attribute {name!r} of 'MultiHeadAttention'" in observed(model_of(node))


def test_a_graph_of_a_million_operators_is_refused() -> None:
    """The runtime would take minutes to read them."""
    model = model_of()
    model.graph.node.extend([helper.make_node("Neg", ["states"], ["x"])] * 30_000)

    assert observed(model) == "30002 operators"


@pytest.mark.parametrize("data", [b"no graph", b"\x0a" * 9, b"\x3a\xff\xff\xff\xff\x0f"])
def test_bytes_that_are_no_graph_are_told_as_such(data: bytes) -> None:
    """The library's own kinds of error go no further."""
    with pytest.raises(ValueError, match="not an ONNX graph"):
        read_graph(data)
