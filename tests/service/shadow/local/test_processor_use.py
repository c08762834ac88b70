"""A process that starves is told from one that hangs."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from service.shadow.local.processor_use import ProcessorUse, processor_use
from tests.patience import wait_until
from tests.service.shadow.local.scripts import BURN, python, resume, use_when

if TYPE_CHECKING:
    from collections.abc import Iterator

_SLEEP = "print('ready', flush=True); input()"


@pytest.fixture
def sleeping() -> Iterator[subprocess.Popen[str]]:
    """Return a process that waits for its input."""
    with python(_SLEEP) as process:
        yield process
        process.kill()


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
    with python(BURN) as process:
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
