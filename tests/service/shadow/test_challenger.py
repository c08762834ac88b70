"""A challenger's real process: killed, stopped, refused, drained, and nothing is ever lost."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from artifacts.opening import open_bundle
from artifacts.preprocessing import Encoding
from guards.integrity import Demands
from guards.schema import CanonicalRow
from service.documents import Document
from service.engines.torch import TorchEngine
from service.shadow.challenger import Challenger, ChallengerEvents
from service.shadow.comparison import Missed, Observation
from service.shadow.terms import Hello, Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from artifacts.tables import Table

PATIENCE_S = 120.0
BLANK = Encoding(
    np.zeros((1, 3), dtype=np.int64),
    np.zeros(0),
    CanonicalRow((), ()),
    unknown_tokens=0,
    truncated=False,
)


class Audience:
    """Everything that a challenger tells, and a way to wait for it."""

    def __init__(self) -> None:
        self.observations: defaultdict[object, list[Observation]] = defaultdict(list)
        self.greetings: list[Hello] = []
        self.findings: list[dict[str, str]] = []
        self._changed = asyncio.Event()

    def challenger(
        self,
        bundle: Path,
        *,
        most_waiting: int = 1000,
        timeout_s: float = 60.0,
        preprocessing: str | None = None,
    ) -> Challenger:
        """Make a challenger that this audience listens to."""
        events = ChallengerEvents(self._settle, self._greeted, self._refused)
        terms = Terms(Demands(), most_waiting, timeout_s, "torch", preprocessing)
        return Challenger("docs/2", bundle, terms, events)

    async def until(self, happened: Callable[[], bool]) -> None:
        """Wait until something has happened that the challenger tells of."""
        async with asyncio.timeout(PATIENCE_S):
            while not happened():
                self._changed.clear()
                await self._changed.wait()

    def missed(self, tickets: Sequence[object]) -> list[Missed | None]:
        """Give why each was missed; every ticket must have come back exactly once."""
        assert all(len(self.observations[ticket]) == 1 for ticket in tickets)
        return [self.observations[ticket][0].missed for ticket in tickets]

    def _settle(self, _: Challenger, ticket: object, observation: Observation) -> None:
        self.observations[ticket].append(observation)
        self._changed.set()

    def _greeted(self, _: Challenger, hello: Hello) -> None:
        self.greetings.append(hello)
        self._changed.set()

    def _refused(self, _: Challenger, findings: list[dict[str, str]]) -> None:
        self.findings += findings
        self._changed.set()


class Offers:
    """Documents with tickets that count up."""

    def __init__(self, table: Table) -> None:
        self._documents = table.documents
        self._next = 0

    def to(self, challenger: Challenger, documents: int) -> list[int]:
        """Offer the next documents, and give their tickets."""
        tickets = list(range(self._next, self._next + documents))
        self._next += documents
        for ticket in tickets:
            row = self.row(ticket)
            challenger.offer(ticket, document(row["text"], row["features"]), BLANK)
        return tickets

    def row(self, ticket: int) -> dict[str, Any]:
        """Give what was offered under a ticket."""
        row: dict[str, Any] = self._documents[ticket % len(self._documents)]
        return row


def document(text: str, features: dict[str, Any]) -> Document:
    """Make a document as the request path hands it to the mirror."""
    return Document("a", None, text, features, CanonicalRow((), ()))


@pytest.fixture
def offers(small_table: Table) -> Offers:
    """Give documents to offer."""
    return Offers(small_table)


@pytest.fixture
def audience() -> Audience:
    """Give an audience."""
    return Audience()


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """Give one event loop for a challenger that several tests share."""
    with asyncio.Runner() as running:
        yield running


class Shared:
    """One challenger that answers, for tests that do not end it."""

    def __init__(self, runner: asyncio.Runner, bundle: Path) -> None:
        self.runner = runner
        self.audience = Audience()
        self.challenger = self.audience.challenger(bundle)

    async def start(self) -> None:
        """Start it, and wait until it is ready."""
        self.challenger.start()
        await self.audience.until(lambda: bool(self.audience.greetings))


@pytest.fixture(scope="module")
def shared(runner: asyncio.Runner, challenger: Path) -> Iterator[Shared]:
    """Start a challenger once for this module; drained at the end."""
    shared = Shared(runner, challenger)
    runner.run(shared.start())
    yield shared
    runner.run(shared.challenger.drain(PATIENCE_S))


@pytest.fixture(scope="module")
def shared_offers(small_table: Table) -> Offers:
    """Give tickets that stay distinct across the tests that share a challenger."""
    return Offers(small_table)


def gone(pid: int) -> bool:
    """Tell whether no process has this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def handed_over() -> None:
    """Let the event loop hand over as many documents as it will."""
    for _ in range(50):
        await asyncio.sleep(0)


