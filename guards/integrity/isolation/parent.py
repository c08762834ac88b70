"""The parent's side: runs jobs in a child process, and reports how the child ended where it did."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from guards.errors import CallError, Finding
from guards.integrity.isolation.child import JOB_BEGINS
from guards.integrity.isolation.deaths import death, failed_start
from guards.integrity.isolation.limits import Limits, too_costly

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from guards.json_types import JsonMapping, JsonObject

__all__ = ["Job", "run_jobs"]

_START_S = 300.0
"""Imports on a cold disk and a busy machine; only a broken installation takes longer."""

_EXIT_S = 30.0
"""How long the system may take to free what a process has."""

_MAX_ANSWER_BYTES = 64 * 1024**2
_MAX_COMPLAINTS_BYTES = 8192
_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Job:
    """Work on the bundle at ``path``: ``work`` is JSON that the child understands."""

    path: str
    limits: Limits
    work: JsonMapping

    def to_json(self) -> JsonObject:
        """Return the job as JSON."""
        return {"path": self.path, "limits": self.limits.to_json(), "work": self.work}


def run_jobs(
    command: Sequence[str], environment: Mapping[str, str], jobs: Sequence[Job]
) -> Iterator[JsonObject | Finding]:
    """Yield the answer to each job in their order, or the finding that tells why there is none.

    ``command`` runs ``child.answer_jobs``. One process answers all jobs; where it ends or does not
    answer in time, that is the finding of the job it was at, and another one does the rest. Raises
    ``CallError`` where a process ends before it takes the first job. No process is left behind.
    """
    done = 0
    while done < len(jobs):
        with _Child(command, environment, jobs[done:]) as child:
            child.wait_until_ready()
            lost = False
            while done < len(jobs) and not lost:
                outcome, lost = child.outcome(jobs[done])
                done += 1
                yield outcome


class _Child:
    """A process that answers jobs; a context that kills it and its descendants."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], jobs: Sequence[Job]
    ) -> None:
        self._process = subprocess.Popen(  # noqa: S603 (our own module)
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # A group of its own can be killed whole, and no terminal asks or interrupts it.
            start_new_session=True,
        )
        assert self._process.stdin is not None  # noqa: S101 (it is a pipe)
        self._jobs = self._process.stdin
        self._answers, self._complaints = bytearray(), bytearray()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.stdout, selectors.EVENT_READ, self._hear_answer)  # type: ignore[arg-type]  # a pipe
        self._selector.register(self._process.stderr, selectors.EVENT_READ, self._hear_complaint)  # type: ignore[arg-type]  # a pipe
        # The pipe stays open: its end tells the child that this process has ended.
        with contextlib.suppress(BrokenPipeError):
            self._jobs.write(json.dumps([job.to_json() for job in jobs]).encode() + b"\n")
            self._jobs.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._kill()
        self._selector.close()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def wait_until_ready(self) -> None:
        """Wait for the imports; raises ``CallError`` where the process is not ready after them."""
        if self._line(_START_S) is None:
            raise CallError(failed_start(self._returncode(), self._said()))

    def outcome(self, job: Job) -> tuple[JsonObject | Finding, bool]:
        """Wait for the answer to a job; the second value says that the process is lost."""
        line = self._line(job.limits.wall_s)
        if line is not None:
            message = json.loads(line)
            if "answer" in message:
                return message["answer"], False
            return Finding.from_json(message["finding"]), False
        returncode = self._returncode()
        if returncode is None:
            observed = f"no answer in {job.limits.wall_s:.0f} s"
            return too_costly(job.path, job.limits, observed), True
        return death(job.path, job.limits, returncode, self._said()), True

    def _returncode(self) -> int | None:
        """Return how the process ended; None where it goes on."""
        try:
            # While its pipes are open, time has passed; else it has ended, or is about to.
            return self._process.wait(0 if self._selector.get_map() else _EXIT_S)
        except subprocess.TimeoutExpired:
            return None

    def _line(self, timeout_s: float) -> bytes | None:
        """Return the next line; None where the output ends or time passes before."""
        deadline_s = time.monotonic() + timeout_s
        while (end := self._answers.find(b"\n")) < 0:
            left_s = deadline_s - time.monotonic()
            too_long = len(self._answers) > _MAX_ANSWER_BYTES
            if left_s <= 0 or too_long or not self._selector.get_map():
                return None
            for key, _ in self._selector.select(left_s):
                self._hear(key)
        line = bytes(self._answers[:end])
        del self._answers[: end + 1]
        return line

    def _hear(self, key: selectors.SelectorKey) -> None:
        data = os.read(key.fd, _CHUNK_BYTES)
        if data:
            key.data(data)
        else:
            self._selector.unregister(key.fileobj)

    def _hear_answer(self, data: bytes) -> None:
        self._answers += data

    def _hear_complaint(self, data: bytes) -> None:
        self._complaints += data
        del self._complaints[:-_MAX_COMPLAINTS_BYTES]

    def _said(self) -> str:
        """Return the end of what the process said of the job that it was at."""
        return self._complaints.rpartition(JOB_BEGINS)[2].decode("utf-8", "replace")

    def _kill(self) -> None:
        """Kill the process and its descendants; until it is waited for, its id is its own."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
