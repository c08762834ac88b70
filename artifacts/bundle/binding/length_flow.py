"""What a graph may do with the number of tokens and windows of a document.

A *size* comes of ``Shape``. It is added to numbers and multiplied by them, and says how large a
tensor is: so it is affine, and what is right for some lengths is right for all. A *position* counts
up to a size, and each element depends on where it stands alone: the longest document shows them
all. Where it is compared, multiplied with itself or rounded it is *bent*, and may only say what is
looked up, or be added to the scores of attention. A *distance* counts down from a size, and is
never bent.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import NodeProto

    from artifacts.bundle.binding.float_graph import FloatGraph

__all__ = ["Kind", "LengthFlow"]


class Kind(IntEnum):
    """What the values of a tensor depend on, beside weights."""

    WEIGHTS = 0
    UNIFORM = 1
    """One number throughout; the tensor is as large as the document."""
    POSITION = 2
    BENT = 3
    DISTANCE = 4
    SIZE = 5
    """A number of tokens or windows."""
    AFFINE = 6
    """A number that was computed of sizes."""
    DOCUMENT = 7


_SIZING = frozenset({"Expand", "Reshape", "Tile"})
"""Operators whose second input says how large their output is."""

_OF_SIZES = frozenset({"Concat", "Neg", "Reshape", "Squeeze", "Unsqueeze"})
_SCALING = frozenset({"Add", "Mul", "Sub"})
_LAYOUT = frozenset(
    {"Cast", "Concat", "Expand", "Neg", "Squeeze", "Tile", "Transpose", "Unsqueeze"}
)
_LINEAR = _LAYOUT | {"Add", "Cos", "Div", "Mul", "Sin", "Sub"}
"""What leaves a position one; of cosine and sine a graph has no more than its network."""

_BENDING = frozenset(
    {
        "Abs", "And", "Ceil", "Clip", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual",
        "Log", "Max", "Min", "Not", "Sign", "Where",
    }
)  # fmt: skip
_OF_DISTANCES = _LAYOUT | {"Cos", "Einsum", "Mul", "Sin"}
_LOOKING_UP = frozenset({"Gather", "GatherElements", "GatherND"})
_MIXING = frozenset({"Add", "Div", "Einsum", "MatMul", "Mul", "Sub", "Where"})
"""How positions reach what depends on the document; ``operations`` counts those with products."""

_LENGTH, _POSITIONS = "the length of a document", "positions"
_FLOAT = 1
_CASTS = frozenset({_FLOAT, 6, 7, 9})
"""Float32, two kinds of integers, and truth values."""


class LengthFlow:
    """What the tensors of a graph depend on; ``problems`` has a sentence for each misuse."""

    def __init__(self, graph: FloatGraph, max_tokens: int) -> None:
        """Follow the operators, for documents of at most ``max_tokens`` tokens."""
        self.kinds = {"input_ids": Kind.DOCUMENT, "columns": Kind.DOCUMENT}
        self.problems: list[str] = []
        self._constants = {**graph.weights, **graph.settings, **graph.unknown}
        self._scores = _scores(graph)
        self._max_tokens = max_tokens
        for node in graph.nodes:
            kind = self._kind(node)
            self.kinds.update(dict.fromkeys(node.output, kind))

    def of(self, name: str) -> Kind:
        """Return what a tensor depends on."""
        return self.kinds.get(name, Kind.WEIGHTS)

    def _kind(self, node: NodeProto) -> Kind:  # noqa: PLR0911 (a table of cases)
        operator, kinds = node.op_type, [self.of(name) for name in node.input]
        if operator == "Cast" and node.attribute[0].i not in _CASTS:
            self._refuse(node, "numbers of another size")
        if operator == "Shape":
            return Kind.SIZE
        if max(kinds) == Kind.WEIGHTS:
            return Kind.WEIGHTS
        if operator == "Range":
            return self._counted(node, kinds)
        if operator == "Slice" and kinds[0] != Kind.DOCUMENT:
            return self._prefix(node, kinds)
        if operator in _SIZING and kinds[1] in {Kind.SIZE, Kind.AFFINE}:
            return self._sized(node, kinds[0])
        if max(kinds) == Kind.DOCUMENT:
            self._check_mixing(node, kinds)
            return Kind.DOCUMENT
        if max(kinds) in {Kind.SIZE, Kind.AFFINE}:
            return self._of_sizes(node, kinds)
        return self._of_positions(node, kinds)

    def _sized(self, node: NodeProto, kind: Kind) -> Kind:
        """Return the kind of a tensor that a size says the shape of."""
        if kind in {Kind.SIZE, Kind.AFFINE}:
            self._refuse(node, _LENGTH)
        elif node.op_type != "Expand" and kind not in {Kind.WEIGHTS, Kind.UNIFORM, Kind.DOCUMENT}:
            self._refuse(node, _POSITIONS)
        return kind or self._filled(node.input[0])

    def _filled(self, table: str) -> Kind:
        """Return the kind of the rows of a table, as many as a document needs."""
        value = self._constants.get(table)
        uniform = value is not None and bool((value == value.flat[:1]).all())
        return Kind.UNIFORM if uniform else Kind.POSITION

    def _of_sizes(self, node: NodeProto, kinds: list[Kind]) -> Kind:
        computed = node.op_type in _SCALING and min(kinds) == Kind.WEIGHTS
        picked = node.op_type == "Gather" and kinds[1] == Kind.WEIGHTS
        known = {*kinds} <= {Kind.WEIGHTS, Kind.SIZE, Kind.AFFINE}
        if not (computed or picked or (known and node.op_type in _OF_SIZES)):
            self._refuse(node, _LENGTH)
        return Kind.AFFINE if computed else max(kinds)

    def _of_positions(self, node: NodeProto, kinds: list[Kind]) -> Kind:
        operator, kind = node.op_type, max(kinds)
        rounds = operator == "Cast" and node.attribute[0].i != _FLOAT
        if operator in _LOOKING_UP:
            if kinds[0] > Kind.UNIFORM:
                self._refuse(node, _POSITIONS)
            return kinds[0] or kind
        if kind == Kind.DISTANCE:
            joined = operator == "Concat" or kinds.count(kind) == 1
            if rounds or not joined or operator not in _OF_DISTANCES:
                self._refuse(node, _POSITIONS)
            return kind
        known = operator in _LINEAR | _BENDING or (
            operator == "Reshape" and self._is_single(node.input[1])
        )
        if not known:
            self._refuse(node, _POSITIONS)
        if kind == Kind.UNIFORM:
            others = () if operator in _LAYOUT else node.input
            uniform = all(self.of(name) or self._is_single(name) for name in others)
            return Kind.UNIFORM if uniform and operator != "Concat" else Kind.POSITION
        bends = operator in _BENDING or rounds or _multiplies(operator, kinds)
        return Kind.BENT if bends else kind

    def _is_single(self, name: str) -> bool:
        return name in self._constants and self._constants[name].size == 1

    def _counted(self, node: NodeProto, kinds: list[Kind]) -> Kind:
        """Return the kind of a range: all of its values lie between zero and a size."""
        start, _, step = (self._constants.get(name) for name in node.input)
        counts = (_is(step, 1) or _is(step, -1)) and kinds[1] == Kind.SIZE
        if not counts or not (kinds[0] == Kind.SIZE or _is(start, 0)):
            self._refuse(node, _LENGTH)
        return Kind.DISTANCE if kinds[0] == Kind.SIZE else Kind.POSITION

    def _prefix(self, node: NodeProto, kinds: list[Kind]) -> Kind:
        """Return the kind of the first rows of a table."""
        table, start, *steps = (
            self._constants.get(name) for name in (*node.input[:2], *node.input[4:])
        )
        whole = table is not None and max(table.shape, default=0) >= self._max_tokens
        rows = kinds[2] == Kind.SIZE and _is(start, 0) and all(_is(step, 1) for step in steps)
        if not whole or not rows:
            self._refuse(node, _LENGTH)
        return self._filled(node.input[0])

    def _check_mixing(self, node: NodeProto, kinds: list[Kind]) -> None:
        """Refuse what reaches values of the document, and is more than a position."""
        for index, kind in enumerate(kinds):
            if kind in {Kind.SIZE, Kind.AFFINE}:
                self._refuse(node, _LENGTH)
            elif kind in {Kind.WEIGHTS, Kind.DOCUMENT}:
                continue
            elif node.op_type in _LOOKING_UP:
                if index == 0 and kind != Kind.UNIFORM:
                    self._refuse(node, _POSITIONS)
            elif node.op_type not in _MIXING or (
                kind == Kind.BENT and node.output[0] not in self._scores
            ):
                self._refuse(node, _POSITIONS)

    def _refuse(self, node: NodeProto, what: str) -> None:
        self.problems.append(f"{node.op_type!r} computes with {what}")


def _is(value: NDArray[np.generic] | None, number: int) -> bool:
    return value is not None and value.size == 1 and bool(value.item() == number)


def _multiplies(operator: str, kinds: list[Kind]) -> bool:
    """Return whether an operator multiplies positions, or divides by them."""
    if operator == "Div":
        return kinds[1] > Kind.UNIFORM
    return operator == "Mul" and min(kinds) > Kind.UNIFORM


def _scores(graph: FloatGraph) -> set[str]:
    """Return the tensors that reach nothing but a softmax, by being added to."""
    readers: dict[str, list[NodeProto]] = {}
    for node in graph.nodes:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    found: set[str] = set()
    for node in reversed(graph.nodes):
        after = readers.get(node.output[0], [])
        if after and all(
            one.op_type == "Softmax" or (one.op_type in {"Add", "Where"} and one.output[0] in found)
            for one in after
        ):
            found.add(node.output[0])
    return found
