"""Jobs in a child: whatever it does, there is an answer or a finding for each."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guards.errors import CallError, Finding
from guards.integrity.isolation import limits, parent
from guards.integrity.isolation.limits import Limits
from guards.integrity.isolation.parent import Job, run_jobs
from tests.guards.integrity.isolation.acting_child import ACTIONS
from tests.patience import PATIENCE_S, wait_until

if TYPE_CHECKING:
    from guards.json_types import JsonObject

ROOT = Path(__file__).parents[4]
CHILD = (sys.executable, "-m", "tests.guards.integrity.isolation.acting_child")
MEMORY_BYTES = 256 * 1024**2

REFUSED = (
    *("system", "popen", "fork", "forkpty", "exec", "posix_spawn", "pty", "spawn context"),
    *("forkserver context", "connect", "bind", "send", "resolve", "ask", "write a file"),
)
RAISING = ("exit", "panic", "interrupt", "recurse")


def environment() -> dict[str, str]:
    """Return an environment in which the child finds its modules."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def run(*actions: str, cpu_s: float = 60.0) -> list[JsonObject | Finding]:
    """Run actions as jobs of one call."""
    allowed = Limits(MEMORY_BYTES, cpu_s)
    jobs = [Job(f"bundles/{action}", allowed, {"action": action}) for action in actions]
    return list(run_jobs(CHILD, environment(), jobs))


def only(outcomes: list[JsonObject | Finding]) -> Finding:
    """Return the finding that is the only outcome."""
    (finding,) = outcomes
    assert isinstance(finding, Finding)
    return finding


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the working directory of the child that survives."""
    return tmp_path_factory.mktemp("child")


@pytest.fixture(scope="module")
def survived(directory: Path) -> dict[str, JsonObject | Finding]:
    """Run everything that a child survives, in one."""
    actions = [
        *("answer", "print", "read input", *REFUSED, *RAISING),
        *("take memory", "take memory in steps", "say that memory is short", "answer"),
    ]
    with contextlib.chdir(directory):
        outcomes = run(*actions)
    assert isinstance(outcomes[0], dict)
    assert isinstance(outcomes[-1], dict)
    assert outcomes[0]["pid"] == outcomes[-1]["pid"]
    return dict(zip(actions, outcomes, strict=True))


def finding_of(outcomes: dict[str, JsonObject | Finding], action: str) -> Finding:
    """Return the finding about an action."""
    finding = outcomes[action]
    assert isinstance(finding, Finding), finding
    assert finding.subject == f"bundles/{action}"
    return finding


def test_every_action_is_tried() -> None:
    """None is left out of this file."""
    dying = {"take time", "wait", "read null", "abort", "be killed", "end", "die of memory"}
    dying |= {"fork in C", "complain", "answer at length"}
    tried = {"answer", "print", "print of memory", "read input", *REFUSED, *RAISING, *dying}
    memory = {"take memory", "take memory in steps", "say that memory is short"}
    assert tried | memory == set(ACTIONS)


@pytest.mark.parametrize("action", ["answer", "print", "read input"])
def test_ordinary_work_is_answered(survived: dict[str, JsonObject | Finding], action: str) -> None:
    """What is printed meanwhile is no answer, and standard input is empty."""
    assert isinstance(survived[action], dict)


def test_nothing_of_a_child_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    """Neither what it prints nor what it complains of."""
    run("print", "abort")

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("action", REFUSED)
def test_no_process_no_connection_no_question_no_file(
    survived: dict[str, JsonObject | Finding], action: str
) -> None:
    """Each fails in the library that tries, and the failure is told."""
    finding = finding_of(survived, action)

    assert finding.code == "bundle_crashes"
    assert ("is judged" in finding.observed) != (action == "write a file")


def test_no_file_is_written(survived: dict[str, JsonObject | Finding], directory: Path) -> None:
    """A file may be opened, and stays empty."""
    assert "File too large" in finding_of(survived, "write a file").observed
    assert (directory / "written").read_bytes() == b""


@pytest.mark.parametrize("action", RAISING)
def test_whatever_is_raised_is_a_finding(
    survived: dict[str, JsonObject | Finding], action: str
) -> None:
    """Also what is no Exception; the same child goes on."""
    finding = finding_of(survived, action)

    assert finding.code == "bundle_crashes"
    names = dict(
        zip(RAISING, ("SystemExit", "Panic", "KeyboardInterrupt", "Recursion"), strict=True)
    )
    assert names[action] in finding.observed


@pytest.mark.parametrize(
    "action", ["take memory", "take memory in steps", "say that memory is short"]
)
def test_too_much_memory(survived: dict[str, JsonObject | Finding], action: str) -> None:
    """In one piece, in many, or in the words of a library."""
    finding = finding_of(survived, action)

    assert finding.code == "bundle_too_costly"
    assert "more memory" in finding.observed
    assert "0.2 GiB of memory" in finding.expected


@pytest.mark.parametrize(
    ("action", "code", "observed"),
    [
        ("read null", "bundle_crashes", "was ended by SIGSEGV"),
        ("abort", "bundle_crashes", "was ended by SIGABRT: the last words"),
        ("end", "bundle_crashes", "ended with code 7"),
        ("be killed", "bundle_too_costly", "the system killed"),
        ("die of memory", "bundle_too_costly", "memory allocation of 8589934592 bytes failed"),
    ],
)
def test_a_death_is_a_finding_and_the_next_job_has_a_new_child(
    action: str, code: str, observed: str
) -> None:
    """Jobs before and after are answered, by two processes."""
    before, finding, after = run("answer", action, "answer")

    assert isinstance(finding, Finding)
    assert (finding.code, finding.subject) == (code, f"bundles/{action}")
    assert observed in finding.observed
    assert finding.observed.isprintable()
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert before["pid"] != after["pid"]


def test_what_was_said_of_one_job_says_nothing_of_the_next() -> None:
    """A warning about memory and then an abort: the abort has another reason."""
    answered, finding = run("print of memory", "abort")

    assert isinstance(answered, dict)
    assert isinstance(finding, Finding)
    assert finding.code == "bundle_crashes"


def test_processor_time_is_limited() -> None:
    """A loop without an end is ended by the system, long before anybody would look at a clock."""
    started_s = time.monotonic()

    finding = only(run("take time", cpu_s=0.5))

    assert finding.code == "bundle_too_costly"
    assert "s of processor time" in finding.observed
    assert time.monotonic() - started_s < PATIENCE_S


def test_limits_are_each_jobs_own() -> None:
    """Time that one job may take is not taken from the next."""
    allowed = [
        Job("a", Limits(MEMORY_BYTES, cpu_s), {"action": "answer"}) for cpu_s in (5, 500, 50)
    ]

    seconds = [outcome["processor_s"] for outcome in run_jobs(CHILD, environment(), allowed)]  # type: ignore[index]  # no findings

    assert 5 < seconds[0] < 50 < seconds[2] < 500 < seconds[1]


def test_waiting_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that waits uses no processor: it is killed after the wall time."""
    monkeypatch.setattr(limits, "_WALL_FLOOR_S", 0.2)

    finding = only(run("wait", cpu_s=0.01))

    assert finding.code == "bundle_too_costly"
    assert "no answer in" in finding.observed


