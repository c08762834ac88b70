"""Which document is next, and which is not worth starting any more."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from service.scheduling.workload import Permit

__all__ = ["Job", "Queue"]


@dataclass(slots=True, eq=False)
class Job:
    """One document that waits for a lane."""

    permit: Permit
    tokens: int

    def is_dead(self, now: float) -> bool:
        """Tell whether nobody waits for it any more."""
        return self.permit.left or self.permit.deadline <= now

    def give_up(self) -> None:
        """Hear that there is no time left to run it."""


AJob = TypeVar("AJob", bound=Job)


class Queue(Generic[AJob]):
    """Documents in the order in which they came; the caller sees to it that one thread is here."""

    def __init__(self, is_late: Callable[[Permit, int, float], bool]) -> None:
        """Begin empty; ``is_late`` estimates whether a request can still be answered in time."""
        self._is_late = is_late
        self._jobs: deque[AJob] = deque()
        self._running = 0

    def __len__(self) -> int:
        """Count the documents that wait."""
        return len(self._jobs)

    def put(self, jobs: Iterable[AJob]) -> None:
        """Let documents wait."""
        self._jobs.extend(jobs)

    def take(self, now: float) -> tuple[AJob, bool] | None:
        """Take the next document, and tell whether it is alone: nothing else waits or runs.

        It is the one that has waited longest of those that can be answered in time; those before
        it are given up. Where none can by the estimate, it is the oldest of all, which shows
        whether the estimate is right.
        """
        self._drop_dead(now)
        if not self._jobs:
            return None
        for _ in range(self._in_time(now)):
            self._jobs.popleft().give_up()
        job = self._jobs.popleft()
        self._drop_dead(now)
        alone = not (self._jobs or self._running)
        self._running += 1
        return job, alone

    def more(self, now: float, most_tokens: int) -> list[AJob]:
        """Take those that may run along with the one that was taken, of so many tokens in all."""
        taken: list[AJob] = []
        while self._jobs and self._jobs[0].tokens <= most_tokens:
            job = self._jobs.popleft()
            if not job.is_dead(now):
                most_tokens -= job.tokens
                taken.append(job)
        return taken

    def done(self) -> None:
        """Count a document that was taken as run, and those that ran along."""
        self._running -= 1

    def _drop_dead(self, now: float) -> None:
        while self._jobs and self._jobs[0].is_dead(now):
            self._jobs.popleft()

    def _in_time(self, now: float) -> int:
        """Find the first document that is neither dead nor late; 0 where there is none."""
        for place, job in enumerate(self._jobs):
            if not (job.is_dead(now) or self._is_late(job.permit, job.tokens, now)):
                return place
        return 0
