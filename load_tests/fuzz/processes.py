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

__all__ = ["Run", "run_watched"]

_POLL_S = 0.05


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

    @property
    def died(self) -> bool:
        """Whether it ended otherwise than by an exit code of its own."""
        return self.stopped is not None or self.code is None or self.code < 0


def run_watched(  # noqa: PLR0913 (each is a limit or a place)
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    max_silence_s: float,
    max_start_s: float,
    max_bytes: int,
) -> Run:
    """Run a command to its end, or until it is silent or uses memory beyond the limits.

    It is silent while no line comes on its standard error; ``max_start_s`` holds before the first.
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
        while process.poll() is None and run.stopped is None:
            reader.join(_POLL_S)
            run.peak_bytes = max(run.peak_bytes, used := _used_bytes(process.pid))
            last_s, limit_s = (run.lines[-1][0], max_silence_s) if run.lines else (0, max_start_s)
            silent_s = time.monotonic() - started_s - last_s
            if used > max_bytes:
                run.stopped = f"it used {used / 1e9:.1f} GB"
            elif silent_s > limit_s:
                run.stopped = f"it took over {limit_s:g} s"
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


def _used_bytes(pid: int) -> int:
    used = 0
    with suppress(psutil.Error):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.Error):
                used += process.memory_info().rss
    return used


def _end(process: subprocess.Popen[str]) -> None:
    """Kill what is left of the command, with all that it started."""
    with suppress(psutil.Error):
        left = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        for child in left:
            with suppress(psutil.Error):
                child.kill()
    process.wait()
