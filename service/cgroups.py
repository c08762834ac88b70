"""What the control groups of this process limit: its processor time and its memory.

A group is limited by those above it too. Linux has the hierarchies of version 1, one for each
controller, that of version 2, or both side by side. ``/proc/self/cgroup`` names the groups of a
process, and ``/proc/self/mountinfo`` where they are to be seen. What is missing, cannot be read or
is malformed limits nothing.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["SYSTEM", "cpu_quota", "memory_limit"]

SYSTEM = Path("/")
"""The root that paths are read below; tests lay out others."""

_GROUP = re.compile(r"[0-9]+:(?P<controllers>[^:]*):(?P<group>/.*)")
_MOUNT = re.compile(
    r"[^ ]+ [^ ]+ [^ ]+ (?P<top>[^ ]+) (?P<directory>/[^ ]*) .* - "
    r"(?P<kind>cgroup2?) [^ ]+ (?P<options>[^ ]+)"
)
_ESCAPED = re.compile(r"\\([0-7]{3})")
"""How a space and the like is written in ``mountinfo``."""


class _Mount(NamedTuple):
    """Where groups are to be seen: those below ``top``, of one controller or of version 2."""

    directory: Path
    top: PurePosixPath
    group: PurePosixPath
    """The group of this process in the hierarchy."""

    @property
    def has_group(self) -> bool:
        return ".." not in self.group.parts and self.group.is_relative_to(self.top)

    def groups(self) -> Iterator[Path]:
        """Yield the directory of the group, and those above it.

        Where the group is elsewhere, as it may look from a container, they are that of the mount.
        """
        inner = self.group.relative_to(self.top) if self.has_group else PurePosixPath()
        for part in (inner, *inner.parents):
            yield self.directory / part


def cpu_quota(root: Path = SYSTEM) -> float | None:
    """Return how many processors' time this process may use; None without a quota."""
    found = (_quota(group) for group in _groups("cpu", root))
    return min((quota for quota in found if quota), default=None)


def memory_limit(root: Path = SYSTEM) -> int | None:
    """Return how much memory this process and those that share its groups may use, or None."""
    found = (_memory_bytes(group) for group in _groups("memory", root))
    return min((size_bytes for size_bytes in found if size_bytes), default=None)


def _quota(group: Path) -> float | None:
    words = _words(group / "cpu.max") or [
        *_words(group / "cpu.cfs_quota_us"),
        *_words(group / "cpu.cfs_period_us"),
    ]
    try:
        # Without a quota, version 2 says ``max``, and version 1 says -1.
        quota_us, period_us = map(int, words)
        return quota_us / period_us if min(quota_us, period_us) > 0 else None
    except (ValueError, OverflowError):
        return None


def _memory_bytes(group: Path) -> int | None:
    words = _words(group / "memory.max") or _words(group / "memory.limit_in_bytes")
    try:
        (size_bytes,) = map(int, words)
    except ValueError:
        return None
    return size_bytes if size_bytes > 0 else None


def _groups(controller: str, root: Path) -> Iterator[Path]:
    """Yield the directories of the groups that may limit this process."""
    named = _named(root)
    for name in (controller, ""):
        if name in named:
            mounts = list(_mounts(name, named[name], root))
            for mount in [mount for mount in mounts if mount.has_group] or mounts:
                yield from mount.groups()


def _named(root: Path) -> Mapping[str, PurePosixPath]:
    """Return the group of this process by controller; the one of version 2 has an empty name."""
    groups: dict[str, PurePosixPath] = {}
    for line in _lines(root / "proc/self/cgroup"):
        if match := _GROUP.fullmatch(line):
            group = PurePosixPath(match["group"])
            groups |= dict.fromkeys(match["controllers"].split(","), group)
    return groups


def _mounts(controller: str, group: PurePosixPath, root: Path) -> Iterator[_Mount]:
    """Yield where the hierarchy of a controller, or with an empty name of version 2, is mounted."""
    kind = "cgroup" if controller else "cgroup2"
    for line in _lines(root / "proc/self/mountinfo"):
        match = _MOUNT.fullmatch(line)
        if match and match["kind"] == kind and controller in ("", *match["options"].split(",")):
            directory, top = _unescaped(match["directory"]), _unescaped(match["top"])
            yield _Mount(root / directory.lstrip("/"), PurePosixPath(top), group)


def _unescaped(path: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 8)), path)


def _words(path: Path) -> list[str]:
    return " ".join(_lines(path)).split()


def _lines(path: Path) -> list[str]:
    """Return the lines of a file, none where it cannot be read; names may hold any bytes."""
    try:
        return path.read_bytes().decode(errors="surrogateescape").split("\n")
    except (OSError, ValueError):
        return []
