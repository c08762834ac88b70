"""Right answers of a class against what their confidence expects, in two periods."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from guards.diagnosis.blocks import HOUR_US
from guards.diagnosis.class_residuals import class_residuals
from guards.diagnosis.documents import NO_LABEL, Documents
from guards.evidence.columns import Categories

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


def answered(
    hours: ArrayLike,
    labels: Sequence[str],
    confidence: NDArray[np.float64],
    right: ArrayLike,
) -> Documents:
    """Return documents of which only this counts."""
    rows = len(labels)
    anything = Categories.of(["x"] * rows)
    told = {1: labels, 0: ["another"] * rows, -1: [None] * rows}
    truth = [told[each][row] for row, each in enumerate(np.asarray(right).tolist())]
    return Documents(
        observed_at=np.asarray(hours, dtype=np.int64) * HOUR_US,
        runs=anything,
        replicas=anything,
        champions=anything,
        references=anything,
        segments=anything,
        labels=Categories.of(labels),
        confidence=confidence,
        margin=confidence,
        truth=Categories.of(truth),
        cells=np.zeros((rows, 0), dtype=np.int16),
        probabilities=np.zeros((rows, 0), dtype=np.float32),
    )


def calibrated(
    generator: np.random.Generator, rows: int, letters: str, less: str = "", beta: float = 1.5
) -> Documents:
    """Return two days of answers that are right as often as expected, but for one class."""
    labels = generator.choice(list(letters), rows)
    confidence = 0.34 + 0.66 * generator.beta(12, beta, rows)
    right = generator.random(rows) < confidence - 0.3 * (labels == less)
    return answered(np.sort(generator.integers(0, 48, rows)), labels.tolist(), confidence, right)


def test_one_document_an_hour_is_welchs_test() -> None:
    """Of independent documents nothing else is known; scipy says the same."""
    generator = np.random.default_rng(1)
    sides, residuals = [], []
    for rows, share in ((60, 0.9), (90, 0.6)):
        confidence = generator.uniform(0.97, 0.99, rows)
        right = (generator.random(rows) < share).astype(float)
        sides.append(answered(range(rows), ["a"] * rows, confidence, right))
        residuals.append(right - confidence)
    (found,) = class_residuals(*sides)
    theirs = stats.ttest_ind(residuals[1], residuals[0], equal_var=False)
    assert found.moved is not None
    assert found.moved.change == pytest.approx(residuals[1].mean() - residuals[0].mean())
    assert found.moved.p_value == pytest.approx(theirs.pvalue)
    interval = theirs.confidence_interval()
    assert (found.moved.low, found.moved.high) == pytest.approx((interval.low, interval.high))


def test_a_class_that_means_something_else_is_found() -> None:
    """Alone, first, and whatever the numbers of the classes are in each period."""
    generator = np.random.default_rng(2)
    good = calibrated(generator, 900, "abcdef")
    found = class_residuals(good, calibrated(generator, 900, "fedcba", less="d"))
    assert [each.name for each in found if each.discovered] == ["d"]
    assert found[0].name == "d"
    assert found[0].moved is not None
    assert found[0].moved.low < -0.3 < found[0].moved.high
    right, expected = found[0].bad.shares or (0, 0)
    assert right == pytest.approx(expected - 0.3, abs=0.1)
    assert sum(each.good.labels for each in found) == 900
    assert found[0].to_json()["residual"]["discovered"]


def test_harder_documents_are_no_change_of_meaning() -> None:
    """Answers are less sure and less often right; of thirty times six classes hardly any is one."""
    generator = np.random.default_rng(3)
    found = [
        each
        for _ in range(30)
        for each in class_residuals(
            calibrated(generator, 600, "abcdef"), calibrated(generator, 600, "abcdef", beta=4)
        )
    ]
    assert sum(each.discovered for each in found) <= 1
    p_values = [each.moved.p_value for each in found if each.moved is not None]
    assert len(p_values) == 180
    assert np.mean(np.array(p_values) < 0.05) <= 0.08


def test_few_answers_that_are_all_right_are_no_proof() -> None:
    """They do not vary, and yet some could have been wrong."""
    labels, right = ["a"] * 24, [1] * 24
    good = answered(range(24), labels, np.full(24, 0.97), right)
    bad = answered(range(24, 48), labels, np.full(24, 0.90), right)
    (found,) = class_residuals(good, bad)
    assert found.moved is not None
    assert found.moved.change == pytest.approx(0.07)
    assert found.moved.p_value > 0.05


def test_hours_are_what_varies() -> None:
    """Half of the hours are wrong as a whole: hundreds of labels are few blocks."""
    hours = np.repeat(np.arange(8), 50)
    labels, confidence = ["a"] * 400, np.full(400, 0.9)
    good = answered(hours, labels, confidence, hours % 4 > 0)
    together = answered(hours, labels, confidence, hours % 2)
    apart = answered(hours, labels, confidence, np.arange(400) % 2)
    (wide,), (narrow,) = class_residuals(good, together), class_residuals(good, apart)
    assert wide.moved is not None
    assert narrow.moved is not None
    assert wide.moved.change == pytest.approx(narrow.moved.change)
    assert wide.moved.p_value > 0.2 > narrow.moved.p_value


def test_classes_with_few_labels_are_told_and_not_judged() -> None:
    """Those without any label, in neither period, are not told."""
    generator = np.random.default_rng(4)
    good, bad = (calibrated(generator, 300, "ab") for _ in range(2))
    labels = ["rare"] * 19 + ["none"] * 5
    right = [1] * 19 + [NO_LABEL] * 5
    few = answered(range(24), labels, np.full(24, 0.9), right)
    found = {each.name: each for each in class_residuals(few, bad)}
    assert set(found) == {"rare", "a", "b"}
    assert all(each.moved is None for each in found.values())
    assert found["rare"].good.to_json() == {
        "labels": 19,
        "right": 1.0,
        "expected": pytest.approx(0.9),
    }
    assert found["rare"].bad.to_json() == {"labels": 0, "right": None, "expected": None}
    assert all(each.moved is not None for each in class_residuals(good, bad))
