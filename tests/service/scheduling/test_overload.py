"""A simulated minute of overload: what is answered, refused and wasted."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

from artifacts.bundle.preprocessing import Encoding
from guards.schema import CanonicalRow
from service.errors import Overloaded
from service.scheduling.admission import AdmissionController, AdmissionLimits, Permit
from service.scheduling.queueing import Job, Queue

if TYPE_CHECKING:
    from collections.abc import Callable

LANES = 2
TOKEN_S = 0.00013
MEDIAN_TOKENS = 72
MAX_TOKENS = 350
CHARACTERS_A_TOKEN = 4
MINUTE_S = 60.0
BURST = 600


@dataclass(frozen=True)
class Traffic:
    """The arrivals: ``load`` is relative to the capacity of the lanes."""

    load: float
    documents: int = 1
    deadline_s: float = 1.0
    max_documents: int = 512
    slow_from_s: float = MINUTE_S
    slow_for_s: float = 0.0


@dataclass(eq=False)
class Request:
    """One request on its way, and when it ended."""

    permit: Permit
    missing: int
    work_s: float = 0.0
    answered: bool = False


@dataclass(slots=True, eq=False)
class Task(Job):
    """A document of a request; ``work_s`` is the true time that it takes one lane."""

    request: Request
    work_s: float
    given_up: Callable[[Request], None]

    def give_up(self) -> None:
        """Fail the request."""
        self.given_up(self.request)


@dataclass
class Minute:
    """Runs the scheduler's own decisions on a simulated clock."""

    traffic: Traffic
    seed: int = 3
    refused: int = 0
    useful_s: float = 0.0
    wasted_s: float = 0.0
    waits_s: list[float] = field(default_factory=list)
    exclusive_passes: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.admission = AdmissionController(
            AdmissionLimits(self.traffic.max_documents, LANES, MAX_TOKENS)
        )
        self.queue: Queue[Task] = Queue(self.admission.is_late)
        self.events: list[tuple[float, int, Callable[[float], None]]] = []
        self.numbers = itertools.count()
        self.free = LANES
        self.ended_s = 0.0

    def run(self) -> Minute:
        """Let requests arrive for a minute, and finish what was accepted."""
        self.at(0.0, self.arrive)
        self.settle()
        return self

    def settle(self) -> None:
        """Handle events until there are none."""
        while self.events:
            now, _, happen = heapq.heappop(self.events)
            happen(now)
            self.start(now)

    @property
    def goodput(self) -> float:
        """The share of the lanes' time that went into requests answered in time."""
        return self.useful_s / (LANES * MINUTE_S)

    def at(self, when: float, happen: Callable[[float], None]) -> None:
        """Schedule an event."""
        heapq.heappush(self.events, (when, next(self.numbers), happen))

    def arrive(self, now: float) -> None:
        """Let one request arrive, and the next one later."""
        mean_s = MEDIAN_TOKENS * np.exp(0.5**2 / 2) * TOKEN_S * self.traffic.documents
        after = now + self.rng.exponential(mean_s / LANES / self.traffic.load)
        if after < MINUTE_S:
            self.at(after, self.arrive)
        lengths = self.rng.lognormal(np.log(MEDIAN_TOKENS), 0.5, self.traffic.documents)
        tokens = [int(length) for length in np.clip(lengths, 8, MAX_TOKENS)]
        self.ask(now, tokens)

    def ask(self, now: float, tokens: list[int]) -> None:
        """Request documents of so many tokens."""
        characters = [CHARACTERS_A_TOKEN * count for count in tokens]
        try:
            permit = self.admission.admit(characters, now + self.traffic.deadline_s, now)
        except Overloaded:
            self.refused += 1
            return
        self.admission.encoded(permit, [encoding(count) for count in tokens])
        request = Request(permit, len(tokens))
        self.queue.put(
            Task(permit, count, request, self.work_s(count, now), self.end) for count in tokens
        )
        self.at(permit.deadline, lambda _: self.end(request))

    def work_s(self, tokens: int, now: float) -> float:
        """Return how long a document truly takes."""
        since_s = now - self.traffic.slow_from_s
        slow = 8.0 if 0 <= since_s < self.traffic.slow_for_s else 1.0
        return float(tokens * TOKEN_S * self.rng.lognormal(0, 0.3) * slow)

    def start(self, now: float) -> None:
        """Occupy every free lane with a document."""
        while self.free and (first := self.queue.take(now)):
            task, exclusive = first
            assert not task.permit.left, "its caller has left"
            self.free -= 1
            if exclusive:
                self.exclusive_passes.append(now)
            self.waits_s.append(now - task.permit.deadline + self.traffic.deadline_s)
            self.at(now + task.work_s, partial(self.finish, task, exclusive))

    def finish(self, task: Task, exclusive: bool, now: float) -> None:  # noqa: FBT001 (an event)
        """Finish a document."""
        self.free += 1
        self.ended_s = now
        self.queue.done()
        self.admission.learn(task.tokens, task.work_s, exclusive=exclusive)
        self.admission.answered(task.permit, task.tokens)
        request = task.request
        request.work_s += task.work_s
        request.missing -= 1
        if task.permit.left:
            self.wasted_s += task.work_s
        elif not request.missing:
            request.answered = True
            if now <= MINUTE_S:
                self.useful_s += request.work_s
            self.end(request)

    def end(self, request: Request) -> None:
        """Let the caller of a request leave, answered or not."""
        if request.permit.left:
            return
        self.admission.leave(request.permit)
        if not request.answered:
            self.wasted_s += request.work_s


