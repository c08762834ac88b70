"""What ended a child, in words."""

from __future__ import annotations

import pytest

from guards.integrity.isolation.deaths import death, failure
from guards.integrity.isolation.limits import Limits

LIMITS = Limits(1024**3, 8.0)


@pytest.mark.parametrize(
    "said",
    [
        "RuntimeError: could not create a primitive",
        "could not create a memory object",
        "OpenBLAS: pthread_create failed: Resource temporarily unavailable",
        "libgomp: Thread creation failed: Resource temporarily unavailable",
        "terminate called after throwing an instance of 'std::bad_alloc'",
    ],
)
def test_libraries_say_in_many_words_that_there_is_no_memory(said: str) -> None:
    """A network that needs more than it may is too costly, and no hostile bundle."""
    assert death("bundle", LIMITS, -6, f"before\n{said}\n").code == "bundle_too_costly"
    assert failure("bundle", LIMITS, RuntimeError(said)).code == "bundle_too_costly"


def test_other_ends_are_crashes() -> None:
    """The last line that a library wrote is quoted, and its length bounded."""
    finding = death("bundle", LIMITS, -6, "before\n" + "x" * 5000)

    assert finding.code == "bundle_crashes"
    assert finding.observed.endswith("(5000 characters)")
    assert len(finding.observed) < 400


def test_an_error_that_memory_led_to_is_about_memory() -> None:
    """Libraries catch the one and raise another."""
    from_memory, after_memory = RuntimeError("a cause"), RuntimeError("a context")
    from_memory.__cause__, after_memory.__context__ = MemoryError(), from_memory

    assert failure("bundle", LIMITS, after_memory).code == "bundle_too_costly"


def test_errors_that_lead_to_each_other_are_told_once() -> None:
    """A library may raise the same error again while it handles another."""
    first, second = RuntimeError("one"), RuntimeError("other")
    first.__context__, second.__context__ = second, first

    assert failure("bundle", LIMITS, first).observed == "RuntimeError: one"
