"""The books on every copy of a document balance, whatever happens in whatever order."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifacts.preprocessing import Encoding
from guards.drift.features import Answer
from guards.integrity import Demands
from guards.schema import CanonicalRow
from service.documents import Document
from service.shadow.challenger import Challenger, ChallengerEvents
from service.shadow.comparison import Missed, Observation
from service.shadow.mirror import Line, Mirror
from service.shadow.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

LABELS = ("contract", "invoice")
CHAMPION = Answer.of(np.array([0.75, 0.25], dtype=np.float32), LABELS)
ENCODING = Encoding(
    np.zeros((1, 3), dtype=np.int64),
    np.zeros(0),
    CanonicalRow((), ()),
    unknown_tokens=0,
    truncated=False,
)
OUTCOMES = (
    Observation(CHAMPION, infer_s=0.1),
    Observation(Answer.of(np.array([0.25, 0.75], dtype=np.float32), LABELS), infer_s=0.1),
    *(Observation(answer=None, missed=missed) for missed in Missed),
)


class ByHand(Challenger):
    """A challenger whose documents the test settles; it misses those beyond ``room`` at once."""

    def __init__(self, key: str, mirror: Mirror, room: int = 1_000_000) -> None:
        events = ChallengerEvents(
            settle=mirror.settle, greeted=lambda *_: None, refused=lambda *_: None
        )
        super().__init__(key, Path("unused"), Terms(Demands(), 1, 1.0), events)
        self.settled = mirror.settle
        self.tickets: list[object] = []
        self.room = room

    @property
    def pending(self) -> int:
        """How many documents the test has not settled yet."""
        return len(self.tickets)

    def offer(self, ticket: object, document: Document, encoding: Encoding) -> None:
        """Keep the ticket, or give it back at once."""
        assert document.text == "a text"
        assert encoding is ENCODING
        if len(self.tickets) < self.room:
            self.tickets.append(ticket)
        else:
            self.settled(self, ticket, Observation(answer=None, missed=Missed.QUEUE_FULL))

    def settle(self, place: int, observation: Observation) -> None:
        """Settle one of those that wait."""
        self.settled(self, self.tickets.pop(place % len(self.tickets)), observation)


class Desk:
    """A mirror with challengers by hand, and what it told."""

    def __init__(self, rooms: Sequence[int] = (1_000_000,), sample: float = 1.0) -> None:
        self.finished: list[Line] = []
        self.told: Counter[str] = Counter()
        self.mirror = Mirror(
            sample=sample,
            generator=np.random.default_rng(5),
            compared=lambda challenger, _line, _observation: self.told.update([challenger.key]),
            completed=self.finished.append,
        )
        self.challengers = [
            ByHand(f"docs/{number}", self.mirror, room) for number, room in enumerate(rooms)
        ]
        self.mirror.attach(self.challengers)

    def offer(self, name: str = "a") -> bool:
        """Offer a document."""
        document = Document(name, None, "a text", {}, CanonicalRow((), ()))
        return self.mirror.offer(Line(document, ENCODING, CHAMPION, {}))

    def balanced(self) -> bool:
        """Tell whether the books of every challenger, and their total, balance."""
        books = [self.mirror.balance(challenger) for challenger in self.challengers]
        return all(
            one["eligible"]
            == one["compared"] + sum(one["missed"].values()) + one["pending"] + one["spooled"]
            for one in [*books, self.mirror.totals()]
        )


STEPS = st.lists(
    st.one_of(
        st.just(None),
        st.tuples(st.integers(0, 2), st.integers(0, 50), st.integers(0, len(OUTCOMES) - 1)),
    ),
    max_size=60,
)


@given(STEPS, st.integers(1, 3), st.integers(1, 5))
def test_the_books_balance_whatever_settles_in_whatever_order(
    steps: list[tuple[int, int, int] | None], challengers: int, room: int
) -> None:
    """After every step, and at the end each line is complete once with every observation."""
    desk = Desk(rooms=[room] * challengers)
    offered = 0
    for step in steps:
        if step is None:
            offered += 1
            assert desk.offer(str(offered))
        else:
            who, place, outcome = step
            challenger = desk.challengers[who % challengers]
            if challenger.tickets:
                challenger.settle(place, OUTCOMES[outcome])
        assert desk.balanced()
    for challenger in desk.challengers:
        while challenger.tickets:
            challenger.settle(0, OUTCOMES[0])
    assert desk.balanced()
    assert sorted(line.document.request_id for line in desk.finished) == sorted(
        str(number) for number in range(1, offered + 1)
    )
    keys = {challenger.key for challenger in desk.challengers}
    assert all(set(line.observations) == keys for line in desk.finished)
    assert desk.told == Counter(dict.fromkeys(keys, offered) if offered else {})
    assert desk.mirror.totals()["eligible"] == offered * challengers
    assert desk.mirror.totals()["pending"] == 0


def test_a_line_waits_for_its_last_challenger() -> None:
    """One that answers at once does not end the wait for the other."""
    desk = Desk(rooms=(10, 10))
    desk.offer()
    desk.challengers[1].settle(0, OUTCOMES[0])
    assert desk.finished == []
    desk.challengers[0].settle(0, OUTCOMES[1])
    (line,) = desk.finished
    assert [line.observations[f"docs/{n}"].answer for n in (0, 1)] == [
        OUTCOMES[1].answer,
        OUTCOMES[0].answer,
    ]


def test_books_are_kept_apart_and_summed() -> None:
    """Each challenger has its own agreement, confidence and misses; the total is the sum."""
    desk = Desk(rooms=(10, 1))
    for name in ("a", "b", "c"):
        desk.offer(name)
    desk.challengers[0].settle(0, OUTCOMES[0])
    desk.challengers[0].settle(0, OUTCOMES[1])
    desk.challengers[1].settle(0, OUTCOMES[1])
    first, second = (desk.mirror.coverage[key] for key in ("docs/0", "docs/1"))
    assert (first.agreement, first.confidence) == (0.5, 0.75)
    assert (second.agreement, second.confidence) == (0.0, 0.75)
    assert desk.mirror.balance(desk.challengers[1]) == {
        "eligible": 3,
        "compared": 1,
        "pending": 0,
        "spooled": 0,
        "missed": {"queue_full": 2},
    }
    assert desk.mirror.totals() == {
        "eligible": 6,
        "compared": 3,
        "pending": 1,
        "spooled": 0,
        "missed": {"queue_full": 2},
    }


def test_without_a_comparison_there_is_neither_agreement_nor_confidence() -> None:
    """Nothing is None rather than zero."""
    books = Desk().mirror.coverage["docs/0"]
    assert (books.agreement, books.confidence) == (None, None)


@pytest.mark.parametrize(("sample", "expected"), [(0.0, 0), (1.0, 2000), (0.25, 500)])
def test_sampling_leaves_out_the_rest_and_finishes_their_lines(
    sample: float, expected: int
) -> None:
    """A document that is left out is not eligible, heard by nobody, and logged all the same."""
    desk = Desk(sample=sample)
    taken = sum(desk.offer(str(number)) for number in range(2000))
    assert taken == desk.mirror.totals()["eligible"] == len(desk.challengers[0].tickets)
    # Four standard deviations of a binomial count.
    assert abs(taken - expected) <= 4 * np.sqrt(2000 * sample * (1 - sample))
    assert len(desk.finished) == 2000 - taken
    assert all(line.observations == {} for line in desk.finished)


def test_all_challengers_hear_the_same_documents() -> None:
    """Sampling decides once a document, not once a challenger."""
    desk = Desk(rooms=(1000, 1000), sample=0.5)
    for number in range(100):
        desk.offer(str(number))
    assert desk.challengers[0].tickets == desk.challengers[1].tickets


def test_without_challengers_every_line_is_complete_at_once() -> None:
    """A champion alone has no coverage to keep."""
    desk = Desk(rooms=())
    assert not desk.offer()
    assert len(desk.finished) == 1
    assert desk.mirror.totals()["eligible"] == 0
