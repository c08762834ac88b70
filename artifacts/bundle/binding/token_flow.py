"""What a graph may do with token ids: look up word embeddings, and tell padding from the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from onnx import NodeProto

    from artifacts.bundle.binding.float_graph import FloatGraph

__all__ = ["token_problems"]

_REARRANGING = frozenset({"Cast", "Expand", "Reshape", "Squeeze", "Transpose", "Unsqueeze"})
_OF_A_MASK = _REARRANGING | {"Add", "And", "CumSum", "Mul", "Not", "Where"}
"""How the positions of a model that does not count padding come of where it is."""


def token_problems(graph: FloatGraph, words: str, padding: Collection[int]) -> Iterator[str]:
    """Yield a sentence for each other use of token ids.

    ``words`` names the tensor of the network that holds the word embeddings; ``padding`` are the
    ids that the configuration names for padding.
    """
    ids, mask = {"input_ids"}, set[str]()
    for node in graph.nodes:
        if ids.intersection(node.input):
            if node.op_type in _REARRANGING:
                ids.update(node.output)
            elif node.op_type == "Equal" and _compares_with(node.input, graph, padding):
                mask.update(node.output)
            elif node.op_type != "Shape" and not _looks_up_words(node, graph, words):
                yield f"{node.op_type!r} computes with token ids"
        elif mask.intersection(node.input):
            if node.op_type in _OF_A_MASK:
                mask.update(node.output)
            elif node.op_type not in {"Gather", "GatherElements"} or node.input[0] in mask:
                yield f"{node.op_type!r} computes with where padding is"


def _compares_with(names: Collection[str], graph: FloatGraph, padding: Collection[int]) -> bool:
    settings = [graph.settings[name] for name in names if name in graph.settings]
    return len(settings) == 1 and settings[0].size == 1 and int(settings[0].item()) in padding


def _looks_up_words(node: NodeProto, graph: FloatGraph, words: str) -> bool:
    return node.op_type == "Gather" and graph.names.get(node.input[0]) == words
