"""Limits as the system enforces them, also where it does not tell everything."""

from __future__ import annotations

import subprocess
import sys

import pytest

from guards.integrity.isolation.enforcement import available

SETTING = """
import resource
from pathlib import Path
from guards.integrity.isolation import enforcement
from guards.integrity.isolation.enforcement import enforce
from guards.integrity.isolation.limits import Limits

def soft(name):
    return resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[0]
"""
WITHOUT_PROC = """
enforcement._STATUS = Path("/nowhere/status")
enforce(Limits(1024**3, 8.0))
print(soft("DATA"), soft("FSIZE"))
print("memory" in enforcement.available(), "processor_time" in enforcement.available())
"""
TAKEN = """
kept = bytearray(256 * 1024**2)
enforce(Limits(64 * 1024**2, 8.0))
more = bytearray(32 * 1024**2)
print("room")
"""
LOWER = """
resource.setrlimit(resource.RLIMIT_CPU, (100, 100))
enforce(Limits(1024**3, 5.0))
enforce(Limits(1024**3, 500.0))
print(soft("CPU"))
"""


def printed(script: str) -> list[str]:
    """Return the words that a script prints in a process of its own."""
    ended = subprocess.run(
        [sys.executable, "-c", SETTING + script], capture_output=True, text=True, check=True
    )
    return ended.stdout.split()


def test_no_core_is_dumped_and_few_files_are_open() -> None:
    """A crash leaves nothing of a bundle on the disk."""
    written = 'enforce(Limits(1024**3, 8.0, 5)); print(soft("CORE"), soft("NOFILE"), soft("FSIZE"))'
    assert printed(written) == ["0", "256", "5"]


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux alone")
def test_memory_that_was_taken_before_does_not_count() -> None:
    """Libraries take some when they are imported."""
    assert printed(TAKEN) == ["room"]


def test_a_lower_limit_of_the_system_stays() -> None:
    """Also for a bundle after one that had even less."""
    assert printed(LOWER) == ["100"]


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux alone")
def test_without_proc_all_but_memory_is_limited() -> None:
    """In a jail nothing says how much memory is taken: no limit is set, and none is claimed."""
    assert printed(WITHOUT_PROC) == ["-1", "0", "False", "True"]
    assert "memory" in available()
