"""How soon changes are found, in a few seeds."""

from __future__ import annotations

import numpy as np

from load_tests.drift.changes import category, numeric
from load_tests.drift.delays import oracle_delay, rule_delay
from load_tests.drift.false_alarms import Setting

SEEDS = range(5)


def test_ten_points_are_found_in_two_minutes() -> None:
    """At a thousand documents a minute the rule needs little more than the oracle."""
    change = category(0.2, 0.1)

    ours = [rule_delay(change, Setting(1000, 20_000), seed) for seed in SEEDS]
    oracle = [oracle_delay(change, 1000, seed) for seed in SEEDS]

    assert np.median(ours) <= 5 * np.median(oracle) + 1
    assert np.median(oracle) >= 1


def test_the_oracle_needs_what_its_information_says() -> None:
    """On average log(F T / .05) divided by the divergence of a minute, and no more than that."""
    change = category(0.2, 0.05)
    before, after = change.before[:-2], change.after[:-2]
    divergence = 50 * (after * np.log(after / before)).sum()

    delays = [oracle_delay(change, 50, seed) for seed in range(200)]

    expected = np.log(30 * 43_200 / 0.05) / divergence
    assert 0.8 * expected <= np.mean(delays) <= 1.1 * expected


def test_what_a_small_reference_cannot_show_is_not_found() -> None:
    """A tenth of a deviation with two thousand rows stays unseen, however many documents."""
    delay = rule_delay(numeric(0.1), Setting(1000, 2000), seed=1, minutes=3000)

    assert delay == np.inf
