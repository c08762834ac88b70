"""What is next, what is dropped, and who is alone."""

from __future__ import annotations

from dataclasses import dataclass
from unittest.mock import ANY

from service.scheduling.queueing import Job, Queue
from service.scheduling.workload import Permit

NOW = 1000.0
TOKEN_S = 0.01


@dataclass(slots=True, eq=False)
class Document(Job):
    """A job that remembers whether it was given up."""

    given_up: bool = False

    def give_up(self) -> None:
        """Remember it."""
        self.given_up = True


def is_late(permit: Permit, tokens: int, now: float) -> bool:
    """Estimate a hundredth of a second for each token."""
    return now + tokens * TOKEN_S > permit.deadline


def document(left_s: float = 10.0, tokens: int = 1) -> Document:
    """Make a document in a request of its own that has so much time left."""
    return Document(Permit([tokens], tokens, NOW + left_s), tokens)


def queue(*documents: Document) -> Queue[Document]:
    """Let documents wait."""
    waiting: Queue[Document] = Queue(is_late)
    waiting.put(documents)
    return waiting


def taken(waiting: Queue[Document]) -> Document | None:
    """Take the next document."""
    found = waiting.take(NOW)
    return found and found[0]


def test_the_oldest_goes_first() -> None:
    """In the order in which they came, until none is left."""
    documents = [document(tokens=tokens) for tokens in (3, 1, 2)]
    waiting = queue(*documents)

    assert [taken(waiting) for _ in range(4)] == [*documents, None]


def test_what_nobody_waits_for_is_dropped() -> None:
    """What was left, and what is past its deadline, wherever it stands."""
    gone, first, past, second = document(), document(), document(left_s=0), document()
    gone.permit.left = True
    waiting = queue(gone, first, past, second, past)

    assert [taken(waiting) for _ in range(3)] == [first, second, None]


def test_what_cannot_be_in_time_makes_way_for_what_can() -> None:
    """It is given up at once, so that its request hears of it."""
    late, ahead, behind = document(left_s=0.05, tokens=6), document(), document(left_s=0.1)
    waiting = queue(late, ahead, behind)

    assert taken(waiting) is ahead
    assert (late.given_up, behind.given_up) == (True, False)
    assert [taken(waiting), taken(waiting)] == [behind, None]


def test_where_nothing_can_be_in_time_the_oldest_tries() -> None:
    """An estimate is no proof, and without a pass it would never be corrected."""
    late, later = document(left_s=0.05, tokens=6), document(left_s=0.05, tokens=7)
    waiting = queue(late, later)

    assert [taken(waiting), taken(waiting)] == [late, later]
    assert (late.given_up, later.given_up) == (False, False)


def test_alone_is_what_nothing_waits_or_runs_beside() -> None:
    """The first of two is not, nor the second while the first runs; the next one is."""
    waiting = queue(document(), document())
    assert [waiting.take(NOW), waiting.take(NOW)] == [(ANY, False), (ANY, False)]
    waiting.done()
    waiting.put([document()])
    assert waiting.take(NOW) == (ANY, False)
    waiting.done()
    waiting.done()
    waiting.put([document()])
    assert waiting.take(NOW) == (ANY, True)


def test_those_that_fit_run_along() -> None:
    """In order, as long as the next one fits, and without the dead; the rest waits on."""
    first, dead, second = document(tokens=3), document(left_s=0), document(tokens=2)
    large, small = document(tokens=5), document(tokens=1)
    waiting = queue(first, dead, second, large, small)

    assert taken(waiting) is first
    assert waiting.more(NOW, 6) == [second]
    waiting.done()
    assert [taken(waiting), waiting.more(NOW, 1)] == [large, [small]]


def test_the_dead_are_no_company() -> None:
    """A document is alone when those behind it are waited for by nobody."""
    assert queue(document(), document(left_s=0)).take(NOW) == (ANY, True)
