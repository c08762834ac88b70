"""The queue of the lanes: which document runs next, and which ones are dropped."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from service.scheduling.admission import Permit

__all__ = ["Job", "Queue"]


@dataclass(slots=True, eq=False)
class Job:
    """A document that waits for a lane."""

    permit: Permit
    tokens: int

    def is_dead(self, now: float) -> bool:
        """Return whether its caller has left or its deadline has passed."""
        return self.permit.left or self.permit.deadline <= now

    def give_up(self) -> None:
        """Handle that the job is dropped because its deadline cannot be met."""


AJob = TypeVar("AJob", bound=Job)


class Queue(Generic[AJob]):
    """Keeps documents in the order in which they came; the caller locks it."""

    def __init__(self, is_late: Callable[[Permit, int, float], bool]) -> None:
        """Start empty; ``is_late`` estimates whether a request can no longer meet its deadline."""
        self._is_late = is_late
        self._jobs: deque[AJob] = deque()
        self._running = 0

    def __len__(self) -> int:
        """Count the documents that wait."""
        return len(self._jobs)

    def put(self, jobs: Iterable[AJob]) -> None:
        """Append documents."""
        self._jobs.extend(jobs)

    def take_batch(self, now: float, max_tokens: int) -> tuple[list[AJob], bool] | None:
        """Remove the next document, and those that fit into a pass of ``max_tokens`` with it.

        The flag is true for an exclusive pass: no other document waited or ran when the first one
        was removed. Returns None where the queue is empty.
        """
        first = self.take(now)
        if first is None:
            return None
        job, exclusive = first
        return [job, *self.fill_batch(now, max_tokens - job.tokens)], exclusive

    def take(self, now: float) -> tuple[AJob, bool] | None:
        """Remove the next document; the flag is true where no other document waits or runs.

        The next one is the oldest that can be answered in time, and those before it are given up.
        Where none can be, it is the oldest of all, which shows whether the estimate is right.
        """
        self._drop_dead(now)
        if not self._jobs:
            return None
        for _ in range(self._first_in_time(now)):
            self._jobs.popleft().give_up()
        job = self._jobs.popleft()
        self._drop_dead(now)
        exclusive = not (self._jobs or self._running)
        self._running += 1
        return job, exclusive

    def fill_batch(self, now: float, max_tokens: int) -> list[AJob]:
        """Remove the oldest documents that fit into a pass with ``max_tokens`` left."""
        batch: list[AJob] = []
        while self._jobs and self._jobs[0].tokens <= max_tokens:
            job = self._jobs.popleft()
            if not job.is_dead(now):
                max_tokens -= job.tokens
                batch.append(job)
        return batch

    def done(self) -> None:
        """Count a document that was removed, and its batch, as run."""
        self._running -= 1

    def _drop_dead(self, now: float) -> None:
        while self._jobs and self._jobs[0].is_dead(now):
            self._jobs.popleft()

    def _first_in_time(self, now: float) -> int:
        """Return the index of the first document that is neither dead nor late; 0 if none."""
        for index, job in enumerate(self._jobs):
            if not (job.is_dead(now) or self._is_late(job.permit, job.tokens, now)):
                return index
        return 0
