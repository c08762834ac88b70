"""Run a command that judges many bundles, and see what it costs while it runs."""

from __future__ import annotations

import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Run", "SilenceLimits", "run_watched", "used_by"]

_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class SilenceLimits:
    """How much processor and wall time may pass without a line."""

    cpu_s: float
    wall_s: float


@dataclass(slots=True)
class Run:
    """How a command ended: ``stopped`` says why it was ended, if it was.

    ``lines`` are those of its standard error with the second at which each came, counted from the
    start. ``peak_bytes`` is the largest memory that its processes held together.
    """

    lines: list[tuple[float, str]] = field(default_factory=list)
    output: str = ""
    code: int | None = None
    stopped: str | None = None
    peak_bytes: int = 0


def run_watched(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    limits: SilenceLimits,
    max_bytes: int,
) -> Run:
    """Run a command to its end, or until it is silent or uses memory beyond the limits.

    It is silent while no line comes on its standard error.
    """
    run, started_s = Run(), time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(  # noqa: S603 (our own commands)
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            errors="backslashreplace",
            start_new_session=True,
        )
        reader = threading.Thread(target=_read, args=(process, run, started_s))
        reader.start()
        lines, cpu_at_line_s = 0, 0.0
        while process.poll() is None and run.stopped is None:
            reader.join(_POLL_S)
            used_bytes, cpu_s = used_by(process.pid)
            run.peak_bytes = max(run.peak_bytes, used_bytes)
            if len(run.lines) > lines:
                lines, cpu_at_line_s = len(run.lines), cpu_s
            last_s = run.lines[-1][0] if run.lines else 0.0
            if used_bytes > max_bytes:
                run.stopped = f"it used {used_bytes / 1e9:.1f} GB"
            elif cpu_s - cpu_at_line_s > limits.cpu_s:
                run.stopped = f"it took over {limits.cpu_s:g} s of processor"
            elif time.monotonic() - started_s - last_s > limits.wall_s:
                run.stopped = f"it took over {limits.wall_s:g} s"
        _end(process)
        reader.join()
        if process.stderr is not None:
            process.stderr.close()
        output.seek(0)
        run.output = output.read()
    run.code = process.returncode
    return run


def _read(process: subprocess.Popen[str], run: Run, started_s: float) -> None:
    for line in process.stderr or ():
        run.lines.append((time.monotonic() - started_s, line.rstrip("\n")))


def used_by(pid: int) -> tuple[int, float]:
    """Return the memory that a process and its children hold, and their processor seconds.

    Those of children that have ended count when their parents have waited for them.
    """
    used_bytes, cpu_s = 0, 0.0
    with suppress(psutil.Error):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.Error):
                used_bytes += process.memory_info().rss
                user, system, children_user, children_system, *_ = process.cpu_times()
                cpu_s += user + system + children_user + children_system
    return used_bytes, cpu_s


def _end(process: subprocess.Popen[str]) -> None:
    """Kill what is left of the command, with all that it started."""
    with suppress(psutil.Error):
        left = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        for child in left:
            with suppress(psutil.Error):
                child.kill()
    process.wait()