async def spawned(challenger: Challenger) -> int:
    """Wait until a process exists, which nothing tells of."""
    for _ in range(1_000_000):
        if challenger.pid is not None:
            return challenger.pid
        await asyncio.sleep(0)
    pytest.fail("no process")


def test_it_says_what_it_runs(shared: Shared, challenger: Path) -> None:
    """The hello names the bundle that was verified, its engine, and the idle class."""
    bundle = open_bundle(challenger)
    hello = shared.challenger.hello
    assert hello is not None
    assert {"name": hello.name, "version": hello.version} == {"name": "docs", "version": "2"}
    assert hello.fingerprint == bundle.manifest.fingerprint
    assert (hello.labels, hello.engine, hello.priority) == (bundle.labels, "torch", "idle")
    assert hello.preprocessing == bundle.manifest.preprocessing.fingerprint
    assert hello.lanes >= 1
    assert hello.reference == bundle.reference
    assert (shared.challenger.state, shared.challenger.restarts) == ("ready", 0)


def test_answers_are_those_of_the_bundle(
    shared: Shared, shared_offers: Offers, challenger: Path
) -> None:
    """Each ticket comes back once, with the probabilities that the bundle gives by itself."""
    tickets = shared_offers.to(shared.challenger, 20)
    audience = shared.audience
    shared.runner.run(audience.until(lambda: all(map(audience.observations.get, tickets))))
    assert audience.missed(tickets) == [None] * 20
    expected = open_bundle(challenger).probe([shared_offers.row(t) for t in tickets])
    answers = [audience.observations[ticket][0].answer for ticket in tickets]
    observed = [list(answer.probabilities.values()) for answer in answers if answer is not None]
    np.testing.assert_allclose(observed, expected.probabilities, atol=1e-6)
    assert all((audience.observations[ticket][0].infer_s or 0) > 0 for ticket in tickets)
    assert shared.challenger.pending == 0


def test_sigterm_does_not_end_it(shared: Shared, shared_offers: Offers) -> None:
    """A stop reaches every process of a service at once; this one ends when its input does."""
    pid = shared.challenger.pid
    assert pid is not None
    os.kill(pid, signal.SIGTERM)
    os.kill(pid, signal.SIGINT)
    tickets = shared_offers.to(shared.challenger, 3)
    audience = shared.audience
    shared.runner.run(audience.until(lambda: all(map(audience.observations.get, tickets))))
    assert audience.missed(tickets) == [None] * 3
    assert shared.challenger.pid == pid


def test_one_bad_document_is_one_error(shared: Shared, shared_offers: Offers) -> None:
    """What does not fit its schema or the wire is missed, and the process goes on."""
    pid, audience = shared.challenger.pid, shared.audience
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"deeper": deep}
    shared.challenger.offer("misfit", document("a text", {"pages": "many"}), BLANK)
    shared.challenger.offer("deep", document("a text", deep), BLANK)
    tickets = shared_offers.to(shared.challenger, 1)
    everything = ["misfit", "deep", *tickets]
    shared.runner.run(audience.until(lambda: all(map(audience.observations.get, everything))))
    assert audience.missed(everything) == [Missed.ERROR, Missed.ERROR, None]
    assert shared.challenger.pid == pid
    while deep:
        deep = deep["deeper"]


