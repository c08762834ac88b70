"""Live windows: every document in exactly one, and sums that do not depend on where they end."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.answer import Answer
from guards.drift.calibration import Calibration
from guards.drift.feature_reference import CategoricalReference, NumericReference
from guards.drift.features import (
    ANSWER_FEATURES,
    CHAMPION,
    TRUTH_VALUES,
    answer_features,
    answer_values,
)
from guards.drift.reference import Reference
from guards.drift.sketch import merge
from guards.evidence.pair import ChallengerId
from guards.moments import rfc3339
from guards.performance.cost import CostTable
from guards.performance.sealed import SealedPerformance
from guards.schema import CanonicalRow
from service.observation.windows import Windows

if TYPE_CHECKING:
    from guards.drift.feature_reference import FeatureReference
    from guards.events.drift_window import DriftWindow
    from guards.json_types import JsonObject

LABELS = ("contract", "invoice", "letter")
CHALLENGER = ChallengerId("docs", "2")
NO_ISSUES = CanonicalRow((), ())
INPUTS = ("pages", "salary", "court", "sender")
PRIVATE = frozenset({"salary", "sender"})


def answer(generator: np.random.Generator) -> Answer:
    """Make an answer at random."""
    return Answer.of(generator.dirichlet(np.ones(3)).astype(np.float32), LABELS)


def inputs(generator: np.random.Generator) -> dict[str, float | str]:
    """Make the inputs of one document at random."""
    return {
        "pages": float(generator.normal(10, 3)) if generator.random() > 0.1 else float("nan"),
        "salary": float(generator.normal(5000, 900)),
        "court": str(generator.choice(["NDCA", "SDNY", "EDTX", ""])),
        "sender": f"sender {generator.integers(50)}",
    }


@pytest.fixture(scope="module")
def reference() -> Reference:
    """Return what a bundle would have sealed, with a private number and a private category."""
    generator = np.random.default_rng(1)
    rows = [inputs(generator) for _ in range(500)]
    answers = [answer_features(answer(generator), "answer") for _ in range(500)]

    def numeric(values: list[float | str]) -> NumericReference:
        return NumericReference.of(np.array(values, dtype=np.float64))

    def categorical(
        values: list[float | str], known: tuple[str, ...], *, private: bool = False
    ) -> CategoricalReference:
        return CategoricalReference.of(list(map(str, values)), known, private=private)

    senders = tuple(f"sender {number}" for number in range(25))
    features: dict[str, FeatureReference] = {
        "pages": numeric([row["pages"] for row in rows]),
        "salary": numeric([row["salary"] for row in rows]),
        "court": categorical([row["court"] for row in rows], ("NDCA", "SDNY")),
        "sender": categorical([row["sender"] for row in rows], senders, private=True),
        "answer.label": categorical([features["answer.label"] for features in answers], LABELS),
        "answer.boundary": categorical(
            [features["answer.boundary"] for features in answers], TRUTH_VALUES
        ),
        **{
            name: numeric([features[name] for features in answers])
            for name in ("answer.confidence", "answer.margin", "answer.entropy")
        },
    }
    calibration = {label: Calibration.of([0.5, 0.9] * 50, [True, False] * 50) for label in LABELS}
    return Reference(features, len(rows), calibration)


@pytest.fixture
def windows(reference: Reference) -> Windows:
    """Return windows that know one challenger."""
    windows = Windows(reference, INPUTS, PRIVATE)
    windows.challengers.watch(CHALLENGER, reference)
    return windows


def observe(windows: Windows, generator: np.random.Generator) -> Answer:
    """Count one document, and return the champion's answer to it."""
    champion = answer(generator)
    windows.observe(row_of(inputs(generator), champion), champion, NO_ISSUES)
    return champion


def row_of(values: dict[str, float | str], champion: Answer) -> tuple[float | str, ...]:
    """Return the values that a window counts of a document."""
    return (*values.values(), *answer_values(champion))


def flushed(windows: Windows) -> DriftWindow:
    """Flush a window that holds something."""
    window = windows.flush()
    assert window is not None
    return window


def counted(snapshot: JsonObject) -> int:
    """Count the documents of one feature, wherever they fell."""
    elsewhere = (snapshot.get(name, 0) for name in ("missing", "infinite", "unknown"))
    return sum((*snapshot["counts"], *elsewhere))


def test_nothing_is_flushed_from_an_empty_window(windows: Windows) -> None:
    """A quiet minute leaves no line."""
    assert windows.flush() is None
    observe(windows, np.random.default_rng(2))
    flushed(windows)
    assert windows.flush() is None


