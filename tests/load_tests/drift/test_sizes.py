"""The smallest visible shift, in a few seeds."""

from __future__ import annotations

from load_tests.drift.changes import numeric
from load_tests.drift.sizes import share_found


def test_the_smallest_visible_shift_divides_found_from_unseen() -> None:
    """Of .206 deviations at two thousand rows, twice as much is found and half is not."""
    assert share_found(numeric(0.41), seeds=3, minutes=2000) == 1
    assert share_found(numeric(0.1), seeds=2, minutes=2000) == 0