def encoding(tokens: int) -> Encoding:
    """Make a document of so many tokens."""
    ids = np.zeros((1, tokens), dtype=np.int64)
    return Encoding(ids, np.zeros(0), CanonicalRow((), ()), unknown_tokens=0, truncated=False)


TWICE = [
    Traffic(2),
    Traffic(2, deadline_s=10, max_documents=10**6),
    Traffic(2, documents=32, deadline_s=2),
    Traffic(2, documents=100, deadline_s=10, max_documents=10**4),
    Traffic(10),
]


@pytest.mark.parametrize("traffic", TWICE, ids=str)
def test_what_can_be_done_is_done_and_the_rest_refused(traffic: Traffic) -> None:
    """Nine tenths of the lanes' time go into answers in time, and hardly any are wasted."""
    minute = Minute(traffic).run()

    assert minute.goodput >= 0.9
    assert minute.wasted_s <= 0.02 * LANES * MINUTE_S
    assert minute.refused > 0
    assert minute.admission.documents == 0


def test_no_request_is_refused_while_there_is_time() -> None:
    """At half of the capacity there is always time."""
    assert Minute(Traffic(0.5)).run().refused == 0


def test_a_slow_spell_is_noticed_and_forgotten() -> None:
    """A machine that is eight times slower for a while wastes little, then and later."""
    minute = Minute(Traffic(2, slow_from_s=20, slow_for_s=5)).run()

    assert minute.goodput >= 0.9
    assert minute.wasted_s <= 0.02 * LANES * MINUTE_S


def test_a_burst_is_forgotten_at_its_end() -> None:
    """A second after six hundred documents, one more is admitted and runs at once."""
    minute = Minute(Traffic(0, deadline_s=10, max_documents=BURST))
    for _ in range(BURST):
        minute.at(0.0, lambda now: minute.ask(now, [MEDIAN_TOKENS]))
    minute.settle()
    later = minute.ended_s + 1
    minute.at(later, lambda now: minute.ask(now, [MEDIAN_TOKENS]))
    minute.settle()

    assert len(minute.waits_s) == BURST + 1
    assert minute.refused == 0
    assert minute.waits_s[-1] == pytest.approx(0)
    assert minute.exclusive_passes[-1] == later
