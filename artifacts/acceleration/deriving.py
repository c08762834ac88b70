"""Derive the graph of an engine again from the weights, and compare it with the sealed one.

The factors of smoothing come from documents that are not in the bundle, so they are taken from the
sealed graph. All else is made as for a new bundle. Another version of the exporter may write the
same network otherwise; then the graphs are compared by their answers alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import numpy_helper

from artifacts.acceleration.exporting import export
from artifacts.acceleration.quantising import quantise
from artifacts.acceleration.smoothing import products_of, rescale, weights_of
from artifacts.bundle.binding.float_graph import float_graph
from artifacts.bundle.binding.weights import Weights
from artifacts.bundle.inference import probabilities_of
from artifacts.bundle.network import token_rows
from artifacts.bundle.onnx_network import OnnxNetwork
from artifacts.bundle.preprocessing import Encoding
from guards.bundle.engines import ONNX_INT8
from guards.bundle.layout import ENGINE_GRAPH, engine_part
from guards.errors import Finding
from guards.integrity.environment import environment_differences
from guards.integrity.graph import EMBEDDING
from guards.integrity.parity import MAX_FLIPS, NOTABLE, parity_of
from guards.schema import CanonicalRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from artifacts.bundle.opening import Bundle
    from guards.json_types import JsonObject

__all__ = ["Derivation", "derive_again"]

_DOCUMENTS = 300
_CLEAR = 0.2
_MAX_FLIPS = 0.05
"""Random documents are unlike any that the parity report was made on."""

_STEP = 1
_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Derivation:
    """How a sealed graph compares with the one that is derived from the weights.

    ``same_operators`` says whether the exporter still writes the same; then all tensors were
    compared. Over so many random ``documents``, labels with a clear lead ``flips`` times are
    another than the network's, and ``largest_change`` is that of a probability.
    """

    same_operators: bool
    documents: int
    flips: int
    largest_change: float
    findings: tuple[Finding, ...]

    def to_json(self) -> JsonObject:
        """Return the figures as ``verify --deep --json`` carries them."""
        return {
            "same_operators": self.same_operators,
            "documents": self.documents,
            "flips": self.flips,
            "largest_probability_change": self.largest_change,
        }


def derive_again(bundle: Bundle) -> Derivation | None:
    """Compare the graph of a verified bundle with a new one; None if the bundle has no graph.

    Takes as long as ``understudy accelerate``, and five times the memory of the weights. Raises
    ``CallError`` for a network that the installed exporter cannot export.
    """
    engine = bundle.engines.get(ONNX_INT8)
    if engine is None or engine.graph is None or engine.unusable is not None:
        return None
    sealed = onnx.ModelProto.FromString(engine.graph)
    graph = _derived(bundle, sealed)
    derived = onnx.ModelProto.FromString(graph)
    same = _operators(sealed) == _operators(derived)
    problems = [*_tensor_differences(sealed, derived)] if same else [*_other_operators(bundle)]
    documents = [*_random_documents(bundle)]
    temperature = bundle.manifest.temperature
    observed, again = (
        OnnxNetwork(each, processors=1).probabilities(temperature, documents)
        for each in (engine.graph, graph)
    )
    expected = probabilities_of(bundle.network, temperature, documents)
    report = (bundle.manifest.parity or {}).get(ONNX_INT8)
    budget = MAX_FLIPS if report is None else report.max_flips
    parity = parity_of(again, observed, bundle.labels, budget)
    if not parity.within or parity.largest_probability_change > NOTABLE:
        problems.append(f"answers to random documents are those of another graph: {parity}")
    clear = np.ptp(np.sort(expected, axis=1)[:, -2:], axis=1) > _CLEAR
    flipped = clear & (expected.argmax(axis=1) != observed.argmax(axis=1))
    if flipped.mean() > max(_MAX_FLIPS, budget):
        problems.append(f"{int(flipped.sum())} of {len(documents)} random documents change label")
    return Derivation(
        same_operators=same,
        documents=len(documents),
        flips=int(flipped.sum()),
        largest_change=float(np.abs(expected - observed).max()),
        findings=tuple(map(_finding, problems)),
    )


def _finding(observed: str) -> Finding:
    return Finding(
        code="engine_not_of_these_weights",
        subject=engine_part(ONNX_INT8, ENGINE_GRAPH),
        expected="the graph that is derived from the weights, up to rounding",
        observed=observed,
    )


def _derived(bundle: Bundle, sealed: onnx.ModelProto) -> bytes:
    """Export and quantise the network with the factors of the sealed graph."""
    weights = Weights(
        {name: tensor.detach().numpy() for name, tensor in bundle.network.named_parameters()}
    )
    read = float_graph(sealed, weights)
    factors = {read.names[name]: factor for name, factor in read.factors.items()}
    width = len(bundle.preprocessing.encode_documents(bundle.probe_documents[:1])[0].columns)
    longest = bundle.preprocessing.truncation.max_length
    embedding = any(one.name == EMBEDDING for one in sealed.graph.output)
    model = export(bundle.network, width, longest, embedding=embedding)
    names = {node.input[1] for nodes in products_of(model).values() for node in nodes}
    known = {name: weights.find(weights_of(model, name)) or ("", False) for name in names}
    rescale(model, {name: factors[known[name][0]] for name in names})
    return quantise(model)


def _operators(model: onnx.ModelProto) -> list[tuple[object, ...]]:
    """Return operators, attributes and wiring, without the names that exporters choose."""
    places: dict[str, object] = {one.name: one.name for one in model.graph.input}
    places |= {one.name: (one.data_type, *one.dims) for one in model.graph.initializer}
    operators: list[tuple[object, ...]] = []
    for index, node in enumerate(model.graph.node):
        inputs = tuple(places.get(name) for name in node.input)
        attributes = sorted(each.SerializeToString(deterministic=True) for each in node.attribute)
        operators.append((node.domain, node.op_type, inputs, *attributes))
        places |= {name: (index, place) for place, name in enumerate(node.output)}
    outputs = sorted((one.name, str(places.get(one.name))) for one in model.graph.output)
    return [*operators, *outputs]


def _tensor_differences(sealed: onnx.ModelProto, derived: onnx.ModelProto) -> Iterator[str]:
    """Yield a sentence for each tensor that differs by more than rounding, in graphs alike."""
    ours, theirs = (
        {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
        for model in (derived, sealed)
    )
    compared = set[tuple[str, str]]()
    for one, other in zip(sealed.graph.node, derived.graph.node, strict=True):
        compared.update(zip(one.input, other.input, strict=True))
    for name, expected in sorted(compared):
        if name in theirs and not _close(theirs[name], ours[expected]):
            yield f"{name!r} differs"


def _close(observed: NDArray[np.generic], expected: NDArray[np.generic]) -> bool:
    """Return whether numbers are alike: to a step in eight bits, to rounding in float32."""
    if expected.dtype == np.int8:
        return bool((np.abs(observed.astype(np.int16) - expected.astype(np.int16)) <= _STEP).all())
    if expected.dtype == np.float32:
        return bool(np.allclose(observed, expected, rtol=_TOLERANCE, atol=0, equal_nan=True))
    return bool(np.array_equal(observed, expected))


def _other_operators(bundle: Bundle) -> Iterator[str]:
    """Yield a sentence where the libraries are those of sealing, and yet write another graph."""
    if not environment_differences(bundle.manifest.environment).keys() & {"torch", "transformers"}:
        yield "other operators, or wired otherwise"


def _random_documents(bundle: Bundle) -> Iterator[Encoding]:
    """Yield documents of random tokens, special and rare ones too, of all lengths."""
    generator = np.random.default_rng(0)
    rows, longest = token_rows(bundle.network), bundle.preprocessing.truncation.max_length
    known = bundle.preprocessing.encode_documents(bundle.probe_documents)
    for index in range(_DOCUMENTS):
        tokens = int(generator.integers(2, longest + 1))
        ids = generator.integers(0, rows, (1, tokens))
        ids[0, generator.integers(0, tokens, tokens // 4)] = generator.integers(0, min(rows, 8))
        columns = known[index % len(known)].columns
        yield Encoding(ids, columns, CanonicalRow((), ()), 0, truncated=False)
