"""How many processors this process may use, and what says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from service import processors as module
from service.child_environment import child_environment
from service.processors import available_processors, openmp_environment, processors
from tests.cgroups import V2, group_of_one_core, lay_out

if TYPE_CHECKING:
    from pathlib import Path

    from guards.json_types import JsonObject

SHOWN = (
    "import json; from service.processors import openmp_environment, processors; "
    "print(json.dumps({**processors().to_json(), **openmp_environment()}))"
)


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the machine have eight processors, and nothing limit them."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {*range(8)}, raising=False)
    monkeypatch.setattr(module, "cpu_quota", lambda _root: None)


def shown(first: str) -> JsonObject:
    """Return what a process of its own says, after a first statement."""
    ended = subprocess.run(
        [sys.executable, "-c", f"{first}\n{SHOWN}"],
        env={name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"},
        capture_output=True,
        text=True,
        check=True,
    )
    found: JsonObject = json.loads(ended.stdout)
    return found


def test_all_of_the_machine() -> None:
    """Nothing limits it."""
    assert processors() == (8, None, None)
    assert available_processors() == 8


@pytest.mark.parametrize(
    ("quota", "count"), [(0.01, 1), (0.5, 1), (1.0, 1), (1.01, 2), (1.5, 2), (7.2, 8), (64.0, 8)]
)
def test_a_quota_is_rounded_up(monkeypatch: pytest.MonkeyPatch, quota: float, count: int) -> None:
    """Rounded down, a part of a processor would never be used; there is always one."""
    monkeypatch.setattr(module, "cpu_quota", lambda _root: quota)

    assert processors() == (count, "quota" if count < 8 else None, quota)


@pytest.mark.parametrize(
    ("written", "count"),
    [("4,2", 4), ("1", 1), (" 3 ", 3), ("+2", 2), ("008", 8), ("64", 8), ("7,x", 7)],
)
def test_the_first_number_of_openmp(
    monkeypatch: pytest.MonkeyPatch, written: str, count: int
) -> None:
    """The others are for loops in one another."""
    monkeypatch.setenv("OMP_NUM_THREADS", written)

    assert processors() == (count, "OMP_NUM_THREADS" if count < 8 else None, None)


@pytest.mark.parametrize(
    "written", ["", ",", ",2", "0", "00", "-1", "two", "1.5", "1_0", "\u0663", "9" * 5000, "1 2"]
)
def test_no_number_limits_nothing(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    """OpenMP passes it over too."""
    monkeypatch.setenv("OMP_NUM_THREADS", written)

    assert processors() == (8, None, None)


@pytest.mark.parametrize(
    ("affinity", "quota", "openmp", "expected"),
    [
        (2, 4.0, "6", (2, "affinity", 4.0)),
        (4, 2.5, "6", (3, "quota", 2.5)),
        (6, 4.0, "2", (2, "OMP_NUM_THREADS", 4.0)),
        (2, 2.0, "2", (2, "affinity", 2.0)),
        (8, 2.0, "2", (2, "quota", 2.0)),
    ],
)
def test_the_smallest_counts(
    monkeypatch: pytest.MonkeyPatch,
    affinity: int,
    quota: float,
    openmp: str,
    expected: tuple[int, str, float],
) -> None:
    """It is named; of several that say the same, the one that needs no variable."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {*range(affinity)})
    monkeypatch.setattr(module, "cpu_quota", lambda _root: quota)
    monkeypatch.setenv("OMP_NUM_THREADS", openmp)

    assert processors() == expected


def test_a_platform_that_knows_no_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has all processors, or one where it cannot say how many those are."""
    monkeypatch.delattr(os, "sched_getaffinity")
    assert processors() == (8, None, None)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert processors() == (1, None, None)


def test_a_process_of_ours_gets_the_quota_for_its_libraries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An operator's lower number stays, and a higher one does not."""
    monkeypatch.setattr(module, "cpu_quota", lambda _root: 3.0)
    assert child_environment()["OMP_NUM_THREADS"] == "3"
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    assert child_environment()["OMP_NUM_THREADS"] == "3"
    monkeypatch.setenv("OMP_NUM_THREADS", "2,1")
    assert child_environment()["OMP_NUM_THREADS"] == "2,1"


def test_without_a_quota_libraries_decide_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    """They know the affinity, and which processors share a core."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})

    assert openmp_environment() == {}


def test_the_files_of_another_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The quota is that of the control groups that are seen below a root."""
    monkeypatch.undo()
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {*range(8)}, raising=False)
    files = {"/sys/fs/cgroup/a/cpu.max": "250000 100000\n"}
    mount = V2.format(top="/", directory="/sys/fs/cgroup")

    assert processors(lay_out(tmp_path, ["0::/a"], [mount], files)) == (3, "quota", 2.5)


@pytest.mark.skipif(sys.platform != "linux", reason="affinity is Linux's")
def test_a_process_on_one_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """The affinity that a process was started with."""
    monkeypatch.undo()
    processor = min(os.sched_getaffinity(0))

    found = shown(f"import os; os.sched_setaffinity(0, {{{processor}}})")

    assert found["cores"] == 1
    assert found["limited_by"] == ("affinity" if (os.cpu_count() or 1) > 1 else None)


@pytest.mark.skipif(sys.platform != "linux", reason="control groups are Linux's")
def test_a_process_in_a_group_of_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real quota is seen, and libraries are told."""
    monkeypatch.undo()
    with group_of_one_core() as group:
        procs = str(group / "cgroup.procs")
        found = shown(f"import os, pathlib; pathlib.Path({procs!r}).write_text(str(os.getpid()))")

    assert found == {"cores": 1, "limited_by": "quota", "quota": 1.0, "OMP_NUM_THREADS": "1"}