def test_each_document_is_in_exactly_one_window(windows: Windows) -> None:
    """Flushing now and then, the windows' documents add up, in every feature."""
    generator = np.random.default_rng(3)
    lines = []
    for number in range(1, 101):
        observe(windows, generator)
        if number % 30 == 0:
            lines.append(flushed(windows))
    lines.append(flushed(windows))
    assert [line.documents for line in lines] == [30, 30, 30, 10]
    for line in lines:
        open_features = line.counts["features"].keys() - PRIVATE
        assert {counted(line.counts["features"][name]) for name in open_features} == {
            line.documents
        }
    assert windows.documents == 0


def test_windows_follow_each_other(windows: Windows) -> None:
    """One begins after the other has ended, and says so in UTC."""
    generator = np.random.default_rng(4)
    observe(windows, generator)
    first = flushed(windows)
    observe(windows, generator)
    second = flushed(windows)
    assert first.start <= first.end <= second.start <= second.end
    bounds = first.bounds()
    assert bounds["documents"] == 1
    assert bounds["start"].endswith("Z")
    assert len(bounds["end"]) == len("2026-01-01T00:00:00.000000Z")


def test_a_comparison_counts_in_the_window_in_which_it_arrives(windows: Windows) -> None:
    """A challenger that answers after the flush is counted after it, even without documents."""
    generator = np.random.default_rng(5)
    champion, early, late = observe(windows, generator), answer(generator), answer(generator)
    windows.challengers.compare(CHALLENGER, champion, early)
    first = flushed(windows)
    windows.challengers.compare(CHALLENGER, champion, late)
    second = flushed(windows)
    assert (first.documents, second.documents) == (1, 0)
    for line, challenger in ((first, early), (second, late)):
        counts = line.counts["challengers"]["docs/2"]
        assert counts["compared"] == 1
        assert counts["disagreements"] == {champion.label: {challenger.label: 1}}
        assert {counted(feature) for feature in counts["features"].values()} == {1}


def test_inputs_champion_and_challenger_are_scored(windows: Windows) -> None:
    """Each feature is scored once; answers are named for the model that gave them."""
    generator = np.random.default_rng(6)
    for _ in range(200):
        windows.challengers.compare(CHALLENGER, observe(windows, generator), answer(generator))
    scores = flushed(windows).scores
    variants = (CHAMPION, "docs/2", "docs/2.champion")
    answers = {f"{who}.{feature}" for who in variants for feature in ANSWER_FEATURES}
    assert set(scores) == {"pages", "salary", "court", "sender"} | answers
    assert all(score.value is not None and score.documents == 200 for score in scores.values())
    assert scores["pages"].metric == "ks"
    assert scores["champion.label"].metric == "js"
    assert all(score.e_value is not None for score in scores.values())


def test_a_challenger_that_cannot_be_scored_costs_its_own_figures_alone(
    reference: Reference, caplog: pytest.LogCaptureFixture
) -> None:
    """The champion, the other challenger and the count of comparisons are in the window."""
    generator = np.random.default_rng(12)
    broken = replace(reference.features["answer.confidence"])
    object.__setattr__(broken, "counts", (10**400,) * len(broken.counts))
    windows = Windows(reference, INPUTS, PRIVATE)
    windows.challengers.watch(
        CHALLENGER, replace(reference, features={**reference.features, "answer.confidence": broken})
    )
    other = ChallengerId("docs", "3")
    windows.challengers.watch(other, reference)
    for _ in range(60):
        champion = observe(windows, generator)
        windows.challengers.compare(CHALLENGER, champion, answer(generator))
        windows.challengers.compare(other, champion, answer(generator))

    assert windows.latest().documents == 60
    window = flushed(windows)

    assert {"champion.confidence", "docs/3.confidence"} <= window.scores.keys()
    assert not [name for name in window.scores if name.startswith("docs/2")]
    counts = window.counts["challengers"]
    assert (counts["docs/2"]["compared"], counts["docs/2"]["features"]) == (60, {})
    assert "answer.confidence" not in counts["docs/3"]["features"]
    assert counted(counts["docs/3"]["features"]["docs/3.confidence"]) == 60
    assert "no figures of challenger 'docs/2'" in caplog.text


def test_the_latest_scores_are_live_until_the_first_flush(windows: Windows) -> None:
    """A status always has something to show, and asking for it changes nothing."""
    observe(windows, np.random.default_rng(7))
    assert windows.latest().documents == 1
    assert windows.documents == 1
    window = flushed(windows)
    observe(windows, np.random.default_rng(8))
    assert windows.latest() is window


