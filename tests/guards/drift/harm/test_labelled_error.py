"""The rate of wrong answers among labelled documents, by hand and by simulation."""

from __future__ import annotations

from functools import reduce
from operator import add

import numpy as np
import pytest

from guards.drift.harm.labelled_error import ErrorsByMinute, LabelledErrors
from guards.sequential.confidence_sequence import log_e_mean

RATE = 0.1


def sums_of(wrong: np.ndarray, probability: np.ndarray) -> LabelledErrors:
    """Return the sums of these labelled documents."""
    documents = (
        LabelledErrors.of(right=not was_wrong, inclusion_probability=chance)
        for was_wrong, chance in zip(wrong.tolist(), probability.tolist(), strict=True)
    )
    return reduce(add, documents, LabelledErrors())


def test_the_evidence_is_that_of_weighted_documents() -> None:
    """Sums give the evidence of (rate - wrong) / probability of each document, in any order."""
    rng = np.random.default_rng(0)
    wrong, probability = rng.random(300) < 0.02, rng.choice([0.25, 0.5, 1], 300)
    values = (RATE - wrong) / probability
    oracle = log_e_mean(values.sum(), (values**2).sum(), (1 - RATE) / 0.25)
    forward = sums_of(wrong, probability).log_e_below(RATE, 0.25)
    backward = sums_of(wrong[::-1], probability[::-1]).log_e_below(RATE, 0.25)
    assert forward == pytest.approx(float(oracle))
    assert backward == pytest.approx(forward)


def test_few_labels_prove_nothing_and_many_do() -> None:
    """Without errors, 20 labels do not show a rate below .1 beyond doubt; 1,000 do."""
    for labels, shown in ((20, False), (1000, True)):
        sums = sums_of(np.zeros(labels, dtype=bool), np.ones(labels))
        assert (sums.log_e_below(RATE, 1.0) > 10) == shown


@pytest.mark.parametrize("weighted", [True, False])
def test_preferred_documents_count_less(weighted: bool) -> None:  # noqa: FBT001
    """Where right answers are labelled more often, only weights keep the rate from seeming low."""
    rng = np.random.default_rng(1)
    shown = []
    for _ in range(50):
        wrong = rng.random(2000) < RATE
        chance = np.where(wrong, 0.3, 0.9)
        labelled = rng.random(2000) < chance
        probability = chance[labelled] if weighted else np.ones(int(labelled.sum()))
        log_e = sums_of(wrong[labelled], probability).log_e_below(RATE, 0.3 if weighted else 1)
        shown.append(log_e >= np.log(20))
    assert (np.mean(shown) <= 0.05) == weighted


def test_errors_are_those_of_later_minutes() -> None:
    """Documents count by the minute in which they were answered, in whatever order labels come."""
    errors = ErrorsByMinute()
    for minute, right in ((7, True), (3, False), (5, True), (7, False)):
        errors.add(minute, LabelledErrors.of(right=right, inclusion_probability=1.0))
    assert errors.since(0) == LabelledErrors(2, 2, 2, 2)
    assert errors.since(5) == LabelledErrors(2, 1, 2, 1)
    assert errors.since(8) == LabelledErrors()


def test_forgotten_minutes_are_not_spoken_of() -> None:
    """Of a time of which some documents were forgotten, nothing is said."""
    errors = ErrorsByMinute()
    one = LabelledErrors.of(right=True, inclusion_probability=1.0)
    for minute in range(10_081):
        errors.add(minute, one)
    assert errors.since(0) is None
    assert errors.since(1) == LabelledErrors(10_080, 0, 10_080, 0)
    errors.add(0, one)
    assert errors.since(0) is None
