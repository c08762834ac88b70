"""A challenger yields to the champion, and a process that starves is told from one that hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from service.shadow.local.priority import ProcessorUse, processor_use
from tests.patience import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[4]

_DROP_WITH_THREADS = """
import os, threading
from service.shadow.local.priority import drop_priority

stop = threading.Event()
threads = [threading.Thread(target=stop.wait) for _ in range(3)]
for thread in threads:
    thread.start()
how = drop_priority()
later = threading.Thread(target=stop.wait)
later.start()
policies = [os.sched_getscheduler(int(t)) for t in os.listdir("/proc/self/task")]
stop.set()
print(how, len(policies), sorted(set(policies)) == [os.SCHED_IDLE])
"""

_BURN = """
import sys
if sys.argv[1:] == ["idle"]:
    from service.shadow.local.priority import drop_priority
    assert drop_priority() == "idle"
print("ready", flush=True)
sys.stdin.readline()
while True:
    pass
"""

_BURN_BESIDE = """
import sys, time
from service.shadow.local.priority import processor_use
print("ready", flush=True)
other = int(sys.stdin.readline())
own_s, other_s = time.process_time(), processor_use(other).cpu_s
while time.process_time() < own_s + 1:
    pass
print(processor_use(other).cpu_s - other_s)
"""

_SLEEP = "print('ready', flush=True); input()"


def python(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a script in this session and wait until it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert line_of(process) == "ready\n"
    return process


def line_of(process: subprocess.Popen[str]) -> str:
    """Wait for a line of a process."""
    assert process.stdout is not None
    return process.stdout.readline()


def resume(process: subprocess.Popen[str], line: object = "") -> None:
    """Let a process go on, and tell it something."""
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


@pytest.fixture
def sleeping() -> Iterator[subprocess.Popen[str]]:
    """Return a process that waits for its input."""
    with python(_SLEEP) as process:
        yield process
        process.kill()


def use_when(process: subprocess.Popen[str], state: str) -> ProcessorUse:
    """Wait until a process is in a state."""
    uses: list[ProcessorUse] = []

    def reached() -> bool:
        use = processor_use(process.pid)
        uses.extend([use] if use is not None and use.state == state else [])
        return bool(uses)

    wait_until(reached, f"state {state}", pause_s=0.001)
    return uses[0]


def test_every_thread_moves_to_the_idle_class() -> None:
    """Threads that ran before and threads that start later are all idle."""
    answer = subprocess.run(
        [sys.executable, "-c", _DROP_WITH_THREADS],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.split() == ["idle", "5", "True"]


def test_an_idle_process_gives_its_core_to_a_busy_one_of_the_same_session() -> None:
    """While a normal process on its core computes for a second, it gets less than 0.18 s."""
    core = min(os.sched_getaffinity(0))
    with python(_BURN_BESIDE) as normal, python(_BURN, "idle") as idle:
        for process in (normal, idle):
            assert os.getsid(process.pid) == os.getsid(0)
            os.sched_setaffinity(process.pid, {core})
        resume(idle)
        use_when(idle, "R")
        # The normal process measures while it computes, so that neither ever goes on alone.
        resume(normal, idle.pid)
        used_s = float(line_of(normal))
        idle.kill()
    assert used_s < 0.18


def test_a_stopped_process_hangs(sleeping: subprocess.Popen[str]) -> None:
    """SIGSTOP is a hang, however busy the machine is."""
    sleeping.send_signal(signal.SIGSTOP)
    use = use_when(sleeping, "T")
    assert use.hung_since(use, elapsed_s=1.0)


def test_a_process_that_waits_although_it_has_work_hangs(sleeping: subprocess.Popen[str]) -> None:
    """It has documents and sleeps."""
    use = use_when(sleeping, "S")
    assert use.hung_since(use, elapsed_s=1.0)


def test_a_process_that_computes_for_nothing_hangs() -> None:
    """Half of the time on a processor without a result is an endless loop."""
    before = ProcessorUse("R", cpu_s=10.0)
    assert ProcessorUse("R", cpu_s=10.6).hung_since(before, elapsed_s=1.0)


def test_a_process_that_is_given_no_processor_starves() -> None:
    """It was ready to run, and the machine was busy."""
    before = ProcessorUse("R", cpu_s=10.0)
    assert not ProcessorUse("R", cpu_s=10.4).hung_since(before, elapsed_s=1.0)


def test_a_busy_process_is_ready_to_run_and_uses_time() -> None:
    """The kernel reports it for a real process."""
    with python(_BURN) as process:
        resume(process)
        before = use_when(process, "R")

        def used() -> bool:
            now = processor_use(process.pid)
            return now is not None and now.cpu_s >= before.cpu_s + 0.1

        wait_until(used, "a tenth of a second of processor time")
        process.kill()


def test_a_worker_thread_that_is_ready_makes_the_process_so() -> None:
    """The main thread may wait while others compute."""
    script = (
        "import threading, sys\n"
        "def spin():\n"
        "    while True: pass\n"
        "threading.Thread(target=spin, daemon=True).start()\n"
        "print('ready', flush=True); input()"
    )
    with python(script) as process:
        use_when(process, "R")
        process.kill()


def test_a_process_that_has_ended_has_no_use() -> None:
    """It is None rather than an error."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert processor_use(process.pid) is None