def test_values_of_private_columns_are_never_in_the_counts(windows: Windows) -> None:
    """Neither a private category that is new, nor the ends of a private number's range."""
    generator = np.random.default_rng(9)
    row = {**inputs(generator), "salary": 123456.75, "sender": "Jane Roe", "court": "EDTX"}
    for _ in range(20):
        champion = answer(generator)
        windows.observe(row_of(row, champion), champion, NO_ISSUES)
    counts = flushed(windows).counts
    written = json.dumps(counts)
    assert "EDTX" in written
    assert "Jane Roe" not in written
    assert "123456.75" not in written
    assert not {"minimum", "maximum"} & set(counts["features"]["salary"])
    assert {"minimum", "maximum"} <= set(counts["features"]["pages"])


def test_issues_are_counted_in_the_window_of_their_document(windows: Windows) -> None:
    """Each window counts its own documents, by kind and feature, and the counts add up."""
    generator = np.random.default_rng(10)
    given = answer(generator)
    values = row_of(inputs(generator), given)
    windows.observe(values, given, CanonicalRow((), (), unknown=("court",), extra=("colour",)))
    first = flushed(windows).counts
    windows.observe(values, given, CanonicalRow((), (), unknown=("court",), missing=("pages",)))
    second = flushed(windows).counts
    none: dict[str, int] = {}
    assert first["inputs"] == {
        "unknown": {"court": 1}, "missing": none, "coerced": none, "out_of_range": none,
        "extra": {"colour": 1},
    }  # fmt: skip
    assert merge({**first}, {**second})["inputs"] == {
        "unknown": {"court": 2}, "missing": {"pages": 1}, "coerced": none, "out_of_range": none,
        "extra": {"colour": 1},
    }  # fmt: skip


def test_merged_windows_equal_one_big_one(reference: Reference) -> None:
    """Counts that were written down add up to those of a window that was never flushed."""
    parts, whole = (Windows(reference, INPUTS, PRIVATE) for _ in range(2))
    parts.challengers.watch(CHALLENGER, reference)
    whole.challengers.watch(CHALLENGER, reference)
    lines = []
    for seed in range(3):
        for windows in (parts, whole):
            generator = np.random.default_rng(seed)
            for _ in range(100):
                windows.challengers.compare(
                    CHALLENGER, observe(windows, generator), answer(generator)
                )
        lines.append(json.loads(json.dumps(flushed(parts).counts)))
    assert reduce(merge, lines) == json.loads(json.dumps(flushed(whole).counts))


def test_small_windows_are_scored_with_those_before(reference: Reference) -> None:
    """A document a minute is enough in time: a column that is always missing is told soon."""
    windows = Windows(reference, INPUTS, PRIVATE)
    generator = np.random.default_rng(14)
    enough = []
    for _ in range(120):
        champion = answer(generator)
        values = {**inputs(generator), "pages": float("nan")}
        windows.observe(row_of(values, champion), champion, NO_ISSUES)
        scores = flushed(windows).scores
        enough.append((scores["pages"].enough_data, scores["court"].enough_data))
    pages, courts = (list(told) for told in zip(*enough, strict=True))
    assert pages.index(True) < 49
    assert all(pages[pages.index(True) :])
    assert courts.index(True) == 49
    assert all(courts[49:])
    e_values = {name: scores[name].e_value for name in ("pages", "court")}
    assert e_values["pages"] is not None
    assert e_values["pages"] > 1e9
    assert e_values["court"] is not None
    assert e_values["court"] < 20


def test_a_score_says_since_when_its_windows_are(windows: Windows) -> None:
    """The first one is alone; the others begin with it, and with a later one once these suffice."""
    generator = np.random.default_rng(20)
    flushes = []
    for _ in range(9):
        for _ in range(20):
            observe(windows, generator)
        flushes.append(flushed(windows))
    starts = [rfc3339(window.start) for window in flushes]
    scores = [window.scores["court"] for window in flushes]
    assert [score.documents for score in scores] == [20, 40, 60, 80, 100, 120, 80, 100, 120]
    since = [None, *[starts[0]] * 5, *[starts[3]] * 3]
    assert [score.since for score in scores] == since
    assert flushes[0].challenger_references == {"docs/2": windows.reference}


def test_a_window_that_says_enough_is_scored_alone(windows: Windows) -> None:
    """What came in the small windows before does not linger."""
    generator = np.random.default_rng(15)
    for _ in range(3):
        champion = answer(generator)
        values = {**inputs(generator), "pages": float("nan")}
        windows.observe(row_of(values, champion), champion, NO_ISSUES)
        flushed(windows)
    for _ in range(200):
        observe(windows, generator)
    assert flushed(windows).scores["pages"].documents == 200


