"""Which document is next, which are dropped, and which pass is exclusive."""

from __future__ import annotations

from dataclasses import dataclass
from unittest.mock import ANY

from service.scheduling.admission import Permit
from service.scheduling.queueing import Job, Queue

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


def next_of(waiting: Queue[Document]) -> Document | None:
    """Take the next document."""
    first = waiting.take(NOW)
    return first and first[0]


def test_the_oldest_goes_first() -> None:
    """In the order in which they came, until none is left."""
    documents = [document(tokens=tokens) for tokens in (3, 1, 2)]
    waiting = queue(*documents)

    assert [next_of(waiting) for _ in range(4)] == [*documents, None]


def test_documents_without_a_caller_are_dropped() -> None:
    """The caller has left, or the deadline has passed, anywhere in the queue."""
    gone, first, past, second = document(), document(), document(left_s=0), document()
    gone.permit.left = True
    waiting = queue(gone, first, past, second, past)

    assert [next_of(waiting) for _ in range(3)] == [first, second, None]


def test_a_document_that_is_late_makes_way_for_one_in_time() -> None:
    """It is given up at once, so that its request fails at once."""
    late, ahead, behind = document(left_s=0.05, tokens=6), document(), document(left_s=0.1)
    waiting = queue(late, ahead, behind)

    assert next_of(waiting) is ahead
    assert (late.given_up, behind.given_up) == (True, False)
    assert [next_of(waiting), next_of(waiting)] == [behind, None]


def test_where_all_are_late_the_oldest_runs() -> None:
    """Without a pass a wrong estimate would never be corrected."""
    late, later = document(left_s=0.05, tokens=6), document(left_s=0.05, tokens=7)
    waiting = queue(late, later)

    assert [next_of(waiting), next_of(waiting)] == [late, later]
    assert (late.given_up, later.given_up) == (False, False)


def test_a_pass_is_exclusive_when_no_other_document_waits_or_runs() -> None:
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


def test_documents_that_fit_run_in_one_pass() -> None:
    """In order, as long as the next one fits, and without the dead; the rest waits on."""
    first, dead, second = document(tokens=3), document(left_s=0), document(tokens=2)
    large, small = document(tokens=5), document(tokens=1)
    waiting = queue(first, dead, second, large, small)

    assert next_of(waiting) is first
    assert waiting.fill_batch(NOW, 6) == [second]
    waiting.done()
    assert [next_of(waiting), waiting.fill_batch(NOW, 1)] == [large, [small]]


def test_dead_documents_do_not_count_as_waiting() -> None:
    """A pass is exclusive although documents wait whose callers have left."""
    assert queue(document(), document(left_s=0)).take(NOW) == (ANY, True)
