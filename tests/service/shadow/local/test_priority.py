"""A challenger yields to the champion."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.service.shadow.local.scripts import (
    BURN,
    REPOSITORY,
    line_of,
    python,
    resume,
    use_when,
)

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

_BURN_BESIDE = """
import sys, time
from service.shadow.local.processor_use import processor_use
print("ready", flush=True)
other = int(sys.stdin.readline())
own_s, other_s = time.process_time(), processor_use(other).cpu_s
while time.process_time() < own_s + 1:
    pass
print(processor_use(other).cpu_s - other_s)
"""


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
    with python(_BURN_BESIDE) as normal, python(BURN, "idle") as idle:
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