def test_every_thread_gives_way_once_it_has_answered(shared: Shared, shared_offers: Offers) -> None:
    """The lanes, and whatever threads the engine made, before and since, are in the idle class."""
    tickets = shared_offers.to(shared.challenger, 5)
    audience = shared.audience
    shared.runner.run(audience.until(lambda: all(map(audience.observations.get, tickets))))
    threads = [int(task.name) for task in Path(f"/proc/{shared.challenger.pid}/task").iterdir()]
    assert len(threads) > 1
    assert {os.sched_getscheduler(thread) for thread in threads} == {os.SCHED_IDLE}


def test_killed_with_documents_in_flight(shared: Shared, shared_offers: Offers) -> None:
    """Those in flight are missed, those that waited are compared after the restart."""

    async def scenario() -> list[int]:
        challenger, audience = shared.challenger, shared.audience
        pid = challenger.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        tickets = shared_offers.to(challenger, 20)
        await handed_over()
        os.kill(pid, signal.SIGKILL)
        await audience.until(lambda: all(map(audience.observations.get, tickets)))
        assert gone(pid)
        assert challenger.pid != pid
        return tickets

    tickets = shared.runner.run(scenario())
    missed = shared.audience.missed(tickets)
    lost = missed.count(Missed.CHALLENGER_DOWN)
    assert 0 < lost < 20
    assert missed == [Missed.CHALLENGER_DOWN] * lost + [None] * (20 - lost)
    assert shared.challenger.restarts == 1
    assert (shared.challenger.state, shared.challenger.pending) == ("ready", 0)


def test_drained_with_time_everything_is_compared(shared: Shared, shared_offers: Offers) -> None:
    """It finishes what waits, ends, and misses whatever is offered after that."""

    async def scenario() -> tuple[list[int], list[int]]:
        challenger = shared.challenger
        pid = challenger.pid
        assert pid is not None
        tickets = shared_offers.to(challenger, 20)
        await challenger.drain(PATIENCE_S)
        assert (gone(pid), challenger.pid, challenger.pending) == (True, None, 0)
        return tickets, shared_offers.to(challenger, 2)

    before, after = shared.runner.run(scenario())
    assert shared.audience.missed(before) == [None] * 20
    assert shared.audience.missed(after) == [Missed.SHUTDOWN] * 2


def test_stopped_it_times_out_and_is_restarted_but_not_with_another_bundle(
    copied: Callable[[Path], Path],
    champion: Path,
    challenger: Path,
    audience: Audience,
    offers: Offers,
) -> None:
    """SIGSTOP is a hang: killed and started again, and refused if the bundle was replaced."""
    bundle = copied(challenger)

    async def scenario() -> None:
        stopped = audience.challenger(bundle, timeout_s=1.0)
        stopped.start()
        await audience.until(lambda: bool(audience.greetings))
        pid = stopped.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        tickets = offers.to(stopped, 10)
        await handed_over()
        shutil.rmtree(bundle)
        shutil.copytree(champion, bundle)
        await audience.until(lambda: bool(audience.findings))
        assert gone(pid)
        await audience.until(lambda: all(map(audience.observations.get, tickets)))
        missed = audience.missed(tickets)
        late = missed.count(Missed.TIMEOUT)
        assert 0 < late < 10
        assert missed == [Missed.TIMEOUT] * late + [Missed.CHALLENGER_DOWN] * (10 - late)
        assert (stopped.state, stopped.restarts) == ("refused", 1)
        await stopped.drain(0)

    asyncio.run(scenario())
    (finding,) = audience.findings
    assert finding["code"] == "bundle_replaced"
    assert finding["expected"] == open_bundle(challenger).manifest.fingerprint
    assert finding["observed"] == open_bundle(champion).manifest.fingerprint


