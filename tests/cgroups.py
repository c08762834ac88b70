"""Control groups for tests: laid out in a directory, and real ones with a CPU quota."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.patience import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["V1", "V2", "group_of_one_core", "lay_out"]

_GROUPS = Path("/sys/fs/cgroup")
_PERIOD_US = 100_000

V1 = "30 20 0:2{number} {top} {directory} rw,relatime shared:7 - cgroup cgroup rw,{controllers}"
"""A line of ``mountinfo`` for controllers of version 1."""

V2 = "30 20 0:30 {top} {directory} rw,nosuid - cgroup2 cgroup2 rw,nsdelegate"


def lay_out(
    root: Path, groups: Sequence[str], mounts: Sequence[str], files: Mapping[str, str]
) -> Path:
    """Write what the system shows of control groups below ``root``, and return it."""
    root_mount = "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard"
    shown = {
        "proc/self/cgroup": "".join(f"{line}\n" for line in groups),
        "proc/self/mountinfo": "".join(f"{line}\n" for line in (root_mount, *mounts)),
    }
    for name, content in {**shown, **files}.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root


@contextlib.contextmanager
def group_of_one_core() -> Iterator[Path]:
    """Make a group whose quota is one core; skip the test where there can be none.

    A process enters it by writing its id to the group's ``cgroup.procs``.
    """
    if (os.cpu_count() or 1) == 1:
        pytest.skip("the machine has one processor")
    group = _quota_group()
    try:
        yield group
    finally:
        wait_until(lambda: not (group / "cgroup.procs").read_text(), "the processes of the group")
        group.rmdir()


def _quota_group() -> Path:
    name = f"understudy-test-{secrets.token_hex(4)}"
    reasons = []
    for above in (_GROUPS / "cpu", _GROUPS / "cpu,cpuacct", _GROUPS):
        group = above / name
        try:
            group.mkdir()
        except OSError as error:
            reasons.append(f"{above}: {error.strerror}")
            continue
        with contextlib.suppress(OSError):
            if (group / "cpu.max").exists():
                (group / "cpu.max").write_text(f"{_PERIOD_US} {_PERIOD_US}")
                return group
            if (group / "cpu.cfs_quota_us").exists():
                (group / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
                (group / "cpu.cfs_quota_us").write_text(str(_PERIOD_US))
                return group
        group.rmdir()
        reasons.append(f"{above}: no CPU quota can be set there")
    pytest.skip(f"no control group can be made: {'; '.join(reasons)}")
