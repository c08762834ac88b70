"""A seeded part of the months without drift, and of the pre-screen's proof."""

from __future__ import annotations

import pytest

from load_tests.drift.false_alarms import SETTINGS, disagreements, month


@pytest.mark.parametrize("seed", range(len(SETTINGS)))
def test_a_day_without_drift_has_no_alarm(seed: int) -> None:
    """Thirty series of every setting stay silent."""
    found = month(seed, days=1)

    assert found.setting == SETTINGS[seed]
    assert found.alarms == ()


def test_the_prescreen_agrees_where_there_is_something_to_decide() -> None:
    """At every look of 15 minutes with three drifted series both rules find the same."""
    differed, alarms = disagreements(seed=3, minutes=15)

    assert differed == 0
    assert alarms >= 2
