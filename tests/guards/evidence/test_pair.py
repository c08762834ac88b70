"""The answers of champion and challenger to one document, compared."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from guards.answer import Answer, Observation
from guards.evidence.pair import ChallengerId, Missed, ShadowOutcome, compare

LABELS = ("contract", "invoice", "letter", "memo")
CHALLENGER = ChallengerId("docs", "2")


def answer(probabilities: list[float], labels: tuple[str, ...] = LABELS) -> Answer:
    """Make an answer with these probabilities."""
    return Answer.of(np.array(probabilities, dtype=np.float32), labels[: len(probabilities)])


def observation(probabilities: list[float]) -> Observation:
    """Make an observation with these probabilities."""
    return Observation(answer(probabilities), infer_s=0.5, cpu_s=0.25)


@pytest.mark.parametrize("seed", range(20))
def test_divergence_is_the_square_of_scipys_distance(seed: int) -> None:
    """Random vectors, some with zeros, agree with the oracle in either order."""
    generator = np.random.default_rng(seed)
    left, right = generator.dirichlet(np.full(4, 0.3), size=2)
    left[seed % 4] = 0.0
    first, second = answer((left / left.sum()).tolist()), answer(right.tolist())
    p, q = (np.array(list(side.probabilities.values())) for side in (first, second))
    expected = float(jensenshannon(p, q, base=2)) ** 2
    # The oracle makes its input sum to exactly 1; float32 probabilities do to about 1e-7.
    assert compare(first, second).js_divergence == pytest.approx(expected, abs=1e-6)
    assert compare(first, second).js_divergence == compare(second, first).js_divergence


def test_the_same_answer_twice_does_not_diverge() -> None:
    """Two models with the same answer agree in everything."""
    same = answer([0.7, 0.2, 0.1])
    comparison = compare(same, same)
    assert (comparison.agree, comparison.confidence_delta) == (True, 0.0)
    assert comparison.js_divergence == 0.0


def test_certain_answers_with_other_labels_diverge_by_one_bit() -> None:
    """The divergence is largest between two certain answers that differ."""
    comparison = compare(answer([1.0, 0.0]), answer([0.0, 1.0]))
    assert not comparison.agree
    assert comparison.js_divergence == pytest.approx(1.0)


def test_a_challenger_with_other_labels_is_compared_by_their_names() -> None:
    """Labels match by name in any order; one that an answer lacks has no probability there."""
    champion = answer([0.6, 0.4], ("contract", "invoice"))
    reordered = answer([0.4, 0.6], ("invoice", "contract"))
    unrelated = answer([0.5, 0.5], ("memo", "note"))
    assert compare(champion, reordered).js_divergence == pytest.approx(0.0, abs=1e-9)
    assert compare(champion, reordered).agree
    assert compare(champion, unrelated).js_divergence == pytest.approx(1.0)


def test_confidence_delta_is_challenger_minus_champion() -> None:
    """A challenger that is less sure has a negative delta."""
    delta = compare(answer([0.9, 0.1]), answer([0.6, 0.4])).confidence_delta
    assert delta == pytest.approx(-0.3, abs=1e-6)


@pytest.mark.parametrize(
    ("missed", "status"),
    [
        (Missed.TIMEOUT, "timeout"),
        (Missed.ERROR, "error"),
        (Missed.QUEUE_FULL, "missed"),
        (Missed.CHALLENGER_DOWN, "missed"),
        (Missed.SHUTDOWN, "missed"),
    ],
)
def test_status_of_a_missed_document(missed: Missed, status: str) -> None:
    """Timeouts and errors are told apart from documents that were never tried."""
    shadow = ShadowOutcome.of(observation([0.9, 0.1]), CHALLENGER, missed)
    assert (shadow.status, shadow.comparison, shadow.disagree) == (status, None, False)
    assert shadow.to_json() == {
        **CHALLENGER.to_json(),
        "status": status,
        "reason": missed.value,
    }


def test_what_is_awaited_is_neither_compared_nor_missed() -> None:
    """It is pending, without a reason, and says nothing of agreement."""
    shadow = ShadowOutcome.of(observation([0.9, 0.1]), CHALLENGER, None)
    assert (shadow.status, shadow.comparison, shadow.disagree) == ("pending", None, False)
    assert shadow.to_json() == {**CHALLENGER.to_json(), "status": "pending", "reason": None}
    assert ShadowOutcome.from_json(CHALLENGER, shadow.to_json()) == shadow


@pytest.mark.parametrize(("other", "disagree"), [([0.6, 0.4], False), ([0.4, 0.6], True)])
def test_an_answer_has_a_comparison(other: list[float], *, disagree: bool) -> None:
    """Its status is ok, and its JSON has answer, times and comparison side by side."""
    champion, challenger = observation([0.9, 0.1]), observation(other)
    shadow = ShadowOutcome.of(champion, CHALLENGER, challenger)
    comparison = compare(champion.answer, challenger.answer)
    assert (shadow.status, shadow.comparison, shadow.disagree) == ("ok", comparison, disagree)
    assert shadow.to_json() == {
        **CHALLENGER.to_json(),
        "status": "ok",
        "reason": None,
        **challenger.to_json(),
        **comparison.to_json(),
    }


def test_challengers_of_one_bundle_are_ordered_and_told_apart() -> None:
    """The first one is named like its bundle, the others by a number behind it."""
    second = ChallengerId("docs", "2", 2)
    assert [str(CHALLENGER), str(second)] == ["docs/2", "docs/2#2"]
    assert len({CHALLENGER, second, ChallengerId("docs", "2", 1)}) == 2
    assert sorted([second, CHALLENGER]) == [CHALLENGER, second]
