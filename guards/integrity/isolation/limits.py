"""What judging a bundle may cost, reckoned from the sizes of its files before any is opened."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, NamedTuple

from guards.bundle.directory import entries
from guards.errors import Finding, GuardRefused

if TYPE_CHECKING:
    from pathlib import Path

    from guards.json_types import JsonMapping, JsonObject

__all__ = ["DEFAULT_ALLOWANCE", "Allowance", "Limits", "limits_of", "too_costly"]

_GIB = 1024**3


class _Cost(NamedTuple):
    """What judging takes for each byte of a file, with room of three times what was measured."""

    memory_bytes: int
    seconds_per_gib: float


_ARRAYS = _Cost(4, 60.0)
"""Weights and graphs are loaded a few times over, and run on the probes."""

_JSON = _Cost(128, 600.0)
"""A tokenizer of 700,000 pieces takes 48 times its bytes while it is built and fingerprinted."""

_OTHER = _Cost(16, 240.0)

_DEEP_FACTOR = 4
_DEEP_S = 240.0
"""An exporter traces and rewrites the smallest network for some ten seconds."""

_WALL_FLOOR_S = 30.0
_WALL_PER_CPU = 4.0
"""A busy machine gives a process a part of a processor; wall time is for what waits."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the operator allows for one bundle.

    A bundle that may need more than ``memory_bytes`` is refused unread. ``seconds`` of processor
    time are for a bundle of any size; larger ones have more.
    """

    memory_bytes: int = 16 * _GIB
    seconds: float = 8.0


DEFAULT_ALLOWANCE = Allowance()


@dataclass(frozen=True, slots=True)
class Limits:
    """Memory and processor seconds that judging one bundle may take beyond what is used before.

    ``file_bytes`` is the size that a temporary file may have.
    """

    memory_bytes: int
    cpu_s: float
    file_bytes: int = 0

    @property
    def wall_s(self) -> float:
        """Seconds until a bundle without an answer is given up."""
        return _WALL_FLOOR_S + _WALL_PER_CPU * self.cpu_s

    def to_json(self) -> JsonObject:
        """Return the limits as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: JsonMapping) -> Limits:
        """Read what ``to_json`` returned."""
        return cls(**data)

    def deep(self) -> Limits:
        """Return the limits where graphs are derived again as well.

        Exporting and quantising copy the weights several times and write them to temporary files.
        """
        memory_bytes = _DEEP_FACTOR * self.memory_bytes
        return Limits(memory_bytes, _DEEP_FACTOR * self.cpu_s + _DEEP_S, memory_bytes)

    def __str__(self) -> str:
        """Write both in one phrase."""
        return f"{self.memory_bytes / _GIB:.1f} GiB of memory and {self.cpu_s:.0f} s of processor"


def limits_of(path: Path, allowance: Allowance = DEFAULT_ALLOWANCE) -> Limits:
    """Return the limits for the bundle at ``path``, from the sizes of its files alone.

    They are 1 GiB and ``allowance.seconds``, and for each file what its kind costs: for each byte
    of JSON 128 bytes and 600 s a GiB, of weights and graphs 4 bytes and 60 s a GiB, of anything
    else 16 bytes and 240 s a GiB. Where nothing can be listed they are those of an empty bundle:
    reading it says why. Raises ``GuardRefused`` where the memory is above the allowance, or where
    there are too many files.
    """
    try:
        files = [entry for entry in entries(path) if entry.kind == "file"]
    except OSError:
        files = []
    memory_bytes, cpu_s = _GIB, allowance.seconds
    for file in files:
        cost = _cost(file.name)
        memory_bytes += cost.memory_bytes * file.size_bytes
        cpu_s += cost.seconds_per_gib * file.size_bytes / _GIB
    limits = Limits(memory_bytes, cpu_s)
    if limits.memory_bytes > allowance.memory_bytes:
        size_bytes = sum(file.size_bytes for file in files)
        raise GuardRefused(str(path), [_above(path, size_bytes, limits, allowance)])
    return limits


def too_costly(path: str, limits: Limits, observed: str) -> Finding:
    """Return the finding for a bundle that took more than ``limits`` while it was judged."""
    return Finding(
        code="bundle_too_costly",
        subject=path,
        expected=f"judged within {limits}, reckoned from the sizes of its files",
        observed=observed,
    )


def _cost(name: str) -> _Cost:
    if name.endswith(".json"):
        return _JSON
    return _ARRAYS if name.startswith(("model/", "engines/")) else _OTHER


def _above(path: Path, size_bytes: int, limits: Limits, allowance: Allowance) -> Finding:
    return Finding(
        code="bundle_too_costly",
        subject=str(path),
        expected=f"at most {allowance.memory_bytes / _GIB:.1f} GiB of memory to judge it",
        observed=f"files of {size_bytes} bytes, which may need {limits.memory_bytes / _GIB:.1f} "
        "GiB; none was read",
        remedy="take the bundle from where it was sealed; where it is as large as it should be, "
        "raise UNDERSTUDY_GUARD_MEMORY_BYTES",
    )
