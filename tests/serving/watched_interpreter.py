"""An interpreter that writes down what its processes connect to and write to."""

from __future__ import annotations

import json
import os
import site
import sys
from pathlib import Path

__all__ = ["make_interpreter", "read_notes"]

_WATCHER = """
import json, os, sys

NOTES = os.open({notes!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
REACHING = ("socket.connect", "socket.sendto", "socket.sendmsg")
REACHING += ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def note(kind, value):
    os.write(NOTES, (json.dumps([kind, value]) + "\\n").encode())


def hear(event, arguments):
    if event in REACHING:
        note("reached", event + " " + repr(arguments[-1] if "get" not in event else arguments[0]))
    elif event == "open" and arguments[2] & WRITING and not isinstance(arguments[0], int):
        note("written", os.path.abspath(os.fsdecode(arguments[0])))
    elif event == "os.mkdir" and not os.path.isdir(arguments[0]) or event == "os.rename":
        note("written", os.path.abspath(os.fsdecode(arguments[0])))


sys.addaudithook(hear)
note("started", sys.orig_argv)
"""
"""The audit trail of an interpreter has what Python code does, and native code may do more."""


def make_interpreter(directory: Path, notes: Path) -> Path:
    """Make an environment with everything that this one has, and return its interpreter.

    Each process of it notes what it reaches and writes, from before its first own line on.
    """
    libraries = directory / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    packages = libraries / "site-packages"
    packages.mkdir(parents=True)
    base = Path(sys.base_prefix) / "bin" / "python3"
    # What is installed beside the interpreter is not of this environment, unless named below.
    settings = f"home = {base.parent}\ninclude-system-site-packages = false\n"
    (directory / "pyvenv.cfg").write_text(settings, encoding="utf-8")
    interpreter = directory / "bin" / "python"
    interpreter.parent.mkdir()
    interpreter.symlink_to(base)
    (packages / "_watcher.py").write_text(_WATCHER.format(notes=os.fspath(notes)), encoding="utf-8")
    added = "".join(f"site.addsitedir({path!r}); " for path in site.getsitepackages())
    (packages / "_watcher.pth").write_text(f"import _watcher, site; {added}\n", encoding="utf-8")
    return interpreter


def read_notes(notes: Path, kind: str) -> list[str]:
    """Return what the processes have noted of one kind: started, reached or written."""
    lines = map(json.loads, notes.read_text(encoding="utf-8").splitlines())
    return [value for noted, value in lines if noted == kind]
