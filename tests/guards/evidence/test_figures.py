"""Accuracy, precision, recall, F1 and calibration."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from guards.evidence.figures import figures, figures_source, wilson
from guards.evidence.label_evidence import LabelCounts, LabelEvidence, LabelledAnswers
from guards.evidence.labelled_pairs import LabelledPair
from guards.evidence.labels import LabelSource
from guards.evidence.pair_sums import Cell
from guards.evidence.sampling import digests, uniforms
from tests.guards.evidence.traffic import Doc, correction, labelled, queued, truth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CLASSES = "abcd"
AGREED, DIFFERED = 0.2, 0.6
"""Probabilities of a draw, where documents of both kinds are drawn."""


def random_docs(seed: int, count: int, name: str = "") -> tuple[list[Doc], list[str]]:
    """Return documents with their true labels, of which both variants get many right."""
    generator = np.random.default_rng(seed)
    truths = [CLASSES[number] for number in generator.integers(0, 3, count).tolist()]
    docs = []
    for row, label in enumerate(truths):
        champion, challenger = (
            label if generator.random() < right else CLASSES[generator.integers(0, 4)]
            for right in (0.7, 0.8)
        )
        sure = generator.random(2).tolist()
        docs.append(Doc(f"{name}{row}", champion, challenger, confidence=(sure[0], sure[1])))
    return docs, truths


def of(evidence: LabelEvidence, *, challenger: bool) -> dict[str, Any]:
    """Return the figures, which there are."""
    found = figures(evidence, of_challenger=challenger)
    assert found is not None
    return found


@pytest.mark.parametrize("challenger", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_figures_of_truths_are_those_of_scikit_learn(seed: int, *, challenger: bool) -> None:
    """For each label that is true or was answered, and together."""
    docs, truths = random_docs(seed, 60)
    labels = [truth(doc.request_id, label) for doc, label in zip(docs, truths, strict=True)]
    found = of(labelled(docs, labels), challenger=challenger)
    answers = [doc.challenger if challenger else doc.champion for doc in docs]
    names = sorted({*answers, *truths})
    each = {"labels": names, "average": None, "zero_division": np.nan}
    assert (found["labels"], found["documents"]) == ("truth", 60)
    assert found["accuracy"]["value"] == pytest.approx(accuracy_score(truths, answers))
    assert found["macro_f1"]["value"] == pytest.approx(f1_score(truths, answers, average="macro"))
    assert list(found["classes"]) == names
    for name, score in (("precision", precision_score), ("recall", recall_score), ("f1", f1_score)):
        expected = dict(zip(names, score(truths, answers, **each).tolist(), strict=True))
        values = {
            label: np.nan if figure[name] is None else figure[name]["value"]
            for label, figure in found["classes"].items()
        }
        assert values == pytest.approx(expected, nan_ok=True)
    assert {n: figure["support"] for n, figure in found["classes"].items()} == {
        name: truths.count(name) for name in names
    }


@pytest.mark.parametrize("challenger", [False, True])
def test_calibration_error_is_the_gap_of_fifteen_bins(*, challenger: bool) -> None:
    """A variant that is as often right as it is confident has none; a certain answer has a bin."""
    docs, truths = random_docs(3, 200)
    docs[0] = Doc("0", confidence=(1.0, 1.0))
    labels = [truth(doc.request_id, label) for doc, label in zip(docs, truths, strict=True)]
    found = of(labelled(docs, labels), challenger=challenger)
    sure = np.array([doc.confidence[int(challenger)] for doc in docs])
    right = np.array(
        [
            label == (doc.champion, doc.challenger)[int(challenger)]
            for doc, label in zip(docs, truths, strict=True)
        ]
    )
    bins = np.digitize(sure, np.linspace(0, 1, 16)[1:-1])
    gaps = [
        (bins == each).sum() * abs(sure[bins == each].mean() - right[bins == each].mean())
        for each in np.unique(bins)
    ]
    assert found["calibration_error"] == pytest.approx(sum(gaps) / 200)


def test_labels_that_the_champion_does_not_know_are_classes() -> None:
    """They have support and no hit, and lower the accuracy; nobody answered with them."""
    docs = [Doc("1"), Doc("2"), Doc("3")]
    labels = [truth("1", "a"), truth("2", "a"), truth("3", "brand new")]
    found = of(labelled(docs, labels), challenger=False)
    assert found["accuracy"]["value"] == pytest.approx(2 / 3)
    assert list(found["classes"]) == ["a", "brand new"]
    assert found["classes"]["brand new"] == {
        "support": 1,
        "precision": None,
        "recall": wilson(0, 1).to_json(),
        "f1": wilson(0, 1).to_json(),
    }


def test_labels_on_disagreements_alone_give_no_figure() -> None:
    """Where the variants agree they may be right or wrong; corrections are no labels here."""
    docs = [Doc("1", "a", "b"), Doc("2", "b", "a"), Doc("3")]
    drawn = [queued("1", "a", 1.0), queued("2", "a", 1.0)]
    for labels in ([], drawn, [*drawn, correction("3", "a")]):
        evidence = labelled(docs, labels)
        assert figures_source(evidence) is None
        assert figures(evidence, of_challenger=False) is None
    assert figures_source(labelled(docs, [*drawn, queued("3", "a", 1.0)])) is LabelSource.QUEUE
    assert figures_source(labelled(docs, [*drawn, truth("3", "a")])) is LabelSource.TRUTH


def test_a_queue_that_is_filled_in_by_half_gives_no_figures() -> None:
    """Whoever labels from the top begins with disagreements, which are no fair sample."""
    docs = [Doc("1", "a", "b"), Doc("2"), Doc("3")]
    labels = [queued("1", "a", 1.0), queued("2", "a", 1.0)]
    for rest, known in ((None, False), ("a", True)):
        evidence = labelled(docs, [*labels, queued("3", rest, 1.0)])
        assert (figures(evidence, of_challenger=False) is not None) == known
    given_up = replace(queued("3", None, 1.0), given_up=True)
    assert figures(labelled(docs, [*labels, given_up]), of_challenger=False) is not None


def test_truths_of_drawn_documents_are_among_the_truths() -> None:
    """Else figures of labels that came for all would be those of the documents that agree."""
    docs, truths = random_docs(5, 60)
    labels = [truth(doc.request_id, label) for doc, label in zip(docs, truths, strict=True)]
    queue = [queued(doc.request_id, None, 1.0) for doc in docs if doc.champion != doc.challenger]
    expected = labelled(docs, labels)
    for order in ([*labels, *queue], [*queue, *labels]):
        evidence = labelled(docs, order)
        for challenger in (False, True):
            assert of(evidence, challenger=challenger) == of(expected, challenger=challenger)


@given(st.integers(1, 2000), st.data())
def test_intervals_of_shares_are_those_of_wilson(documents: int, data: st.DataObject) -> None:
    """As scipy computes them, and a share is never outside its interval."""
    hits = data.draw(st.integers(0, documents))
    figure = wilson(hits / documents, documents)
    expected = binomtest(hits, documents).proportion_ci(method="wilson")
    assert (figure.low, figure.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert 0 <= figure.low <= figure.value <= figure.high <= 1


def test_weighted_figures_are_those_of_all_documents() -> None:
    """Over many draws of a fifth of the agreements and three fifths of the others."""
    found = []
    for seed in range(40):
        docs, truths = random_docs(6, 300, name=f"{seed}-")
        numbers = uniforms(digests([doc.request_id for doc in docs])).tolist()
        labels = []
        for doc, label, number in zip(docs, truths, numbers, strict=True):
            probability = AGREED if doc.champion == doc.challenger else DIFFERED
            if number < probability:
                labels.append(queued(doc.request_id, label, probability))
        drawn = of(labelled(docs, labels), challenger=False)
        recall = drawn["classes"]["a"]["recall"]["value"]
        found.append((drawn["accuracy"]["value"], recall, drawn["macro_f1"]["value"]))
    answers = [doc.champion for doc in docs]
    expected = (
        accuracy_score(truths, answers),
        recall_score(truths, answers, labels=["a"], average="macro"),
        f1_score(truths, answers, average="macro"),
    )
    means, errors = np.mean(found, axis=0), np.std(found, axis=0) / 40**0.5
    # The ratio of two estimates has a bias of the order of 1 / the number of labels.
    assert np.all(np.abs(means - expected) < 2.5 * errors + 0.005)
    agreed = [
        label == doc.champion
        for doc, label in zip(docs, truths, strict=True)
        if doc.champion == doc.challenger
    ]
    assert abs(np.mean(agreed) - expected[0]) > 0.05


JOINT = {
    # champion, challenger, truth: how often
    ("a", "a", "a"): 0.40,
    ("b", "b", "b"): 0.22,
    ("a", "a", "b"): 0.05,
    ("b", "b", "a"): 0.03,
    ("a", "b", "a"): 0.08,
    ("a", "b", "b"): 0.09,
    ("b", "a", "b"): 0.05,
    ("b", "a", "a"): 0.06,
    ("a", "b", "c"): 0.02,
}


def evidence_of(counts: Mapping[tuple[str, str, str], int], *, drawn: bool) -> LabelEvidence:
    """Return the evidence of so many labelled documents."""
    source = LabelSource.QUEUE if drawn else LabelSource.TRUTH
    answers = Counter(
        {
            LabelledAnswers(
                Cell(None, champion),
                challenger,
                label,
                source,
                _probability(champion, challenger, drawn=drawn),
            ): count
            for (champion, challenger, label), count in counts.items()
            if count
        }
    )
    pair = LabelledPair("1", 0, Cell(None, "a"), "a", 0.5, 0.5, 0.0)
    rows = ((pair, queued("1", "a", 0.5) if drawn else truth("1", "a")),)
    return LabelEvidence({}, {}, answers, rows, {}, {}, {}, LabelCounts(), 0.0)


def _probability(champion: str, challenger: str, *, drawn: bool) -> float:
    if not drawn:
        return 1.0
    return AGREED if champion == challenger else DIFFERED


def _values(found: dict[str, Any]) -> Sequence[dict[str, float]]:
    first = found["classes"]["a"]
    return [
        found["accuracy"],
        found["macro_f1"],
        *(first[name] for name in ("precision", "recall", "f1")),
    ]


@pytest.mark.parametrize("drawn", [False, True])
def test_intervals_contain_the_truth_19_times_of_20(*, drawn: bool) -> None:
    """Those of every figure, whether labels came by chance or were drawn with two probabilities."""
    generator = np.random.default_rng(30)
    exact = evidence_of({key: round(10_000 * share) for key, share in JOINT.items()}, drawn=False)
    expected = [figure["value"] for figure in _values(of(exact, challenger=False))]
    chances = [_probability(*key[:2], drawn=drawn) for key in JOINT]
    inside = []
    for _ in range(400):
        there = generator.multinomial(600 if drawn else 200, list(JOINT.values()))
        counts = generator.binomial(there, chances).tolist()
        evidence = evidence_of(dict(zip(JOINT, counts, strict=True)), drawn=drawn)
        found = _values(of(evidence, challenger=False))
        inside.append(
            [low["low"] <= value <= low["high"] for low, value in zip(found, expected, strict=True)]
        )
    rates = np.mean(inside, axis=0)
    assert np.all((rates > 0.92) & (rates < 0.98)), rates
