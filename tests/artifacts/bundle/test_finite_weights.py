"""A weight with which no network can compute is found, wherever it is."""

from __future__ import annotations

import pytest
import torch

from artifacts.bundle.finite_weights import weight_not_finite


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 2e15, -2e15])
def test_its_value_and_place_are_named(dtype: torch.dtype, value: float) -> None:
    """Whatever the precision, and among others that are sound."""
    spoilt = torch.ones((2, 3, 4), dtype=dtype)
    spoilt[1, 0, 2] = value

    found = weight_not_finite({"first": torch.ones(5), "second": spoilt})

    assert found == f"{spoilt[1, 0, 2].item():g} in 'second' at (1, 0, 2)"


def test_large_and_empty_weights_and_whole_numbers_are_sound() -> None:
    """Up to the limit, of no numbers at all, and of a type that has no NaN."""
    sound = {
        "large": torch.tensor([1e15, -1e15, 0.0], dtype=torch.float64),
        "empty": torch.ones((0, 4)),
        "whole": torch.tensor([2**62]),
        "scalar": torch.tensor(1.0),
    }
    assert weight_not_finite(sound) is None
