"""How errors are divided."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guards.sequential import error_budget
from guards.sequential.error_budget import shared


@given(st.floats(1e-6, 0.5), st.integers(1, 100))
def test_the_parts_add_up_to_the_whole(alpha: float, parts: int) -> None:
    """All parts together have the error that was divided."""
    assert shared(alpha, parts) * parts == pytest.approx(alpha)


def test_nothing_to_divide_among_leaves_the_whole() -> None:
    """Without a part the error is not divided, and no division fails."""
    assert shared(0.05, 0) == 0.05


def test_every_error_is_one_in_twenty() -> None:
    """The documented error of each conclusion is 5 %."""
    names = [name for name in error_budget.__all__ if name.endswith("ALPHA")]
    assert {name: getattr(error_budget, name) for name in names} == dict.fromkeys(names, 0.05)
