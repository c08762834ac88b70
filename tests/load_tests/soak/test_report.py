"""What is made of samples that grow, and of those that do not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from load_tests.soak.report import after_warm_up, judge
from tests.load_tests.soak.samples import samples

if TYPE_CHECKING:
    from load_tests.soak.sampling import Sample


def test_a_service_that_only_wavers_is_as_promised() -> None:
    """Each line passes, and tells the slope of each process."""
    outcomes = judge(samples())

    assert list(outcomes) == ["answers", "processes", "memory", "descriptors", "p99"]
    assert {outcome.word for outcome in outcomes.values()} == {"pass"}
    assert outcomes["answers"].told == "360000 answered, 0 failed"
    assert "challenger +0.00, champion " in outcomes["memory"].told


@pytest.mark.parametrize(
    ("grown", "name"),
    [
        (samples(mib=12), "memory"),
        (samples(descriptors=6), "descriptors"),
        (samples(p99_ms=15), "p99"),
        (samples(failed=1), "answers"),
    ],
)
def test_what_grows_fails_alone(grown: list[Sample], name: str) -> None:
    """The others pass."""
    assert [name for name, outcome in judge(grown).items() if not outcome.passed] == [name]


def test_growth_within_the_limits_passes() -> None:
    """Figures that settle slowly are not refused."""
    assert all(outcome.passed for outcome in judge(samples(mib=6, p99_ms=4)).values())


def test_a_machine_that_slows_down_is_no_growth() -> None:
    """Its pace is told, and latency is judged at its median; what grows besides is seen."""
    outcome = judge(samples(slower=0.3))["p99"]

    assert outcome.passed
    assert "as measured +1" in outcome.told
    assert "its pace +2" in outcome.told
    assert not judge(samples(slower=-0.3, p99_ms=20))["p99"].passed


def test_what_grows_in_the_warm_up_alone_passes() -> None:
    """A cache that fills in ten minutes says nothing of the hour."""
    taken = samples()
    settled = after_warm_up(taken)
    heavy = replace(taken[0].processes["champion"], memory_mib=100.0)
    filling = [
        replace(sample, processes=sample.processes | {"champion": heavy})
        for sample in taken[: len(taken) - len(settled)]
    ]

    assert judge([*filling, *settled])["memory"].passed
    assert settled[0].elapsed_s == 610


def test_a_process_that_was_started_again_fails() -> None:
    """What the first one had lost does not show."""
    taken = samples()
    other = replace(taken[-1].processes["challenger"], pid=9)
    taken[-1] = replace(taken[-1], processes=taken[-1].processes | {"challenger": other})

    outcome = judge(taken)["processes"]

    assert not outcome.passed
    assert "'challenger': 8} and then {'champion': 7, 'challenger': 9}" in outcome.told
