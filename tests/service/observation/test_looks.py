"""Windows are joined until the next look, once a minute."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from service.observation.looks import Looks
from tests.good_weeks import MONDAY, Weeks
from tests.guards.drift.test_taught import a_reference

WINDOWS = list(
    Weeks(a_reference(), minutes=1, documents={"emea": 10}).windows(4 / 1440, first_day=1)
)


def test_windows_within_a_minute_are_joined() -> None:
    """What came meanwhile waits, and is looked at together, with its segments."""
    looks = Looks()

    first = looks.add(WINDOWS[0], 1000.0)
    waiting = [looks.add(window, 1000.0 + second) for second, window in enumerate(WINDOWS[1:])]
    assert looks.waiting
    together = looks.add(None, 1060.0)

    assert first is not None
    assert waiting == [None] * 3
    assert together is not None
    assert not looks.waiting
    assert (first.minute, together.minute) == (0, 1)
    assert sum(together.features("")["court"]["counts"]) == 30
    assert together.champion["segments"]["named"]["emea"]["documents"] == 30
    assert together.features("docs/2") == {}


def test_nothing_is_looked_at_twice() -> None:
    """Without a window there is no look, however late it is."""
    looks = Looks()
    looks.add(WINDOWS[0], 0.0)

    assert looks.add(None, 600.0) is None
    assert not looks.waiting


def test_the_hour_is_that_of_the_middle_of_the_last_window() -> None:
    """A window of an hour that ends at midnight lay in the evening, in UTC."""
    sunday = MONDAY + timedelta(days=6, hours=23, minutes=1)
    window = replace(WINDOWS[0], start=sunday, end=sunday + timedelta(minutes=59))

    look = Looks().add(window, 0.0)

    assert look is not None
    assert look.hour == 167
