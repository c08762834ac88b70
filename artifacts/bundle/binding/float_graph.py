"""Write a quantised graph back as the graph that was quantised, with weights as inputs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from onnx import ModelProto, NodeProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from artifacts.bundle.binding.weights import Weights

__all__ = ["FloatGraph", "UnknownTensorError", "float_graph"]

_SMALL = 16
"""A tensor with so few numbers is a setting of an operator: a shape, an axis, a divisor."""


class UnknownTensorError(ValueError):
    """A tensor of the graph is none of the network; the text names it."""


@dataclass(slots=True)
class FloatGraph:
    """A graph without quantisation, whose ``weights`` are inputs, beside those it had.

    ``names`` says which tensor of the network an input is, where it is not transposed, and
    ``factors`` what its rows were multiplied by before they were rounded. ``unknown`` are tensors
    that are none of the network.
    """

    nodes: list[NodeProto] = field(default_factory=list)
    weights: dict[str, NDArray[np.generic]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    settings: dict[str, NDArray[np.generic]] = field(default_factory=dict)
    unknown: dict[str, NDArray[np.generic]] = field(default_factory=dict)
    factors: dict[str, NDArray[np.float32]] = field(default_factory=dict)


def float_graph(model: ModelProto, weights: Weights) -> FloatGraph:
    """Return the graph in float32.

    Raises ``UnknownTensorError`` for a product whose weights are not those of the network rounded
    to eight bits, or that is not quantised as the quantiser does it.
    """
    reader = _Reader(model)
    made = FloatGraph()
    consumed: set[str] = set()
    for node in model.graph.node:
        if node.op_type == "MatMulInteger":
            product = reader.product(node)
            found = weights.rounded_to(product.integers, product.scale, product.factors)
            if found is None:
                message = f"{product.name!r} is no tensor of the network in eight bits"
                raise UnknownTensorError(message)
            _add_product(made, product, *found)
            consumed.update(product.constants)
        elif node.output[0] not in reader.of_quantisation:
            made.nodes.append(node)
    _sort_constants(reader.constants, made, weights, consumed)
    return made


def _add_product(
    made: FloatGraph, product: _Product, name: str, matrix: NDArray[np.generic]
) -> None:
    """Add a product with a tensor of the network as it lies in memory, transposed on the way."""
    weights = used = f"{product.output}.weights"
    if not matrix.flags.c_contiguous:
        matrix, used = matrix.T, f"{product.output}.transposed"
        made.nodes.append(helper.make_node("Transpose", [weights], [used], perm=[1, 0]))
    made.weights[weights], made.names[weights] = matrix, name
    made.factors[weights] = product.factors
    made.nodes.append(helper.make_node("MatMul", [product.input, used], [product.output]))


def _sort_constants(
    constants: Mapping[str, NDArray[np.generic]],
    made: FloatGraph,
    weights: Weights,
    consumed: set[str],
) -> None:
    used = {name for node in made.nodes for name in node.input}
    for name in sorted(constants.keys() - consumed):
        value = constants[name]
        if name not in used:
            message = f"{name!r} is used by no operator"
            raise UnknownTensorError(message)
        known = weights.find(value)
        if known is not None and value.size > 1:
            made.weights[name] = value
            if not known[1]:
                made.names[name] = known[0]
        elif _is_setting(value):
            made.settings[name] = value
        else:
            made.unknown[name] = value


def _is_setting(value: NDArray[np.generic]) -> bool:
    """Return whether these are few integers, positions from 0 on, or one number throughout."""
    flat = value.ravel()
    if flat.size == 1 or not np.issubdtype(flat.dtype, np.integer):
        return flat.size == 1
    return flat.size <= _SMALL or bool(
        (flat == flat[0]).all() or (flat == np.arange(flat.size)).all()
    )


@dataclass(frozen=True, slots=True)
class _Product:
    name: str
    input: str
    output: str
    integers: NDArray[np.int8]
    scale: NDArray[np.float32]
    factors: NDArray[np.float32]
    constants: tuple[str, ...]


class _Reader:
    """Finds the operators that the quantiser writes for a product."""

    def __init__(self, model: ModelProto) -> None:
        graph = model.graph
        self.constants = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
        self._producers = {output: node for node in graph.node for output in node.output}
        self._consumers: defaultdict[str, list[NodeProto]] = defaultdict(list)
        for node in graph.node:
            for name in node.input:
                self._consumers[name].append(node)
        self.of_quantisation: set[str] = set()
        for node in graph.node:
            if node.op_type == "MatMulInteger":
                self._mark(node)

    def product(self, node: NodeProto) -> _Product:
        """Return the product of a ``MatMulInteger``; raises ``UnknownTensorError``."""
        quantised, integers, zero, zeros = node.input
        source = self._producers[quantised]
        cast, result, scales = self._after(node)
        (scale,) = [name for name in scales.input if name != source.output[1]]
        if (
            source.op_type != "DynamicQuantizeLinear"
            or [*source.output] != [quantised, scales.input[0], zero]
            or self.constants[zeros].any()
            or cast.attribute[0].i != 1
        ):
            raise _not_ours(node)
        before = self._producers.get(source.input[0])
        smoothing = self._smoothing(before)
        return _Product(
            name=integers,
            input=source.input[0] if smoothing is None or before is None else before.input[0],
            output=result.output[0],
            integers=np.asarray(self.constants[integers], dtype=np.int8),
            scale=np.asarray(self.constants[scale], dtype=np.float32),
            factors=_factors(self.constants[integers].shape[0], smoothing, self.constants),
            constants=tuple(filter(None, (integers, zeros, scale, smoothing))),
        )

    def _after(self, node: NodeProto) -> tuple[NodeProto, NodeProto, NodeProto]:
        """Return what follows a product: the cast, the product with the scales, and the scales."""
        (cast,) = self._consumers[node.output[0]]
        (result,) = self._consumers[cast.output[0]]
        (scales,) = [self._producers[name] for name in result.input if name != cast.output[0]]
        if (cast.op_type, result.op_type, scales.op_type) != ("Cast", "Mul", "Mul"):
            raise _not_ours(node)
        return cast, result, scales

    def _smoothing(self, before: NodeProto | None) -> str | None:
        """Return the factors of smoothing, where an operator applies them for products alone."""
        if before is None or before.op_type != "Mul" or before.input[1] not in self.constants:
            return None
        after = self._consumers[before.output[0]]
        if any(node.op_type != "DynamicQuantizeLinear" for node in after):
            return None
        return before.input[1] if before.input[1].endswith(".smooth") else None

    def _mark(self, node: NodeProto) -> None:
        try:
            cast, result, scales = self._after(node)
            source = self._producers[node.input[0]]
        except (KeyError, ValueError):
            raise _not_ours(node) from None
        self.of_quantisation |= {
            *source.output, node.output[0], cast.output[0], result.output[0], scales.output[0],
        }  # fmt: skip
        before = self._producers.get(source.input[0])
        if before is not None and self._smoothing(before) is not None:
            self.of_quantisation.add(before.output[0])


def _factors(
    inputs: int, smoothing: str | None, constants: Mapping[str, NDArray[np.generic]]
) -> NDArray[np.float32]:
    if smoothing is None:
        return np.ones(inputs, dtype=np.float32)
    divisors = np.asarray(constants[smoothing], dtype=np.float32)
    if divisors.shape != (inputs,) or not bool((np.isfinite(divisors) & (divisors > 0)).all()):
        message = f"{smoothing!r} does not smooth"
        raise UnknownTensorError(message)
    return np.float32(1) / divisors


def _not_ours(node: NodeProto) -> UnknownTensorError:
    return UnknownTensorError(f"{node.name or node.output[0]!r} is not how a product is quantised")