def test_a_refused_bundle_is_heard_nothing_of_but_its_findings(
    copied: Callable[[Path], Path], challenger: Path, audience: Audience, offers: Offers
) -> None:
    """The guard's findings are told once, and each document is missed, before and after."""
    damaged = copied(challenger)
    weights = damaged / "model" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)

    async def scenario() -> list[int]:
        refused = audience.challenger(damaged)
        before = offers.to(refused, 3)
        refused.start()
        await audience.until(lambda: all(map(audience.observations.get, before)))
        assert (refused.state, refused.restarts, refused.hello) == ("refused", 0, None)
        after = offers.to(refused, 2)
        await refused.drain(PATIENCE_S)
        return [*before, *after]

    tickets = asyncio.run(scenario())
    assert audience.missed(tickets) == [Missed.CHALLENGER_DOWN] * 5
    assert audience.findings[0]["subject"] == "model/model.safetensors"


def test_drained_without_time_the_rest_is_missed(
    challenger: Path, audience: Audience, offers: Offers
) -> None:
    """What waits while it starts is missed, and no process is left behind."""

    async def scenario() -> list[int]:
        starting = audience.challenger(challenger)
        starting.start()
        tickets = offers.to(starting, 5)
        pid = await spawned(starting)
        await starting.drain(0)
        assert (gone(pid), starting.pid, starting.pending) == (True, None, 0)
        return tickets

    tickets = asyncio.run(scenario())
    assert audience.missed(tickets) == [Missed.SHUTDOWN] * 5


def test_a_full_queue_misses_the_newest(
    challenger: Path, audience: Audience, offers: Offers
) -> None:
    """Those that wait keep their place; it needs no process to find out."""
    waiting = audience.challenger(challenger, most_waiting=3)
    tickets = offers.to(waiting, 5)
    assert waiting.pending == 3
    assert audience.missed(tickets[3:]) == [Missed.QUEUE_FULL] * 2
    asyncio.run(waiting.drain(0))
    assert audience.missed(tickets[:3]) == [Missed.SHUTDOWN] * 3


def test_the_champions_encoding_goes_to_a_challenger_of_the_same_preprocessing(
    challenger: Path, audience: Audience, offers: Offers
) -> None:
    """Its answers are, to the bit, what the bundle gives for the encoded document, not the text."""
    bundle = open_bundle(challenger)
    rows = [offers.row(number) for number in range(12)]
    canonical = bundle.preprocessing.canonical(rows)
    encodings = bundle.preprocessing.encode([row["text"] for row in rows], canonical)

    async def scenario() -> None:
        fingerprint = bundle.manifest.preprocessing.fingerprint
        alike = audience.challenger(challenger, preprocessing=fingerprint)
        alike.start()
        for number, encoding in enumerate(encodings):
            alike.offer(number, document("another text", {"pages": "misfit"}), encoding)
        await alike.drain(PATIENCE_S)

    asyncio.run(scenario())
    assert audience.missed(range(12)) == [None] * 12
    answers = [audience.observations[number][0].answer for number in range(12)]
    observed = [list(answer.probabilities.values()) for answer in answers if answer is not None]
    engine = TorchEngine(bundle)
    expected = [engine.probabilities([encoding])[0] for encoding in encodings]
    np.testing.assert_array_equal(np.array(observed, dtype=np.float32), expected)


def test_a_challenger_of_another_preprocessing_is_handed_the_text(
    challenger: Path, champion: Path, audience: Audience, offers: Offers
) -> None:
    """Another bundle's ids and columns would mean nothing to it."""
    fingerprint = open_bundle(champion).manifest.preprocessing.fingerprint

    async def scenario() -> list[int]:
        other = audience.challenger(challenger, preprocessing=fingerprint)
        other.start()
        tickets = offers.to(other, 3)
        await other.drain(PATIENCE_S)
        return tickets

    tickets = asyncio.run(scenario())
    assert audience.missed(tickets) == [None] * 3
    expected = open_bundle(challenger).probe([offers.row(t) for t in tickets])
    answers = [audience.observations[ticket][0].answer for ticket in tickets]
    observed = [list(answer.probabilities.values()) for answer in answers if answer is not None]
    np.testing.assert_allclose(observed, expected.probabilities, atol=1e-6)
