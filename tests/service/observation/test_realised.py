"""What labels realised stands beside what would have been estimated for the same documents."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from guards.answer import Answer
from guards.drift.reference import Reference
from service.observation.realised import RealisedPerformance
from tests.service.observation.labelling import LABELS, confident, reference


def labelled(rows: int, seed: int = 1) -> tuple[RealisedPerformance, np.ndarray, np.ndarray]:
    """Return so many documents answered as invoices, with their confidences and who was right."""
    performance = RealisedPerformance(reference())
    confidence, right = confident(np.random.default_rng(seed), rows)
    for sure, was_right in zip(confidence.tolist(), right.tolist(), strict=True):
        performance.add(answer(sure), 1.0, right=was_right)
    return performance, confidence, right


def answer(confidence: float) -> Answer:
    """Return the answer that a document is an invoice."""
    probabilities = {LABELS[0]: confidence, LABELS[1]: 1 - confidence}
    return Answer(LABELS[0], confidence, 2 * confidence - 1, 0.5, probabilities)


def test_the_share_of_right_answers_has_its_interval() -> None:
    """Accuracy and precision are those of the documents, with Wilson's interval."""
    performance, _, right = labelled(400)
    told = performance.get()
    oracle = binomtest(int(right.sum()), 400).proportion_ci(method="wilson")
    expected = {"value": right.mean(), "low": oracle.low, "high": oracle.high}
    assert told["documents"] == 400
    assert told["accuracy"] == pytest.approx(expected, abs=1e-4)
    assert told["classes"] == {"invoice": {"documents": 400, "precision": told["accuracy"]}}


def test_the_estimate_is_of_the_same_documents() -> None:
    """Where the calibration holds, it is near what the labels say."""
    performance, confidence, right = labelled(1000)
    estimated = performance.get()["estimated"]
    assert estimated["accuracy"]["value"] == pytest.approx(
        1 - 1.3 * (1 - confidence.mean()), abs=0.01
    )
    assert estimated["accuracy"]["low"] < right.mean() < estimated["accuracy"]["high"]
    assert estimated["classes"]["invoice"]["precision"] == estimated["accuracy"]


def test_the_latest_thousand_documents_are_told_of() -> None:
    """What was long ago does not hide what is."""
    performance, _, _ = labelled(1000)
    for _ in range(1000):
        performance.add(answer(0.9), 1.0, right=False)
    told = performance.get()
    assert (told["documents"], told["accuracy"]["value"]) == (1000, 0.0)


def test_without_labels_there_is_nothing_to_tell() -> None:
    """No document, no accuracy, and no estimate; nor is there one without held-out rows."""
    assert RealisedPerformance(reference()).get() == {
        "documents": 0,
        "accuracy": None,
        "classes": {},
        "estimated": None,
    }
    features, empty = reference().features, reference(2000, ("memo",)).calibration["invoice"]
    bare = RealisedPerformance(Reference(features, 0, dict.fromkeys(LABELS, empty)))
    bare.add(answer(0.9), 1.0, right=True)
    assert bare.get()["estimated"] is None
