"""What the control groups of a process limit, on systems of either version or both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.cgroups import cpu_quota, memory_limit
from tests.cgroups import V1, V2, lay_out

if TYPE_CHECKING:
    from pathlib import Path

UNIFIED = V2.format(top="/", directory="/sys/fs/cgroup")
CPU = V1.format(
    number=1, top="/", directory="/sys/fs/cgroup/cpu,cpuacct", controllers="cpu,cpuacct"
)
MEMORY = V1.format(number=2, top="/", directory="/sys/fs/cgroup/memory", controllers="memory")
NO_LIMIT = "9223372036854771712"


def test_version_2(tmp_path: Path) -> None:
    """The quota and the limit of the process's own group."""
    group = "/sys/fs/cgroup/system.slice/understudy.service"
    files = {f"{group}/cpu.max": "150000 100000\n", f"{group}/memory.max": "1073741824\n"}

    root = lay_out(tmp_path, ["0::/system.slice/understudy.service"], [UNIFIED], files)

    assert cpu_quota(root) == 1.5
    assert memory_limit(root) == 1024**3


def test_version_1(tmp_path: Path) -> None:
    """Each controller has a hierarchy of its own, in which the process may be elsewhere."""
    cpu, memory = "/sys/fs/cgroup/cpu,cpuacct/a", "/sys/fs/cgroup/memory/b/c"
    files = {
        f"{cpu}/cpu.cfs_quota_us": "200000\n",
        f"{cpu}/cpu.cfs_period_us": "50000\n",
        f"{memory}/memory.limit_in_bytes": "4096\n",
    }
    groups = ["12:cpu,cpuacct:/a", "4:memory:/b/c", "1:name=systemd:/x"]

    root = lay_out(tmp_path, groups, [CPU, MEMORY], files)

    assert cpu_quota(root) == 4
    assert memory_limit(root) == 4096


def test_both_versions(tmp_path: Path) -> None:
    """The controllers are of version 1, and version 2 beside them has none, or some."""
    unified = V2.format(top="/", directory="/sys/fs/cgroup/unified")
    cpu, memory = "/sys/fs/cgroup/cpu,cpuacct/a", "/sys/fs/cgroup/unified/b"
    files = {
        f"{cpu}/cpu.cfs_quota_us": "100000\n",
        f"{cpu}/cpu.cfs_period_us": "100000\n",
        f"{memory}/memory.max": "8192\n",
        f"{memory}/cpu.stat": "usage_usec 1\n",
    }

    root = lay_out(tmp_path, ["3:cpuacct,cpu:/a", "0::/b"], [unified, CPU], files)

    assert cpu_quota(root) == 1
    assert memory_limit(root) == 8192


@pytest.mark.parametrize("place", ["", "/pods", "/pods/one", "/pods/one/container"])
def test_the_lowest_limit_of_all_groups_above(tmp_path: Path, place: str) -> None:
    """A pod's quota limits its containers, also where theirs is higher."""
    files = {}
    for group in ("", "/pods", "/pods/one", "/pods/one/container"):
        files[f"/sys/fs/cgroup{group}/cpu.max"] = "400000 100000\n"
        files[f"/sys/fs/cgroup{group}/memory.max"] = "max\n"
    files[f"/sys/fs/cgroup{place}/cpu.max"] = "50000 100000\n"
    files[f"/sys/fs/cgroup{place}/memory.max"] = "512\n"

    root = lay_out(tmp_path, ["0::/pods/one/container"], [UNIFIED], files)

    assert cpu_quota(root) == 0.5
    assert memory_limit(root) == 512


@pytest.mark.parametrize(
    ("group", "top"),
    [
        ("/", "/"),  # a namespace of its own
        ("/docker/0a", "/docker/0a"),  # the host's names
        ("/docker/0a", "/"),  # the host's names, and a mount that has other ones
        ("/", "/.."),  # mounted from outside the namespace
        ("/../0a", "/"),  # moved out of the namespace
        ("/elsewhere", "/docker/0a"),
    ],
)
def test_in_a_container(tmp_path: Path, group: str, top: str) -> None:
    """The mount is the container's group, whatever its name is there."""
    files = {
        "/sys/fs/cgroup/cpu.max": "300000 100000\n",
        "/sys/fs/cgroup/memory.max": "2048\n",
    }
    mount = V2.format(top=top, directory="/sys/fs/cgroup")

    root = lay_out(tmp_path, [f"0::{group}"], [mount], files)

    assert cpu_quota(root) == 3
    assert memory_limit(root) == 2048


