"""Which numbers a graph may compute with: those that the network computes with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from artifacts.bundle.binding.length_flow import Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from numpy.typing import NDArray

    from artifacts.bundle.binding.float_graph import FloatGraph
    from artifacts.bundle.binding.length_flow import LengthFlow

__all__ = ["constant_problems"]

_TOLERANCE = 1e-5
_NORMS = {"InstanceNormalization": (1.0, 0.0), "LayerNormalization": (1.0, 0.0)}
"""Scale and shift of a norm, where they are numbers: the network's own are tensors."""

_LEFT_OUT = frozenset({Kind.POSITION, Kind.BENT, Kind.DISTANCE, Kind.SIZE, Kind.AFFINE})
"""What is computed of where a token stands shows in every document of the greatest length."""


def constant_problems(
    graph: FloatGraph, flow: LengthFlow, known: Collection[float]
) -> Iterator[str]:
    """Yield a sentence for each number that is none of ``known``, nor the reciprocal of one.

    A trial shows what a number makes of weights and states of about one, and not what it makes of
    much larger ones, or much smaller.
    """
    allowed = np.array([0.0, 1.0, *known])
    with np.errstate(divide="ignore"):
        allowed = np.abs([*allowed, *(1 / allowed)])
    for node in graph.nodes:
        if flow.of(node.output[0]) in _LEFT_OUT:
            continue
        norm = _NORMS.get(node.op_type)
        for place, name in enumerate(node.input):
            value = graph.settings.get(name)
            if value is None or value.dtype != np.float32:
                continue
            number = float(value.flat[0])
            fits = _is_among(number, allowed) if norm is None else number == norm[place - 1]
            if not fits:
                yield f"{node.op_type!r} computes with {number:.3g}"
        for attribute in node.attribute:
            if attribute.name == "scale" and not _is_among(attribute.f, allowed):
                yield f"{node.op_type!r} scales by {attribute.f:.3g}"


def _is_among(number: float, allowed: NDArray[np.float64]) -> bool:
    return bool(np.isclose(abs(number), allowed, rtol=_TOLERANCE, atol=0).any())
