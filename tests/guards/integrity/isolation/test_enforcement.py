"""Limits as the system enforces them, also where it does not tell everything."""

from __future__ import annotations

import subprocess
import sys

import pytest

from guards.integrity.isolation.enforcement import available

SCRIPT = """
import resource
from pathlib import Path
from guards.integrity.isolation import enforcement
from guards.integrity.isolation.limits import Limits

enforcement._STATUS = Path("/nowhere/status")
enforcement.enforce(Limits(1024**3, 8.0))
print(resource.getrlimit(resource.RLIMIT_DATA)[0], resource.getrlimit(resource.RLIMIT_FSIZE)[0])
print("memory" in enforcement.available(), "processor_time" in enforcement.available())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux alone")
def test_without_proc_all_but_memory_is_limited() -> None:
    """In a jail nothing says how much memory is taken: no limit is set, and none is claimed."""
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )

    assert ended.stdout.split() == ["-1", "0", "False", "True"]
    assert "memory" in available()
