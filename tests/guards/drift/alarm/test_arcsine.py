"""Shares on the arcsine scale: against the functions themselves."""

from __future__ import annotations

import numpy as np
import pytest

from guards.drift.alarm.arcsine import angle, moved


def test_the_scale_runs_from_zero_to_pi() -> None:
    """No share lies at 0, one half in the middle, and all at π."""
    assert angle([0, 0.5, 1]) == pytest.approx([0, np.pi / 2, np.pi])


@pytest.mark.parametrize("by", [-0.4, -0.03, 0.0, 0.03, 0.8])
def test_a_share_moves_by_an_angle(by: float) -> None:
    """The moved share lies at the moved angle, and its complement is its complement."""
    shares = np.linspace(0.2, 0.8, 13)

    share, rest = moved(shares, by)

    assert share == pytest.approx(np.sin((angle(shares) + by) / 2) ** 2)
    assert share + rest == pytest.approx(1)


def test_there_is_no_share_beyond_the_ends() -> None:
    """A share near none cannot fall, and a share near all cannot rise."""
    shares = np.array([1e-5, 1 - 1e-5])

    up, _ = moved(shares, 0.03)
    down, _ = moved(shares, -0.03)

    assert np.isnan(up).tolist() == [False, True]
    assert np.isnan(down).tolist() == [True, False]