def test_a_container_under_version_1(tmp_path: Path) -> None:
    """The mount shows the group and those below it alone."""
    cpu = V1.format(number=1, top="/docker/0a", directory="/sys/fs/cgroup/cpu", controllers="cpu")
    files = {
        "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "200000\n",
        "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        "/sys/fs/cgroup/cpu/inner/cpu.cfs_quota_us": "-1\n",
        "/sys/fs/cgroup/cpu/inner/cpu.cfs_period_us": "100000\n",
    }

    root = lay_out(tmp_path, ["4:cpu:/docker/0a/inner"], [cpu], files)

    assert cpu_quota(root) == 2


def test_another_groups_mount_is_not_ours(tmp_path: Path) -> None:
    """A part of the hierarchy that is mounted elsewhere too says nothing of this process."""
    other = V2.format(top="/other", directory="/other")
    files = {"/other/cpu.max": "100000 100000\n", "/sys/fs/cgroup/cpu.max": "max 100000\n"}

    root = lay_out(tmp_path, ["0::/mine"], [other, UNIFIED], files)

    assert cpu_quota(root) is None


def test_a_mount_with_odd_characters(tmp_path: Path) -> None:
    """Spaces are escaped, colons are not, and names of other mounts may be no text at all."""
    mount = V2.format(top="/", directory="/sys/fs/c\\040group")
    files = {"/sys/fs/c group/a: b/cpu.max": "100000 100000\n"}
    root = lay_out(tmp_path, ["0::/a: b"], [mount], files)
    with (root / "proc/self/mountinfo").open("ab") as mounts:
        mounts.write(b"31 22 0:9 / /elsewhere/\xff\xfe rw - cgroup2 \xff rw\n")

    assert cpu_quota(root) == 1


def test_no_limit(tmp_path: Path) -> None:
    """Both versions have a word for it."""
    files = {
        "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
        "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        "/sys/fs/cgroup/unified/cpu.max": "max 100000\n",
        "/sys/fs/cgroup/unified/memory.max": "max\n",
    }
    unified = V2.format(top="/", directory="/sys/fs/cgroup/unified")

    root = lay_out(tmp_path, ["2:cpu,cpuacct:/", "0::/"], [unified, CPU], files)

    assert cpu_quota(root) is None
    assert memory_limit(root) is None


def test_version_1_has_a_huge_number_for_no_memory_limit(tmp_path: Path) -> None:
    """It is more than any machine has."""
    files = {"/sys/fs/cgroup/memory/memory.limit_in_bytes": f"{NO_LIMIT}\n"}

    root = lay_out(tmp_path, ["4:memory:/"], [MEMORY], files)

    assert memory_limit(root) == int(NO_LIMIT)


def test_a_system_without_control_groups(tmp_path: Path) -> None:
    """Nothing is there, or nothing is mounted."""
    assert cpu_quota(tmp_path) is None
    assert memory_limit(tmp_path) is None
    root = lay_out(tmp_path, ["0::/"], [], {"/sys/fs/cgroup/cpu.max": "100000 100000\n"})
    assert cpu_quota(root) is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "\n", "100000", "1 2 3", "a b", "0 100000", "100000 0", "-5 100000", "1.5 1"),
        *("\x00 1", f"{'9' * 400} 1", f"{'9' * 5000} 1", "nan nan", "inf 1"),
    ],
)
def test_a_malformed_limit_is_none(tmp_path: Path, text: str) -> None:
    """A file that says something else limits nothing."""
    files = {"/sys/fs/cgroup/cpu.max": text, "/sys/fs/cgroup/memory.max": f"x {text}"}

    root = lay_out(tmp_path, ["0::/"], [UNIFIED], files)

    assert cpu_quota(root) is None
    assert memory_limit(root) is None


@pytest.mark.parametrize(
    "line", ["", "::", "0:", "0::", "0", "a:b:/", ":" * 9, "0::\x00", "\udcff"]
)
@pytest.mark.parametrize("name", ["cgroup", "mountinfo"])
def test_malformed_lines_are_passed_over(tmp_path: Path, name: str, line: str) -> None:
    """The others are read."""
    files = {"/sys/fs/cgroup/cpu.max": "100000 100000\n"}
    root = lay_out(tmp_path, ["0::/"], [UNIFIED], files)
    with (root / "proc/self" / name).open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.write(f"{line}\n")

    assert cpu_quota(root) == 1


def test_what_cannot_be_read_limits_nothing(tmp_path: Path) -> None:
    """A directory stands where the file should be."""
    root = lay_out(tmp_path, ["0::/a"], [UNIFIED], {"/sys/fs/cgroup/cpu.max": "100000 100000\n"})
    (root / "sys/fs/cgroup/a/cpu.max").mkdir(parents=True)

    assert cpu_quota(root) == 1
