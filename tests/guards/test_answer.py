"""An answer, and what it cost."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guards.answer import Answer, Observation

LABELS = ("contract", "invoice", "letter", "memo")


def answer(*probabilities: float) -> Answer:
    """Make an answer with these probabilities."""
    labels = LABELS[: len(probabilities)]
    return Answer.of(np.array(probabilities, dtype=np.float32), labels)


@given(st.lists(st.floats(0.015625, 1.0, width=32), min_size=2, max_size=4))
def test_the_numbers_of_an_answer_follow_from_its_probabilities(weights: list[float]) -> None:
    """Confidence, margin and entropy are those of their definitions."""
    probabilities = np.array(weights, dtype=np.float32) / np.float32(sum(weights))
    observed = answer(*probabilities.tolist())
    ordered = np.sort(probabilities.astype(np.float64))[::-1]
    entropy = -(ordered * np.log(ordered)).sum() / math.log(len(ordered))
    assert observed.label == LABELS[int(np.argmax(probabilities))]
    assert observed.confidence == ordered[0]
    assert observed.margin == ordered[0] - ordered[1]
    assert observed.entropy == pytest.approx(min(entropy, 1.0), abs=1e-9)
    assert list(observed.probabilities.values()) == probabilities.tolist()


def test_a_certain_answer_has_no_entropy_and_an_even_one_has_all() -> None:
    """Entropy is between 0 and 1 whatever the number of classes."""
    assert (answer(1.0, 0.0).entropy, answer(1.0, 0.0).margin) == (0.0, 1.0)
    assert answer(0.25, 0.25, 0.25, 0.25).entropy == pytest.approx(1.0)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_probability_that_is_not_finite_is_an_error(value: float) -> None:
    """A network that computes NaN has no answer."""
    with pytest.raises(ValueError, match="not finite"):
        answer(0.5, value)


@pytest.mark.parametrize("queue_s", [None, 0.0, 0.25])
@pytest.mark.parametrize("cpu_s", [None, 0.125])
def test_times_that_are_not_measured_are_left_out_of_the_json(
    queue_s: float | None, cpu_s: float | None
) -> None:
    """Zero is a time; None is none. Both survive the way to JSON and back."""
    observation = Observation(answer(0.75, 0.25), infer_s=0.5, cpu_s=cpu_s, queue_s=queue_s)
    written = observation.to_json()
    assert ("cpu_s" in written, "queue_s" in written) == (cpu_s is not None, queue_s is not None)
    assert "preprocess_s" not in written
    assert Observation.from_json(written | {"name": "docs"}) == observation


@pytest.mark.parametrize("exclusive", [False, True])
def test_only_an_exclusive_pass_is_marked_in_the_json(*, exclusive: bool) -> None:
    """A line says it where it is so, and survives the way back; without it no pass is exclusive."""
    observation = Observation(answer(0.75, 0.25), infer_s=0.5, cpu_s=0.25, exclusive=exclusive)
    written = observation.to_json()
    assert written.get("exclusive", "absent") == (True if exclusive else "absent")
    assert Observation.from_json(written) == observation


def test_an_observation_without_its_answer_is_an_error() -> None:
    """A field that lacks is named."""
    written = Observation(answer(0.75, 0.25), infer_s=0.5, cpu_s=None).to_json()
    for field in written:
        with pytest.raises(KeyError, match=field):
            Observation.from_json({name: written[name] for name in written if name != field})