def test_no_child_is_left_behind() -> None:
    """Not even when nobody asks for the rest of the answers."""
    jobs = [Job("a", Limits(MEMORY_BYTES, 60), {"action": name}) for name in ("answer", "wait")]
    outcomes = run_jobs(CHILD, environment(), jobs)
    first = next(outcomes)
    assert isinstance(first, dict)

    outcomes.close()  # type: ignore[attr-defined]  # it is a generator

    assert not Path(f"/proc/{first['pid']}").exists()


def test_what_compiled_code_has_forked_is_killed_too() -> None:
    """No event tells of it, and it is of the child's group."""
    (answered,) = run("fork in C")

    assert isinstance(answered, dict)
    forked = answered["made"]
    try:
        wait_until(lambda: _ended(forked), "the end of what was forked")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(forked, signal.SIGKILL)


def test_no_answer_is_of_any_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that does not end its line is given up, long before its time is over."""
    monkeypatch.setattr(parent, "_MAX_ANSWER_BYTES", 1_000_000)

    assert only(run("answer at length")).code == "bundle_too_costly"


def test_complaints_take_little_memory() -> None:
    """Of two hundred megabytes on standard error, the parent keeps the end."""
    code = (
        "from tests.guards.integrity.isolation.test_parent import *\n"
        "assert isinstance(run('complain')[0], dict)\n"
        "print(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(ended.stdout) < 150 * 1024


def test_a_child_ends_with_its_parent() -> None:
    """A parent that is killed cannot end its child; the child notices."""
    code = (
        "from tests.guards.integrity.isolation.test_parent import *\n"
        "actions = {'answer': 60, 'wait': 6000}\n"
        "jobs = [Job('a', Limits(MEMORY_BYTES, s), {'action': n}) for n, s in actions.items()]\n"
        "outcomes = run_jobs(CHILD, environment(), jobs)\n"
        "print(next(outcomes)['pid'], flush=True)\n"
        "next(outcomes)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        # Before it waits, it would end of the first word that it says to nobody.
        wait_until(lambda: resource.prlimit(pid, resource.RLIMIT_CPU)[0] > 6000, "the job")
        parent.kill()

    wait_until(lambda: _ended(pid), "the child's end")


def test_a_child_that_does_not_start_is_a_wrong_call() -> None:
    """That is the installation's fault and no bundle's: one line with its last words."""
    jobs = [Job("a", Limits(MEMORY_BYTES, 60), {})]

    with pytest.raises(CallError, match="No module named no_such_module"):
        list(run_jobs((sys.executable, "-m", "no_such_module"), environment(), jobs))


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "was ended by SIGKILL"),
        ("import os; os.abort()", "was ended by SIGABRT"),
        ("raise SystemExit(3)", "ended with code 3"),
        ("import sys; sys.exit('no library')", "ended with code 1: no library"),
    ],
)
def test_how_a_child_ended_before_it_started_is_said(code: str, ending: str) -> None:
    """A system without memory for the imports kills the process, which itself says nothing."""
    jobs = [Job("a", Limits(MEMORY_BYTES, 60), {})]

    with pytest.raises(CallError, match=f"does not start: it {ending}$"):
        list(run_jobs((sys.executable, "-c", code), environment(), jobs))


def test_a_child_that_is_not_ready_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is killed, and the call ends."""
    monkeypatch.setattr(parent, "_START_S", 0.2)
    jobs = [Job("a", Limits(MEMORY_BYTES, 60), {})]

    with pytest.raises(CallError, match="not ready in time"):
        list(run_jobs((sys.executable, "-c", "import signal; signal.pause()"), environment(), jobs))


def test_without_jobs_there_is_no_child() -> None:
    """No process is started for nothing."""
    assert list(run_jobs(("no such command",), {}, [])) == []


def _ended(pid: int) -> bool:
    """Tell whether a process is gone, or only waits for its parent to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
