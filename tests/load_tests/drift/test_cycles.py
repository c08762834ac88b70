"""A daily cycle with autocorrelation, for a day after four good weeks."""

from __future__ import annotations

from load_tests.drift.cycles import PATTERNS, Run, first_alarm

BOTH = Run(PATTERNS[-1], documents=200)


def test_taught_weeks_keep_a_cycle_silent() -> None:
    """Untaught it alarms within hours."""
    untaught = first_alarm(BOTH, seed=1, days=1, taught=False)

    assert first_alarm(BOTH, seed=1, days=1, taught=True) is None
    assert untaught is not None
    assert untaught < 1440


def test_a_taught_series_still_sees_a_large_change() -> None:
    """Thirty points are found within hours."""
    delay = first_alarm(BOTH._replace(change=0.3), seed=1, days=1, taught=True)

    assert delay is not None
    assert delay < 300
