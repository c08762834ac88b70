"""What libraries leave in the temporary directory goes with the service."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

from guards.errors import CallError
from service.private_directory import private_directory

if TYPE_CHECKING:
    from pathlib import Path

CODE = """
import subprocess, sys, tempfile
from service.private_directory import private_directory

private_directory()
ours = tempfile.mkdtemp()
theirs = subprocess.check_output(["mktemp", "-d"], text=True)
print(ours, theirs, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("number", [None, signal.SIGTERM])
def test_the_directory_is_removed_with_all_that_is_in_it(
    number: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the end, and where a stop comes before the service has begun to listen to signals."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        made = process.stdout.readline().split()
        (directory,) = tmp_path.iterdir()
        assert all(path.startswith(f"{directory}/") for path in made)
        assert directory.stat().st_mode & 0o777 == 0o700
        if number is not None:
            process.send_signal(number)
        process.communicate()
    assert process.returncode == (0 if number is None else 143)
    assert list(tmp_path.iterdir()) == []


def test_where_none_can_be_made_it_says_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line for the operator, not the failure of a library."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(CallError, match="No such file or directory; set TMPDIR"):
        private_directory()
