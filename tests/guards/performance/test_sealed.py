"""What the held-out documents say of a model, and its way through JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from guards.drift.calibration import Calibration
from guards.drift.pair_counts import FIXED_POINT, PairCounts
from guards.performance.sealed import SealedPerformance
from load_tests.performance.simulated import Population

if TYPE_CHECKING:
    from collections.abc import Callable

    from guards.json_types import JsonMapping, JsonObject

LABELS = ("contract", "invoice", "letter", "memo")
HELD_OUT = Population(4, seed=1).draw(800, 0.0, np.random.default_rng(0))
SEALED = SealedPerformance.of(HELD_OUT.probabilities, HELD_OUT.truth, LABELS)


def test_counts_agree_with_scikit_learn() -> None:
    """The confusion matrix is scikit-learn's, transposed: rows are predicted labels."""
    predicted = HELD_OUT.probabilities.argmax(axis=1)
    assert SEALED.pairs is not None
    assert (SEALED.pairs.confusion == confusion_matrix(HELD_OUT.truth, predicted).T).all()
    for index, row in enumerate(SEALED.pairs.summed):
        expected = HELD_OUT.probabilities[predicted == index].sum(axis=0, dtype=np.float64)
        assert np.array(row) / FIXED_POINT == pytest.approx(expected, abs=1e-3)
    assert SEALED.documents == len(predicted)
    assert SEALED.accuracy == pytest.approx((predicted == HELD_OUT.truth).mean())


def from_json(data: JsonMapping) -> SealedPerformance:
    """Read what a reference keeps."""
    calibration = {
        label: Calibration.from_json(bins)
        for label, bins in zip(data["labels"], data["calibration"], strict=True)
    }
    return SealedPerformance.from_reference(calibration, PairCounts.from_json(data["pairs"]))


def to_json() -> JsonObject:
    """Return what a reference keeps."""
    assert SEALED.pairs is not None
    return {
        "labels": list(LABELS),
        "calibration": [bins.to_json() for bins in SEALED.calibration],
        "pairs": SEALED.pairs.to_json(),
    }


def test_counts_come_back_from_json() -> None:
    """A bundle keeps them as they were."""
    assert from_json(json.loads(json.dumps(to_json()))) == SEALED


def test_many_labels_are_counted_together() -> None:
    """A thousand labels take the room of one."""
    labels = [str(number) for number in range(1_000)]
    rows = np.eye(1_000)[:300] * 0.5
    sealed = SealedPerformance.of(rows, np.zeros(300, dtype=np.int64), labels)
    assert sealed.pairs is None
    assert len(sealed.calibration) == 1
    assert sealed.accuracy == pytest.approx(1 / 300)
    by_label = {label: Calibration.of([0.5], [label == "0"]) for label in labels[:300]}
    assert SealedPerformance.from_reference(by_label).calibration == sealed.calibration


def test_other_shapes_are_refused() -> None:
    """Probabilities and truths are of the same rows, and of these labels."""
    for rows, classes in ((799, 4), (800, 3)):
        with pytest.raises(ValueError, match=r"must be \[800, 4\]"):
            SealedPerformance.of(np.zeros((rows, classes)), HELD_OUT.truth, LABELS)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: data.update(pairs=7), "must be an object"),
        (lambda data: data["pairs"]["confusion"].pop(), "confusion must be 4 rows"),
        (lambda data: data["pairs"]["confusion"][0].pop(), "confusion must be 4 rows"),
        (lambda data: data["pairs"]["summed"][1].append(1), "summed must be 4 rows"),
        (lambda data: data["pairs"]["summed"][1].__setitem__(0, -1), "negative"),
        (lambda data: data["pairs"]["summed"][1].__setitem__(0, 0.5), "whole number"),
        (lambda data: data["pairs"]["one_vs_rest"].pop(), "must be 3 rows"),
        (lambda data: data["pairs"]["one_vs_rest"].reverse(), "one_vs_rest has other"),
        (lambda data: data["calibration"].reverse(), "other documents than its calibration"),
        (lambda data: data.update(labels=["a"], calibration=data["calibration"][:1]), "3 to 20"),
    ],
)
def test_contradicting_counts_are_refused(damage: Callable[[Any], object], words: str) -> None:
    """A damaged file is noticed when it is read."""
    data = json.loads(json.dumps(to_json()))
    damage(data)
    with pytest.raises(ValueError, match=words):
        from_json(data)
