"""Who is admitted, by what has been learnt of the work."""

from __future__ import annotations

import numpy as np
import pytest

from artifacts.preprocessing import Encoding
from guards.schema import CanonicalRow
from service.errors import DeadlinePassed, Overloaded
from service.scheduling.workload import Limits, Permit, Workload

LANES = 2
TOKENS = 100
PASS_S = 0.01
NOW = 1000.0


def workload(documents: int = 1000, document_tokens: int = 1000) -> Workload:
    """Give a workload that has not learnt anything."""
    return Workload(Limits(documents, LANES, document_tokens))


def learnt(passes: int = 100, pass_s: float = PASS_S) -> Workload:
    """Give a workload that knows how long a document takes, and that a character is a token."""
    work = workload()
    teach(work, passes, pass_s)
    permit = work.admit([TOKENS], NOW + 1, NOW)
    work.encoded(permit, [encoding(TOKENS)])
    work.leave(permit)
    return work


def teach(work: Workload, passes: int, pass_s: float, *, alone: bool = False) -> None:
    """Let so many passes over a document take so long."""
    for _ in range(passes):
        work.learn(TOKENS, pass_s, alone=alone)


def encoding(tokens: int, *, truncated: bool = False) -> Encoding:
    """Make a document of so many tokens."""
    ids = np.zeros((1, tokens), dtype=np.int64)
    return Encoding(ids, np.zeros(0), CanonicalRow((), ()), unknown_tokens=0, truncated=truncated)


def occupy(work: Workload, documents: int = LANES) -> list[Permit]:
    """Hold places for other documents, each in a request of its own that may take its time."""
    permits = [work.admit([TOKENS], NOW + 10**6, NOW) for _ in range(documents)]
    for permit in permits:
        work.encoded(permit, [encoding(TOKENS)])
    return permits


def is_admitted(work: Workload, left_s: float, characters: int = TOKENS) -> bool:
    """Ask with so much time left, and go at once."""
    try:
        permit = work.admit([characters], NOW + left_s, NOW)
    except Overloaded:
        return False
    work.leave(permit)
    return True


def test_who_cannot_be_answered_in_time_is_refused() -> None:
    """A hundred documents of 10 ms take two lanes half a second."""
    work = learnt()
    occupy(work, 99)

    assert not is_admitted(work, 0.4)
    assert is_admitted(work, 0.7)


def test_a_check_is_a_refusal_and_holds_nothing() -> None:
    """Asked any number of times, there is room still; without room it refuses as admitting does."""
    work = learnt()
    occupy(work, 99)

    for _ in range(3):
        work.check([TOKENS], NOW + 0.7, NOW)
        assert work.documents == 99
    with pytest.raises(Overloaded):
        work.check([TOKENS], NOW + 0.4, NOW)


def test_a_refusal_says_when_the_work_will_be_done() -> None:
    """Five hundred documents of 10 ms take two lanes 2.5 s: three whole seconds."""
    work = learnt()
    occupy(work, 500)

    with pytest.raises(Overloaded) as caught:
        work.admit([TOKENS], NOW + 1, NOW)

    assert caught.value.retry_after_s == 3


def test_a_refusal_sends_nobody_away_for_longer_than_work_may_wait() -> None:
    """By the last deadline whatever waits is gone, though the estimate says an hour."""
    work = learnt(pass_s=3600)
    for _ in range(LANES):
        work.admit([TOKENS], NOW + 10, NOW)

    with pytest.raises(Overloaded) as caught:
        work.admit([TOKENS], NOW + 9, NOW + 2)

    assert caught.value.retry_after_s == 8


@pytest.mark.parametrize("waiting", [0, 1])
def test_a_refusal_names_a_whole_second_at_least(waiting: int) -> None:
    """Before anything is known, whether or not anything waits."""
    work = workload(documents=waiting)
    occupy(work, waiting)

    with pytest.raises(Overloaded) as caught:
        work.admit([TOKENS], NOW + 1, NOW)

    assert caught.value.retry_after_s == 1


def test_before_anything_is_known_there_is_time() -> None:
    """Only the number of documents is bounded until the first pass."""
    work = workload(documents=100)
    occupy(work, 99)

    assert is_admitted(work, 0.001)


def test_whoever_finds_a_lane_free_is_admitted() -> None:
    """However long it would take by the estimate; with every lane taken the estimate counts."""
    work = learnt(pass_s=3600)

    occupy(work, LANES - 1)
    assert is_admitted(work, 0.1)
    occupy(work, 1)
    assert not is_admitted(work, 0.1)


@pytest.mark.parametrize("alone", [True, False], ids=["alone", "side by side"])
def test_an_estimate_recovers(alone: bool) -> None:  # noqa: FBT001 (a parameter of the test)
    """After an hour a document, ordinary passes of whichever kind open the door again."""
    work = learnt(pass_s=3600)
    occupy(work)

    teach(work, 400, PASS_S, alone=alone)

    assert is_admitted(work, 0.1)


def test_one_slow_pass_changes_little() -> None:
    """The machine slept for an hour in the middle of a pass: who comes next is admitted."""
    work = learnt()
    occupy(work)

    teach(work, 1, 3600)

    assert is_admitted(work, 0.1)


def test_passes_alone_do_not_promise_what_lanes_cannot_keep() -> None:
    """On every processor a pass is quicker than in its lane, where the next hundred will be."""
    work = learnt()
    teach(work, 400, PASS_S * 0.6, alone=True)
    occupy(work, 99)

    assert not is_admitted(work, 0.4)


def test_a_long_text_counts_as_what_the_network_sees_of_it() -> None:
    """Two hundred thousand characters are cut to a thousand tokens: a tenth of a second."""
    work = learnt()
    occupy(work)

    assert is_admitted(work, 0.1, characters=200_000)


def test_what_was_cut_teaches_nothing_about_characters() -> None:
    """A cut text has few tokens for its length; the next one may be shorter and whole."""
    work = learnt()
    for _ in range(100):
        permit = work.admit([200_000], NOW + 1, NOW)
        work.encoded(permit, [encoding(TOKENS, truncated=True)])
        work.leave(permit)
    occupy(work)

    assert not is_admitted(work, 0.05, characters=1000)


def test_texts_without_characters_are_counted() -> None:
    """An empty text has its special tokens, and no tokens a character."""
    work = workload()
    permit = work.admit([0], NOW + 1, NOW)
    work.encoded(permit, [encoding(2)])

    assert permit.tokens == 2


def test_answers_make_room() -> None:
    """What is answered is work no more, though the rest of its request is; nor is what left."""
    work = learnt()
    permit = work.admit([TOKENS] * 100, NOW + 10, NOW)
    work.encoded(permit, [encoding(TOKENS)] * 100)
    assert not is_admitted(work, 0.4)

    for _ in range(50):
        work.answered(permit, TOKENS)
    assert is_admitted(work, 0.4)
    assert not is_admitted(work, 0.2)

    work.leave(permit)
    work.answered(permit, TOKENS)
    occupy(work, 38)
    assert is_admitted(work, 0.25)
    assert not is_admitted(work, 0.23)


def test_a_deadline_that_has_passed_is_no_overload() -> None:
    """Coming back later would not help."""
    work = workload(documents=0)

    with pytest.raises(DeadlinePassed):
        work.admit([TOKENS], NOW, NOW)