def test_private_counts_wait_for_twenty_documents(windows: Windows) -> None:
    """They come with those of a later window, and how many are held back is told meanwhile."""
    generator = np.random.default_rng(16)
    lines = []
    for documents in (12, 7, 3, 5):
        for _ in range(documents):
            observe(windows, generator)
        lines.append(flushed(windows))
    salaries = [line.counts["features"].get("salary") for line in lines]
    assert salaries[:2] == [None, None]
    assert salaries[3] is None
    assert counted(salaries[2] or {}) == 22
    assert [line.counts["withheld"].get("salary") for line in lines] == [12, 7, -19, 5]
    assert all("court" in line.counts["features"] for line in lines)


def test_champion_and_challenger_are_shown_on_the_same_documents(windows: Windows) -> None:
    """Beside a challenger stands what the champion said to the documents that both answered."""
    generator = np.random.default_rng(17)
    champions = [observe(windows, generator) for _ in range(100)]
    for champion in champions[::2]:
        windows.challengers.compare(CHALLENGER, champion, champion)
    window = flushed(windows)
    counts = window.counts["challengers"]["docs/2"]
    for feature in ANSWER_FEATURES:
        own, beside = f"docs/2.{feature}", f"docs/2.champion.{feature}"
        assert counts["features"][own] == counts["champion"][beside]
        assert window.scores[own] == window.scores[beside]
        assert window.scores[own].documents == 50


def test_performance_is_estimated_without_labels(windows: Windows) -> None:
    """Of the champion and of a challenger, as far as the reference lets it be known."""
    generator = np.random.default_rng(19)
    assert windows.estimates()["champion"]["accuracy"] is None
    for _ in range(100):
        champion = observe(windows, generator)
        windows.challengers.compare(CHALLENGER, champion, champion)
    flushed(windows)
    estimated = windows.estimates()
    champion, challenger = estimated["champion"], estimated["challengers"]["docs/2"]
    assert champion["documents"] == challenger["documents"] == 100
    assert champion["accuracy"]["low"] < champion["accuracy"]["value"]
    assert champion["accuracy"] == challenger["accuracy"]
    assert "f1" in champion["absent"] or champion["macro_f1"] is None


def test_the_mean_cost_is_estimated_for_variants_with_these_labels(reference: Reference) -> None:
    """It is that of the expected confusion matrix; a challenger with other labels has none."""
    generator = np.random.default_rng(21)
    probabilities = generator.dirichlet(np.ones(3), size=600).astype(np.float64)
    truth = (probabilities.cumsum(axis=1) < generator.random((600, 1))).sum(axis=1)
    sealed = SealedPerformance.of(probabilities, truth, LABELS)
    calibration = dict(zip(LABELS, sealed.calibration, strict=True))
    with_pairs = replace(reference, calibration=calibration, pairs=sealed.pairs)
    costs = {true: {label: 5.0 * (true != label) for label in LABELS} for true in LABELS}
    costs["letter"]["invoice"] = 30.0
    windows = Windows(with_pairs, INPUTS, PRIVATE, CostTable(costs))
    windows.challengers.watch(CHALLENGER, with_pairs)
    other = ChallengerId("docs", "3")
    narrow = {label: calibration[label] for label in LABELS[:2]}
    windows.challengers.watch(other, replace(reference, calibration=narrow))
    for _ in range(150):
        champion = observe(windows, generator)
        windows.challengers.compare(CHALLENGER, champion, champion)
    flushed(windows)

    estimated = windows.estimates()

    champion = estimated["champion"]
    matrix = np.array([[costs[true][label] for true in LABELS] for label in LABELS])
    expected = (np.array(champion["confusion"]) * matrix).sum() / 150
    assert champion["cost"]["value"] == pytest.approx(expected, abs=1e-3)
    assert 0 <= champion["cost"]["low"] < expected < champion["cost"]["high"] <= 30
    assert estimated["challengers"]["docs/2"]["cost"] == champion["cost"]
    third = estimated["challengers"]["docs/3"]
    assert (third["cost"], third["absent"]["cost"]) == (None, "the cost table has other labels")


def test_labels_count_in_the_window_in_which_they_come(windows: Windows) -> None:
    """Right answers stand at the cells of their document, under the day of its answer."""
    generator = np.random.default_rng(18)
    values = {**inputs(generator), "court": "SDNY"}
    champion = answer(generator)
    counted = windows.observe(row_of(values, champion), champion, NO_ISSUES)
    assert flushed(windows).counts["labels"] == {}
    for correct in (True, True, False):
        windows.label("2026-11-26", counted, correct=correct)
    labels = flushed(windows).counts["labels"]["2026-11-26"]
    assert (labels["documents"], labels["correct"]) == (3, 2)
    assert labels["features"]["court"] == {"documents": {"1": 3}, "correct": {"1": 2}}
    assert not {"salary", "sender"} & labels["features"].keys()
    assert windows.flush() is None
