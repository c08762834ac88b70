"""Expected figures of windows without labels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import f1_score, roc_auc_score

from guards.drift.sketch import merge
from guards.performance.answer_counts import AnswerCounts
from guards.performance.estimate import estimate
from guards.performance.sealed import SealedPerformance
from load_tests.performance.coverage import Setting, measure
from load_tests.performance.simulated import Documents, Population

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.evidence.figures import Figure
    from guards.json_types import JsonObject

FIVE = ("contract", "invoice", "letter", "memo", "report")


def counted(probabilities: NDArray[np.floating], labels: Sequence[str]) -> JsonObject:
    """Return the counts of a window."""
    counts = AnswerCounts(labels)
    counts.update(probabilities)
    return counts.get()


def sealed_with(documents: Documents, labels: Sequence[str]) -> SealedPerformance:
    """Seal what held-out documents say."""
    return SealedPerformance.of(documents.probabilities, documents.truth, labels)


def drawn(classes: int, seed: int, held_out: int, window: int, shift: float) -> list[Documents]:
    """Return held-out documents, and those of a window whose inputs have moved."""
    rng, population = np.random.default_rng(seed), Population(classes, seed)
    return [population.draw(held_out, 0.0, rng), population.draw(window, shift, rng)]


def value(figure: Figure | None) -> float:
    """Return the value of a figure that is there."""
    assert figure is not None
    assert 0 <= figure.low <= figure.value <= figure.high <= 1
    return figure.value


def by_definition(held_out: Documents, window: Documents) -> tuple[float, float, float]:
    """Return accuracy, F1 and AUC of two labels as CBPE defines them, from the raw probabilities.

    NannyML's documentation, "Confidence-based Performance Estimation": the isotonic calibration of
    the second label's probability, expected cells of the confusion matrix, and the area under the
    curve of expected rates.
    """
    raw = window.probabilities[:, 1].astype(np.float64)
    isotonic = IsotonicRegression(out_of_bounds="clip")
    isotonic.fit(held_out.probabilities[:, 1].astype(np.float64), held_out.truth)
    chance, positive = isotonic.predict(raw), window.probabilities.argmax(axis=1) == 1
    hits = chance[positive].sum()
    accuracy = np.where(positive, chance, 1 - chance).mean()
    order = np.argsort(-raw)
    true_rate, false_rate = (
        np.append(0, np.cumsum(each[order])) / each.sum() for each in (chance, 1 - chance)
    )
    return accuracy, 2 * hits / (positive.sum() + chance.sum()), np.trapezoid(true_rate, false_rate)


@pytest.mark.parametrize("shift", [0.0, 0.5])
@pytest.mark.parametrize("seed", range(3))
def test_two_labels_agree_with_the_definition(seed: int, shift: float) -> None:
    """Counts in bins say what the raw probabilities of all documents say."""
    held_out, window = drawn(2, seed, 20_000, 5_000, shift)
    found = estimate(sealed_with(held_out, "ab"), counted(window.probabilities, "ab"))
    accuracy, f1, auc = by_definition(held_out, window)
    assert value(found.accuracy) == pytest.approx(accuracy, abs=0.001)
    assert value(found.classes["b"].f1) == pytest.approx(f1, abs=0.002)
    assert value(found.auc) == pytest.approx(auc, abs=0.001)


@pytest.mark.parametrize("seed", range(3))
def test_five_labels_agree_with_true_ones_under_covariate_shift(seed: int) -> None:
    """An overconfident model is estimated rightly though its inputs moved by half."""
    held_out, window = drawn(5, seed, 50_000, 50_000, 0.5)
    found = estimate(sealed_with(held_out, FIVE), counted(window.probabilities, FIVE))
    predicted = window.probabilities.argmax(axis=1)
    f1 = f1_score(window.truth, predicted, average=None)
    auc = roc_auc_score(
        np.eye(5)[window.truth], window.probabilities.astype(np.float64), average="macro"
    )
    accuracy = (predicted == window.truth).mean()
    assert value(found.accuracy) == pytest.approx(accuracy, abs=0.01)
    assert abs(window.probabilities.max(axis=1).mean() - accuracy) > 0.03
    assert [value(found.classes[label].f1) for label in FIVE] == pytest.approx(f1, abs=0.02)
    assert value(found.macro_f1) == pytest.approx(f1.mean(), abs=0.01)
    assert value(found.auc) == pytest.approx(auc, abs=0.01)


@pytest.mark.parametrize("setting", [Setting(2, 2_000, 1_000, 0.5), Setting(5, 2_000, 1_000, 0.5)])
def test_intervals_hold_what_labels_show(setting: Setting) -> None:
    """Of 95 % intervals at least 93 % do."""
    assert min(measure(setting, populations=20).covered) >= 0.93


@pytest.mark.parametrize("labels", ["ab", FIVE])
def test_confusion_and_cost_add_up(labels: Sequence[str]) -> None:
    """Rows are predicted labels; a cost of 1 for each error is the share of errors."""
    held_out, window = drawn(len(labels), 4, 2_000, 700, 0.5)
    counts = counted(window.probabilities, labels)
    errors = (1 - np.eye(len(labels))).tolist()
    found = estimate(sealed_with(held_out, labels), counts, cost=errors)
    predicted = np.bincount(window.probabilities.argmax(axis=1), minlength=len(labels))
    assert found.confusion is not None
    assert np.sum(found.confusion, axis=1) == pytest.approx(predicted)
    accuracy, cost = found.accuracy, found.cost
    assert accuracy is not None
    assert cost is not None
    mirrored = (1 - accuracy.value, 1 - accuracy.high, 1 - accuracy.low)
    assert (cost.value, cost.low, cost.high) == pytest.approx(mirrored)
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["documents"] == 700


def test_windows_that_are_merged_are_estimated_as_one() -> None:
    """Replicas lose nothing."""
    held_out, window = drawn(5, 5, 2_000, 900, 0.5)
    sealed, answers = sealed_with(held_out, FIVE), window.probabilities
    merged = merge(counted(answers[:100], FIVE), counted(answers[100:], FIVE))
    assert estimate(sealed, merged) == estimate(sealed, counted(answers, FIVE))


def test_unseen_documents_may_all_be_wrong_or_right() -> None:
    """A tenth of unseen documents widens the accuracy by a tenth on both sides."""
    held_out, window = drawn(5, 6, 2_000, 900, 0.5)
    sealed, counts = sealed_with(held_out, FIVE), counted(window.probabilities, FIVE)
    known, tenth, every = (estimate(sealed, counts, unseen=share) for share in (0.0, 0.1, 1.0))
    assert known.accuracy is not None
    assert tenth.accuracy is not None
    assert tenth.accuracy.value == known.accuracy.value
    assert tenth.accuracy.low == pytest.approx(known.accuracy.low - 0.1)
    assert tenth.accuracy.high == pytest.approx(known.accuracy.high + 0.1)
    for figure in (every.accuracy, every.macro_f1, every.auc, every.classes["memo"].f1):
        assert figure is not None
        assert (figure.low, figure.high) == (0, 1)


def test_a_label_that_held_out_documents_never_had_is_doubtful() -> None:
    """Nothing is known of documents that are predicted so, whatever their confidence."""
    held_out = np.tile([0.9, 0.06, 0.04], (200, 1))
    sealed = SealedPerformance.of(held_out, np.zeros(200, dtype=np.int64), "abc")
    window = np.append(held_out[:60], np.tile([0.1, 0.1, 0.8], (40, 1)), axis=0)
    accuracy = estimate(sealed, counted(window, "abc")).accuracy
    assert accuracy is not None
    # All that is known is right, and of the others at least none.
    assert accuracy.value == pytest.approx(0.6 + 0.4 * 0.8, abs=0.005)
    assert accuracy.low == pytest.approx(accuracy.value - 0.4, abs=0.04)
    assert accuracy.high == 1


def every_kind_of_window(labels: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Return probabilities of windows that have little to say."""
    certain = np.eye(len(labels))[[0] * 30]
    return {
        "one document": np.full((1, len(labels)), 1 / len(labels)),
        "one label": np.roll(np.tile([0.3, 0.7] + [0.0] * (len(labels) - 2), (9, 1)), 1, axis=1),
        "certainty": certain,
        "no documents": np.empty((0, len(labels))),
    }


