"""See to it that a guard does nothing but judge, while it judges."""

from __future__ import annotations

import os
import resource
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["watched"]

_ROOM_BYTES = 1024**3

_EVENTS = (
    "builtins.input",
    "code.__new__",
    "compile",
    "ctypes.",
    "exec",
    "import",
    "os.",
    "pty.spawn",
    "shutil.",
    "socket.",
    "subprocess.",
    "tempfile.",
    "urllib.",
)
"""What the interpreter reports when something is run, loaded, written or sent."""

_READING = {"os.listdir", "os.scandir", "os.walk", "os.fwalk"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass
class _Recorder:
    """Listens to the interpreter's audit trail when it is told to."""

    listening: bool = False
    heard: list[str] = field(default_factory=list)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note what a guard has no reason to cause."""
        if not self.listening or event in _READING:
            return
        if event == "compile" and arguments[1] == "<unknown>":
            return  # a literal is parsed, which numpy's own files have in their header
        if event.startswith(_EVENTS) or (event == "open" and arguments[2] & _WRITING):
            self.heard.append(f"{event} {arguments!r}"[:300])


@cache
def _recorder() -> _Recorder:
    """Return the one recorder: what listens to the audit trail stays until the process ends."""
    recorder = _Recorder()
    sys.addaudithook(recorder)
    return recorder


@contextmanager
def watched() -> Iterator[list[str]]:
    """Collect what is run, loaded, written or sent meanwhile, with 1 GiB more memory than now."""
    recorder = _recorder()
    recorder.heard = []
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + _ROOM_BYTES, hard))
    recorder.listening = True
    try:
        yield recorder.heard
    finally:
        recorder.listening = False
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
