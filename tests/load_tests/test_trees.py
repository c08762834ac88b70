"""Processor time of a process with children, living and ended, and the end of all of them."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from load_tests import trees

if TYPE_CHECKING:
    from collections.abc import Iterator

BURN_S = 0.3
_BURN = f"import time\nwhile time.process_time() < {BURN_S}: pass\n"
_PARENT = f"""
import subprocess, sys
burn = {_BURN!r}
subprocess.run([sys.executable, "-c", burn], check=True)
child = subprocess.Popen([sys.executable, "-c", burn + "print(flush=True)\\ninput()"],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
child.stdout.readline()
print("burnt", flush=True)
input()
"""


@pytest.fixture
def parent() -> Iterator[subprocess.Popen[str]]:
    """Give a process with a child that has ended, and one that lives in a session of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", _PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "burnt\n"
    yield process
    trees.kill(trees.tree(process.pid), grace_s=0.0)
    process.communicate()


def test_children_count_whether_they_live_or_have_ended(parent: subprocess.Popen[str]) -> None:
    """Two children burnt so much each, and neither the caller nor another process is in it."""
    before_s = trees.cpu_s(parent.pid)
    while time.process_time() < BURN_S:  # this process is not of that tree
        pass

    assert 2 * BURN_S - 0.03 <= before_s < 2 * BURN_S + 1.5
    assert trees.cpu_s(parent.pid) - before_s < 0.1


def test_a_tree_has_its_root_first_and_its_living_children(parent: subprocess.Popen[str]) -> None:
    """The child that has ended is not in it any more."""
    processes = trees.tree(parent.pid)

    root, *children = processes
    assert root.pid == parent.pid
    assert [child.parent for child in children] == [parent.pid]


def test_nothing_of_a_tree_is_left_when_it_is_killed(parent: subprocess.Popen[str]) -> None:
    """Children in other sessions end too, though their parent did not see to it."""
    processes = trees.tree(parent.pid)

    trees.kill(processes, grace_s=0.0)
    parent.wait()

    assert len(processes) == 2
    assert not any(process.lives for process in processes)


def test_a_process_that_is_gone_has_no_tree() -> None:
    """It costs nothing, and is no error: servers end when they want to."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()

    assert trees.tree(process.pid) == []
    assert trees.cpu_s(process.pid) == 0