@pytest.mark.parametrize("labels", ["ab", "abc", FIVE, tuple(map(str, range(21)))])
@pytest.mark.parametrize("window", ["one document", "one label", "certainty", "no documents"])
@pytest.mark.parametrize("held_out", [0, 1, 300])
def test_little_is_estimated_without_an_error(
    labels: Sequence[str], window: str, held_out: int
) -> None:
    """Figures are shares with an interval around them, or None with the reason."""
    rng = np.random.default_rng(0)
    answers = rng.dirichlet([0.5] * len(labels), size=held_out)
    truth = rng.integers(0, len(labels), size=held_out)
    for sealed in (
        SealedPerformance.of(answers, truth, labels),
        SealedPerformance.of(answers[:, ::-1], truth * 0, labels),
    ):
        counts = counted(every_kind_of_window(labels)[window], labels)
        found = estimate(sealed, counts, unseen=0.1)
        for figure in (found.accuracy, found.macro_f1, found.auc):
            assert figure is None or value(figure) >= 0
        absent = {name for name in ("accuracy", "macro_f1", "auc") if not getattr(found, name)}
        assert absent <= set(found.absent)
        assert (found.accuracy is None) == (window == "no documents")
        json.dumps(found.to_json(), allow_nan=False)


def test_an_empty_snapshot_is_a_window_without_documents() -> None:
    """The neutral element of a merge is estimated like any other window."""
    held_out, _ = drawn(5, 7, 100, 1, 0.0)
    found = estimate(sealed_with(held_out, FIVE), {})
    assert found.documents == 0
    assert found.absent["accuracy"] == "the window has no documents"


