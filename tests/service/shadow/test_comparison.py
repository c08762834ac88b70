"""A challenger's observation against the champion's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from guards.drift.features import Answer
from service.shadow.comparison import Missed, Observation, compare

LABELS = ("contract", "invoice", "letter", "memo")


def answer(probabilities: list[float], labels: tuple[str, ...] = LABELS) -> Answer:
    """Sum up probabilities."""
    return Answer.of(np.array(probabilities, dtype=np.float32), labels[: len(probabilities)])


@pytest.mark.parametrize("seed", range(20))
def test_divergence_is_the_square_of_scipys_distance(seed: int) -> None:
    """Random vectors, some with zeros, agree with the oracle; the order of the two is no matter."""
    generator = np.random.default_rng(seed)
    left, right = generator.dirichlet(np.full(4, 0.3), size=2)
    left[seed % 4] = 0.0
    one, other = answer((left / left.sum()).tolist()), answer(right.tolist())
    p, q = (np.array(list(side.probabilities.values())) for side in (one, other))
    expected = float(jensenshannon(p, q, base=2)) ** 2
    # The oracle makes its input sum to exactly 1; float32 probabilities do to about 1e-7.
    assert compare(one, other).js_divergence == pytest.approx(expected, abs=1e-6)
    assert compare(one, other).js_divergence == compare(other, one).js_divergence


def test_the_same_answer_twice_does_not_diverge() -> None:
    """Two variants that say the same agree in everything."""
    same = answer([0.7, 0.2, 0.1])
    comparison = compare(same, same)
    assert (comparison.agree, comparison.confidence_delta) == (True, 0.0)
    assert comparison.js_divergence == 0.0


def test_certain_answers_with_other_labels_diverge_by_one_bit() -> None:
    """Nothing is farther apart than two certainties about different things."""
    comparison = compare(answer([1.0, 0.0]), answer([0.0, 1.0]))
    assert not comparison.agree
    assert comparison.js_divergence == pytest.approx(1.0)


def test_a_challenger_with_other_labels_is_compared_by_their_names() -> None:
    """Order is no matter, and a label that one of them lacks has no probability there."""
    champion = answer([0.6, 0.4], ("contract", "invoice"))
    reordered = answer([0.4, 0.6], ("invoice", "contract"))
    foreign = answer([0.5, 0.5], ("memo", "note"))
    assert compare(champion, reordered).js_divergence == pytest.approx(0.0, abs=1e-9)
    assert compare(champion, reordered).agree
    assert compare(champion, foreign).js_divergence == pytest.approx(1.0)


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
def test_status_of_an_observation_without_an_answer(missed: Missed, status: str) -> None:
    """Timeouts and errors are told from documents that it never tried."""
    assert Observation(answer=None, missed=missed).status == status


def test_status_of_an_answer_is_ok() -> None:
    """An observation with an answer is ok."""
    assert Observation(answer([0.9, 0.1]), infer_s=0.1).status == "ok"
