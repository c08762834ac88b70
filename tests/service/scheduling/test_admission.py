"""Which requests are admitted, by the estimates of their work."""

from __future__ import annotations

import numpy as np
import pytest

from artifacts.bundle.preprocessing import Encoding
from guards.schema import CanonicalRow
from service.errors import DeadlinePassed, Overloaded
from service.scheduling.admission import AdmissionController, AdmissionLimits, Permit

LANES = 2
TOKENS = 100
PASS_S = 0.01
NOW = 1000.0


def admission(documents: int = 1000, document_tokens: int = 1000) -> AdmissionController:
    """Return a controller without estimates."""
    return AdmissionController(AdmissionLimits(documents, LANES, document_tokens))


def learnt(passes: int = 100, pass_s: float = PASS_S) -> AdmissionController:
    """Return a controller with estimates of a document, and of one token a character."""
    controller = admission()
    teach(controller, passes, pass_s)
    permit = controller.admit([TOKENS], NOW + 1, NOW)
    controller.encoded(permit, [encoding(TOKENS)])
    controller.leave(permit)
    return controller


def teach(
    controller: AdmissionController, passes: int, pass_s: float, *, exclusive: bool = False
) -> None:
    """Let so many passes over a document take so long."""
    for _ in range(passes):
        controller.learn(TOKENS, pass_s, exclusive=exclusive)


def encoding(tokens: int, *, truncated: bool = False) -> Encoding:
    """Make a document of so many tokens."""
    ids = np.zeros((1, tokens), dtype=np.int64)
    return Encoding(ids, np.zeros(0), CanonicalRow((), ()), unknown_tokens=0, truncated=truncated)


def occupy(controller: AdmissionController, documents: int = LANES) -> list[Permit]:
    """Reserve capacity for other documents, each in a request with a distant deadline."""
    permits = [controller.admit([TOKENS], NOW + 10**6, NOW) for _ in range(documents)]
    for permit in permits:
        controller.encoded(permit, [encoding(TOKENS)])
    return permits


def is_admitted(controller: AdmissionController, left_s: float, characters: int = TOKENS) -> bool:
    """Ask with so much time left, and leave at once."""
    try:
        permit = controller.admit([characters], NOW + left_s, NOW)
    except Overloaded:
        return False
    controller.leave(permit)
    return True


def test_a_request_that_cannot_be_in_time_is_refused() -> None:
    """A hundred documents of 10 ms take two lanes half a second."""
    controller = learnt()
    occupy(controller, 99)

    assert not is_admitted(controller, 0.4)
    assert is_admitted(controller, 0.7)


def test_a_check_refuses_and_reserves_nothing() -> None:
    """It can be repeated where there is room, and refuses as ``admit`` does where there is none."""
    controller = learnt()
    occupy(controller, 99)

    for _ in range(3):
        controller.check([TOKENS], NOW + 0.7, NOW)
        assert controller.documents == 99
    with pytest.raises(Overloaded):
        controller.check([TOKENS], NOW + 0.4, NOW)


def test_a_refusal_names_the_time_when_the_work_will_be_done() -> None:
    """Five hundred documents of 10 ms take two lanes 2.5 s: three whole seconds."""
    controller = learnt()
    occupy(controller, 500)

    with pytest.raises(Overloaded) as caught:
        controller.admit([TOKENS], NOW + 1, NOW)

    assert caught.value.retry_after_s == 3


def test_a_refusal_names_no_longer_time_than_work_may_wait() -> None:
    """After the last deadline no document waits, though the estimate is an hour."""
    controller = learnt(pass_s=3600)
    for _ in range(LANES):
        controller.admit([TOKENS], NOW + 10, NOW)

    with pytest.raises(Overloaded) as caught:
        controller.admit([TOKENS], NOW + 9, NOW + 2)

    assert caught.value.retry_after_s == 8


