"""Find a weight with which no network can compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FINITE_WEIGHTS", "weight_not_finite"]

_MAX_WEIGHT = 1e15
"""Layer normalisation squares what it gets, and the squares of much larger numbers are infinite in
float32."""

FINITE_WEIGHTS = f"finite weights of at most {_MAX_WEIGHT:g}"
"""What is expected where ``weight_not_finite`` returns something."""


def weight_not_finite(weights: Mapping[str, torch.Tensor]) -> str | None:
    """Return the value and place of a weight that is NaN, infinite or too large; None without.

    The probes use few of the rows of an embedding, so answers to them say nothing of the others.
    """
    for name, weight in weights.items():
        if not weight.is_floating_point() or weight.numel() == 0:
            continue
        smallest, largest = torch.aminmax(weight)
        # Both are NaN where any weight is.
        if smallest >= -_MAX_WEIGHT and largest <= _MAX_WEIGHT:
            continue
        index = tuple((~(weight.abs() <= _MAX_WEIGHT)).nonzero()[0].tolist())
        return f"{weight[index].item():g} in {name!r} at {index}"
    return None
