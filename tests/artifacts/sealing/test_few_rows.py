"""Held-out rows that are too few say so, and how many would do."""

from __future__ import annotations

import re

import numpy as np
import pytest

from artifacts.evaluation.figures import evaluate
from artifacts.evaluation.intervals import share_interval
from artifacts.sealing.few_rows import few_rows_notes
from guards.drift.distance import BAND_LIMIT, score
from guards.drift.feature_reference import CategoricalReference, NumericReference
from guards.drift.reference import Reference


def reference(rows: int, categories: int = 3) -> Reference:
    """Return a reference with a number, and a category of equally frequent values."""
    names = tuple(f"c{index}" for index in range(categories))
    features: dict[str, NumericReference | CategoricalReference] = {
        "pages": NumericReference.of(np.arange(rows, dtype=np.float64)),
        "court": CategoricalReference.of([names[i % categories] for i in range(rows)], names),
    }
    return Reference(features, rows, {})


def notes(rows: int, wrong: int, classes: int = 2, categories: int = 3) -> list[str]:
    """Return the notes where so many of the rows are wrong."""
    truth = np.arange(rows) % classes
    answered = truth.copy()
    answered[:wrong] = (truth[:wrong] + 1) % classes
    probabilities = np.full((rows, classes), 0.01, dtype=np.float32)
    probabilities[np.arange(rows), answered] = 0.9
    metrics = evaluate(probabilities, truth, [f"label {index}" for index in range(classes)])
    return list(few_rows_notes(metrics, reference(rows, categories)))


@pytest.mark.parametrize(("rows", "wrong"), [(75, 1), (75, 0), (20, 0), (5, 1), (300, 30)])
def test_rows_that_do_not_judge_a_model(rows: int, wrong: int) -> None:
    """The note gives the interval, and as many rows as it says would narrow it to ± .02."""
    (note,) = [note for note in notes(rows, wrong) if "held-out rows are few" in note]

    low, high = (float(end) for end in share_interval(rows - wrong, rows))
    assert note.startswith(f"{rows} held-out rows")
    assert f"from {low:.3f} to {high:.3f}" in note
    found = re.search(r"about (\d+) held-out rows", note)
    assert found is not None
    enough = int(found[1])
    for share in (low, high, (rows - wrong) / rows):
        ends = share_interval(round(share * enough), enough)
        assert float(ends[1] - ends[0]) < 0.043


@pytest.mark.parametrize(("rows", "wrong"), [(3000, 300), (3000, 1), (10_000, 4000)])
def test_rows_enough_are_no_note(rows: int, wrong: int) -> None:
    """Nothing is said where nothing is amiss."""
    assert notes(rows, wrong) == []


def test_a_class_with_few_rows_is_named() -> None:
    """However many rows there are in all."""
    truth = np.array([0] * 3000 + [1] * 4)
    probabilities = np.where(truth[:, None] == np.arange(3), 0.9, 0.05).astype(np.float32)
    metrics = evaluate(probabilities, truth, ["often", "rare", "never"])

    found = [note for note in few_rows_notes(metrics, reference(3004)) if "classes" in note]

    assert len(found) == 1
    assert found[0].startswith("2 of 3 classes have fewer than 5 held-out rows")
    assert "'rare', 'never'" in found[0]


def test_rows_that_are_all_right_cannot_calibrate() -> None:
    """How sure a model is where it is wrong is seen where it is wrong."""
    assert any("all 40 held-out rows are answered rightly" in note for note in notes(40, 0))
    assert not any("answered rightly" in note for note in notes(40, 1))


@pytest.mark.parametrize(("rows", "categories", "features"), [(30, 3, 2), (1000, 400, 1)])
def test_a_reference_that_watches_nothing(rows: int, categories: int, features: int) -> None:
    """It names the features, and with the rows that it asks for a window would say something."""
    (note,) = [note for note in notes(rows, rows // 3, categories=categories) if "watch" in note]

    assert note.startswith(f"a reference of {rows} rows is too small to watch {features} of 2")
    assert "'court'" in note
    found = re.search(r"about (\d+) held-out rows would do", note)
    assert found is not None
    enough = int(found[1])
    for few, count in ((True, rows), (False, enough)):
        feature = reference(count, categories).features["court"]
        assert isinstance(feature, CategoricalReference)
        snapshot = {"counts": list(feature.counts), "missing": 0, "unknown": 0}
        assert (score(feature, snapshot).null_band > BAND_LIMIT) is few


def test_without_figures_the_reference_is_judged() -> None:
    """A bundle may be sealed without figures."""
    assert len(list(few_rows_notes({}, reference(30)))) == 1
    assert list(few_rows_notes({}, reference(3000))) == []