@pytest.mark.parametrize("waiting", [0, 1])
def test_a_refusal_names_a_whole_second_at_least(waiting: int) -> None:
    """Before anything is known, whether or not anything waits."""
    controller = admission(documents=waiting)
    occupy(controller, waiting)

    with pytest.raises(Overloaded) as caught:
        controller.admit([TOKENS], NOW + 1, NOW)

    assert caught.value.retry_after_s == 1


def test_before_anything_is_known_there_is_time() -> None:
    """Only the number of documents is bounded until the first pass."""
    controller = admission(documents=100)
    occupy(controller, 99)

    assert is_admitted(controller, 0.001)


def test_a_request_that_finds_a_lane_free_is_admitted() -> None:
    """Whatever the estimate; it counts when every lane is taken."""
    controller = learnt(pass_s=3600)

    occupy(controller, LANES - 1)
    assert is_admitted(controller, 0.1)
    occupy(controller, 1)
    assert not is_admitted(controller, 0.1)


@pytest.mark.parametrize("exclusive", [True, False], ids=["exclusive", "side by side"])
def test_an_estimate_recovers(exclusive: bool) -> None:  # noqa: FBT001 (a parameter of the test)
    """After an estimate of an hour, ordinary passes of either kind let requests in again."""
    controller = learnt(pass_s=3600)
    occupy(controller)

    teach(controller, 400, PASS_S, exclusive=exclusive)

    assert is_admitted(controller, 0.1)


def test_one_slow_pass_changes_little() -> None:
    """The machine slept for an hour during a pass: the next request is admitted."""
    controller = learnt()
    occupy(controller)

    teach(controller, 1, 3600)

    assert is_admitted(controller, 0.1)


def test_exclusive_passes_do_not_promise_what_lanes_cannot_keep() -> None:
    """On all cores a pass is faster than in one lane, where the next hundred will run."""
    controller = learnt()
    teach(controller, 400, PASS_S * 0.6, exclusive=True)
    occupy(controller, 99)

    assert not is_admitted(controller, 0.4)


def test_a_long_text_counts_as_what_the_network_sees_of_it() -> None:
    """Two hundred thousand characters are truncated to a thousand tokens: a tenth of a second."""
    controller = learnt()
    occupy(controller)

    assert is_admitted(controller, 0.1, characters=200_000)


def test_a_truncated_text_does_not_change_the_estimate() -> None:
    """It has few tokens for its length; the next text may be shorter and whole."""
    controller = learnt()
    for _ in range(100):
        permit = controller.admit([200_000], NOW + 1, NOW)
        controller.encoded(permit, [encoding(TOKENS, truncated=True)])
        controller.leave(permit)
    occupy(controller)

    assert not is_admitted(controller, 0.05, characters=1000)


def test_texts_without_characters_are_counted() -> None:
    """An empty text has its special tokens, and no tokens a character."""
    controller = admission()
    permit = controller.admit([0], NOW + 1, NOW)
    controller.encoded(permit, [encoding(2)])

    assert permit.tokens == 2


def test_answers_make_room() -> None:
    """Neither answered documents nor those of a caller that left count as controller."""
    controller = learnt()
    permit = controller.admit([TOKENS] * 100, NOW + 10, NOW)
    controller.encoded(permit, [encoding(TOKENS)] * 100)
    assert not is_admitted(controller, 0.4)

    for _ in range(50):
        controller.answered(permit, TOKENS)
    assert is_admitted(controller, 0.4)
    assert not is_admitted(controller, 0.2)

    controller.leave(permit)
    controller.answered(permit, TOKENS)
    occupy(controller, 38)
    assert is_admitted(controller, 0.25)
    assert not is_admitted(controller, 0.23)


def test_a_deadline_that_has_passed_is_no_overload() -> None:
    """Coming back later would not help."""
    controller = admission(documents=0)

    with pytest.raises(DeadlinePassed):
        controller.admit([TOKENS], NOW, NOW)