def test_an_earlier_reference_says_less() -> None:
    """With the calibration alone, two labels have all figures and five lack those of pairs."""
    for labels, complete in (("ab", True), (FIVE, False)):
        held_out, window = drawn(len(labels), 8, 2_000, 500, 0.5)
        whole, counts = sealed_with(held_out, labels), counted(window.probabilities, labels)
        earlier = SealedPerformance.from_reference(
            dict(zip(labels, whole.calibration, strict=True))
        )
        full, found = estimate(whole, counts), estimate(earlier, counts)
        assert found.accuracy == full.accuracy
        assert found.classes[labels[0]].precision == full.classes[labels[0]].precision
        assert (found == full) == complete
        for name in ("macro_f1", "auc", "confusion"):
            assert (name not in found.absent) == complete == (getattr(found, name) is not None)


def test_many_labels_have_an_accuracy_alone() -> None:
    """Above 20 labels the documents are counted together, and the reason is said."""
    held_out, window = drawn(21, 9, 20_000, 3_000, 0.0)
    labels = tuple(map(str, range(21)))
    found = estimate(sealed_with(held_out, labels), counted(window.probabilities, labels))
    real = (window.probabilities.argmax(axis=1) == window.truth).mean()
    assert value(found.accuracy) == pytest.approx(real, abs=0.03)
    assert found.classes == {}
    assert "more than 20 labels" in found.absent["macro_f1"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"unseen": 1.5}, "unseen must be"),
        ({"unseen": float("nan")}, "unseen must be"),
        ({"cost": [[0, 1]]}, "cost must be"),
        ({"cost": [[0, 1, 1], [1, 0, 1], [1, 1, float("inf")]]}, "cost must be"),
    ],
)
def test_impossible_arguments_are_refused(wrong: dict[str, Any], words: str) -> None:
    """A share and a table of costs are what they are called."""
    held_out, window = drawn(3, 9, 100, 10, 0.0)
    with pytest.raises(ValueError, match=words):
        estimate(sealed_with(held_out, "abc"), counted(window.probabilities, "abc"), **wrong)


@pytest.mark.parametrize(
    "counts",
    [
        {"predicted": {"d": {}}, "others": {}, "summed": [[0] * 3] * 3},
        {"predicted": {}, "others": {}, "summed": [[0] * 2] * 3},
        {"predicted": {}, "others": {}, "summed": [[0] * 3, [0] * 3, [0]]},
        {"predicted": {}, "others": {}, "summed": [[-1] * 3] * 3},
        {"predicted": {}, "others": {}, "summed": [[2**64] * 3] * 3},
        {"predicted": {}, "others": {}},
        {"predicted": {"a": 3}, "others": {}, "summed": [[0] * 3] * 3},
        {"others": {}, "summed": [[0] * 3] * 3},
    ],
)
def test_counts_of_another_model_are_refused(counts: JsonObject) -> None:
    """A window is of these labels, and whole."""
    held_out, _ = drawn(3, 9, 100, 10, 0.0)
    with pytest.raises(ValueError, match=r"labels|must |missing"):
        estimate(sealed_with(held_out, "abc"), counts)
