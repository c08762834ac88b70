"""The expected area under the ROC curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from guards.drift.calibration import CONFIDENCE_BINS, Calibration
from guards.performance.curve import Curve
from guards.performance.ranking import binary_ranking, one_vs_rest_ranking

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = np.arange(CONFIDENCE_BINS)


def curve(power: float) -> Curve:
    """Return the calibration of 2,000 documents."""
    rng = np.random.default_rng(0)
    confidence = rng.random(2_000)
    return Curve.of(
        Calibration.of(confidence.tolist(), (rng.random(2_000) < confidence**power).tolist())
    )


def area(positive: NDArray[np.float64] | NDArray[np.int64], documents: NDArray[np.int64]) -> float:
    """Return scikit-learn's area, each bin being a score of positives and of negatives."""
    weights = np.append(positive, documents - positive)
    scores, truth = np.tile(BINS, 2), np.repeat([1, 0], CONFIDENCE_BINS)
    return float(
        roc_auc_score(truth[weights > 0], scores[weights > 0], sample_weight=weights[weights > 0])
    )


def test_the_area_is_that_of_scikit_learn() -> None:
    """Documents of a bin count in part as positives and in part as negatives."""
    documents = np.random.default_rng(1).poisson(3, size=CONFIDENCE_BINS)
    found = one_vs_rest_ranking(curve(1.0), documents)
    assert found is not None
    positive = documents * curve(1.0).right
    assert found.area == pytest.approx(area(positive, documents))
    assert found.rarer == pytest.approx(min(positive.sum(), (documents - positive).sum()))


def test_two_labels_are_ranked_by_the_second() -> None:
    """A confident answer for the first label ranks low."""
    histograms = np.random.default_rng(1).poisson(3, size=(2, CONFIDENCE_BINS))
    histograms[:, :100] = 0
    curves = (curve(0.5), curve(1.5))
    found = binary_ranking(curves, histograms)
    assert found is not None
    first, second = (h * c.right for h, c in zip(histograms, curves, strict=True))
    documents = histograms[0, ::-1] + histograms[1]
    assert found.area == pytest.approx(area((histograms[0] - first)[::-1] + second, documents))


def exact(documents: NDArray[np.int64], share: NDArray[np.float64]) -> Curve:
    """Return a calibration by so many documents that nothing is uncertain about it."""
    held_out = documents * 10**9
    right = (held_out * share).astype(np.int64)
    return Curve.of(Calibration(tuple(held_out.tolist()), tuple(right.tolist())))


def test_the_variance_is_that_of_drawn_labels() -> None:
    """With a calibration that is all but exact, the labels of the window are what varies."""
    rng, share = np.random.default_rng(2), ((BINS + 0.5) / CONFIDENCE_BINS) ** 2
    documents = rng.poisson(3, size=CONFIDENCE_BINS)
    halves = np.zeros((2, CONFIDENCE_BINS), dtype=np.int64)
    halves[0, 100:], halves[1, 100:] = documents[:100][::-1], documents[100:]
    areas = [area(rng.binomial(documents, share), documents) for _ in range(600)]
    for found in (
        one_vs_rest_ranking(exact(documents, share), documents),
        binary_ranking([exact(halves[0], 1 - share[::-1]), exact(halves[1], share)], halves),
    ):
        assert found is not None
        assert found.area == pytest.approx(np.mean(areas), abs=0.002)
        assert found.variance == pytest.approx(np.var(areas), rel=0.2)


def test_one_sided_documents_have_no_ranking() -> None:
    """Where all are expected to have the label, or none, nothing can be ranked."""
    certain = Curve.of(Calibration.of([0.9] * 5, [True] * 5))
    documents = np.bincount([180], minlength=CONFIDENCE_BINS)
    assert one_vs_rest_ranking(certain, documents) is None
    assert one_vs_rest_ranking(certain, documents * 0) is None
    assert binary_ranking((certain, certain), np.stack([documents, documents * 0])) is None
