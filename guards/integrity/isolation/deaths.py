"""What ended a child or stopped its work, as a finding."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

from guards.errors import Finding, first_line
from guards.integrity.isolation.limits import too_costly
from guards.text import printable

if TYPE_CHECKING:
    from guards.integrity.isolation.limits import Limits

__all__ = ["death", "failed_start", "failure", "ran_out_of_memory", "speaks_of_memory"]

_MEMORY = re.compile(
    r"MemoryError|bad_alloc|out of memory|(can.?t|cannot|could not|unable to) allocate|"
    r"(memory )?allocation of \d+ bytes failed|failed to allocate|bad allocation|bad_array_new|"
    r"could not create a (primitive|memory)|thread creation failed|"
    r"resource temporarily unavailable",
    re.IGNORECASE,
)
"""How Python, C++, Rust, torch, oneDNN and onnxruntime say that there is no memory.

A thread needs some for its stack.
"""

_MAX_LINE = 200


def death(path: str, limits: Limits, returncode: int, complaints: str) -> Finding:
    """Return the finding for a bundle whose child ended without an answer.

    ``returncode`` is that of ``subprocess``, negative for a signal, and ``complaints`` is the end
    of its standard error.
    """
    if returncode == -signal.SIGXCPU:
        return too_costly(path, limits, f"more than {limits.cpu_s:.0f} s of processor time")
    if returncode == -signal.SIGKILL:
        return too_costly(path, limits, "the system killed the process that judged it")
    said = _last_line(complaints)
    if speaks_of_memory(complaints):
        return too_costly(path, limits, f"more memory: {said}")
    observed = f"the process that judged it {_ending(returncode)}"
    return _crash(path, observed + (f": {said}" if said else ""))


def failed_start(returncode: int | None, complaints: str) -> str:
    """Return in a line why a child took no job; a ``returncode`` of None is one that goes on."""
    ending = "it is not ready in time" if returncode is None else f"it {_ending(returncode)}"
    said = _last_line(complaints)
    return f"the guard's process does not start: {ending}" + (f": {said}" if said else "")


def failure(path: str, limits: Limits, error: BaseException) -> Finding:
    """Return the finding for a bundle on which the child's own code raised ``error``."""
    if ran_out_of_memory(error):
        return too_costly(path, limits, f"more memory: {first_line(error)}")
    return _crash(path, f"{type(error).__name__}: {first_line(error)}")


def ran_out_of_memory(error: BaseException | None) -> bool:
    """Return whether an error, or one that led to it, is an allocation that failed."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, MemoryError) or speaks_of_memory(str(error)):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def speaks_of_memory(text: str) -> bool:
    """Return whether a message of a library says that an allocation failed."""
    return _MEMORY.search(text) is not None


def _crash(path: str, observed: str) -> Finding:
    return Finding("bundle_crashes", path, "a judgement", observed)


def _ending(returncode: int) -> str:
    if returncode >= 0:
        return f"ended with code {returncode}"
    try:
        name = signal.Signals(-returncode).name
    except ValueError:
        name = f"signal {-returncode}"
    return f"was ended by {name}"


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return printable(lines[-1], _MAX_LINE) if lines else ""
