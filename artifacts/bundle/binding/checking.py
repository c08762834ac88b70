"""Check that a graph computes a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from transformers import PreTrainedModel

from artifacts.bundle.binding.constants import constant_problems
from artifacts.bundle.binding.float_graph import FloatGraph, float_graph
from artifacts.bundle.binding.length_flow import LengthFlow
from artifacts.bundle.binding.operations import operations_of
from artifacts.bundle.binding.token_flow import token_problems
from artifacts.bundle.binding.trial import Trial, tensors_of
from artifacts.bundle.binding.weights import Weights
from artifacts.bundle.network import model_of
from guards.errors import Finding, first_line
from guards.integrity.graph import EMBEDDING, LOGITS, check_graph, read_graph, summary

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from onnx import ModelProto

    from artifacts.bundle.network import Network

__all__ = ["check_engine"]

_TOLERANCE = 1e-4


def check_engine(subject: str, data: bytes, network: Network, max_tokens: int) -> Iterator[Finding]:
    """Yield a finding if a graph is not allowed, or does not compute a network.

    ``data`` is the file at ``subject``, ``max_tokens`` the length of the longest window. Raises
    ``ValueError`` for bytes that are no graph.
    """
    model = read_graph(data)
    forbidden = [*check_graph(subject, model)]
    yield from forbidden
    if forbidden:
        return
    try:
        problems = [*_differences(model, network, max_tokens)]
    except Exception as error:  # noqa: BLE001 (a hostile graph may make anything raise)
        problems = [f"{type(error).__name__}: {first_line(error)}"]
    if problems:
        yield Finding(
            code="engine_not_of_these_weights",
            subject=subject,
            expected="a graph that computes the network of this bundle, with its weights",
            observed=summary(problems),
        )


def _differences(model: ModelProto, network: Network, max_tokens: int) -> Iterator[str]:
    graph = float_graph(model, Weights(tensors_of(network)))
    words = _words_of(network)
    yield from token_problems(graph, words, _padding(network))
    yield from _epsilon_problems(graph, network)
    yield from _head_problems(graph, network)
    yield from _embedding_problems(model, graph)
    flow = LengthFlow(graph, max_tokens)
    yield from flow.problems
    trial = Trial(model, graph, network, words)
    needed, recording = trial.recorded()
    yield from _superfluous(operations_of(graph, flow), needed)
    yield from constant_problems(graph, flow, recording.numbers)
    for name, value in graph.unknown.items():
        if not any(_same(value, one) for one in recording.kept):
            yield f"{name!r} is no tensor of the network"
    yield from trial.unequal(max_tokens)


def _superfluous(
    observed: tuple[Counter[str], Counter[str]], needed: tuple[Counter[str], Counter[str]]
) -> Iterator[str]:
    for of_graph, of_network in zip(observed, needed, strict=True):
        for kind, count in of_graph.items():
            if count > of_network[kind]:
                yield f"{count} {kind}, where the network has {of_network[kind]}"


def _words_of(network: Network) -> str:
    words = model_of(network).get_input_embeddings().get_parameter("weight")
    return next(name for name, tensor in network.named_parameters() if tensor is words)


def _padding(network: Network) -> set[int]:
    modules = [m for m in network.modules() if isinstance(m, torch.nn.Embedding)]
    named = {module.padding_idx for module in modules}
    return {int(value) for value in named if value is not None}


def _epsilon_problems(graph: FloatGraph, network: Network) -> Iterator[str]:
    """Yield a sentence for a normalisation whose epsilon no layer of the network has."""
    names = ("eps", "variance_epsilon")
    known = {
        float(np.float32(getattr(m, n))) for m in network.modules() for n in names if hasattr(m, n)
    }
    for node in graph.nodes:
        for attribute in node.attribute:
            if attribute.name == "epsilon" and attribute.f not in known:
                yield f"epsilon {attribute.f:.2g} of {node.op_type!r}"


def _head_problems(graph: FloatGraph, network: Network) -> Iterator[str]:
    """Yield a sentence for attention by another number of heads."""
    configs = [m.config for m in network.modules() if isinstance(m, PreTrainedModel)]
    known = {getattr(config, "num_attention_heads", None) for config in configs}
    for node in graph.nodes:
        for attribute in node.attribute:
            if attribute.name == "num_heads" and attribute.i not in known:
                yield f"{attribute.i} heads of {node.op_type!r}"


def _embedding_problems(model: ModelProto, graph: FloatGraph) -> Iterator[str]:
    """Yield a sentence where the logits depend on the text by more than the embedding."""
    if all(one.name != EMBEDDING for one in model.graph.output):
        return
    beside = {"input_ids"}
    for node in graph.nodes:
        if not beside.isdisjoint(node.input):
            beside.update({*node.output} - {EMBEDDING})
    if LOGITS in beside:
        yield f"the {LOGITS!r} depend on the text by more than the {EMBEDDING!r}"


def _same(value: NDArray[np.generic], kept: NDArray[np.generic]) -> bool:
    return value.size == kept.size and bool(
        np.allclose(value.ravel(), kept.ravel(), rtol=_TOLERANCE, atol=1e-6)
    )
