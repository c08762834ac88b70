"""How what peers flag is summed up."""

from __future__ import annotations

import numpy as np
import pytest

from load_tests.drift.defaults.peers import Flagged


def test_flags_of_several_days_are_summed_up() -> None:
    """A window alarms with its first flagged feature; there are thirty features."""
    days = [Flagged(np.array([0, 3]), 1.0), Flagged(np.array([0, 0]), 2.0)]

    found = Flagged.joined(days)

    assert found.alarmed == 0.25
    assert found.share == pytest.approx(3 / 120)
    assert found.window_s == 0.75
