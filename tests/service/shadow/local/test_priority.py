"""A challenger yields to the champion."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from tests.service.shadow.local.scripts import BURN, REPOSITORY, line_of, python, resume

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
    """Beside a normal process on one core it gets less than 15 % of the processor time."""
    core = min(os.sched_getaffinity(0))
    with python(BURN, "normal") as normal, python(BURN, "idle") as idle:
        for process in (normal, idle):
            assert os.getsid(process.pid) == os.getsid(0)
            os.sched_setaffinity(process.pid, {core})
        # One clock for both: whoever starts late must not go on alone.
        until = time.monotonic() + 1.5
        for process in (normal, idle):
            resume(process, until)
        used_s = [float(line_of(process)) for process in (normal, idle)]
    assert used_s[1] < 0.15 * sum(used_s)
