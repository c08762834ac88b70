"""Measure answers on labelled rows, each figure with an interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import confusion_matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.json_types import JsonObject

__all__ = ["calibration_error", "evaluate"]

_RESAMPLES = 1000
_COVERAGE = (2.5, 97.5)
_CONFIDENCE_BINS = 15


def evaluate(
    probabilities: NDArray[np.float32], truth: NDArray[np.int64], labels: Sequence[str]
) -> JsonObject:
    """Return the figures of answers float32 [rows, classes] to label indices int64 [rows].

    They are accuracy, macro F1, expected calibration error, and precision, recall and F1 of each
    class, each a ``value`` with its 95 % percentile-bootstrap interval from ``low`` to ``high``
    (Efron 1979), rounded to six digits. The bootstrap over rows is seeded.
    """
    generator = np.random.default_rng(0)
    answers = probabilities.argmax(axis=1)
    counts = confusion_matrix(truth, answers, labels=range(len(labels)))
    resampled = generator.multinomial(
        len(truth), counts.ravel() / len(truth), size=_RESAMPLES
    ).reshape(_RESAMPLES, *counts.shape)
    observed = _per_class(counts[None])
    spread = _per_class(resampled)
    return {
        "rows": len(truth),
        "accuracy": _figure(_accuracy(counts[None]), _accuracy(resampled)),
        "macro_f1": _figure(observed["f1"].mean(axis=1), spread["f1"].mean(axis=1)),
        "calibration_error": _bootstrap_calibration(probabilities, truth, generator),
        "classes": {
            label: {
                "support": int(counts[index].sum()),
                **{
                    name: _figure(observed[name][:, index], spread[name][:, index])
                    for name in ("precision", "recall", "f1")
                },
            }
            for index, label in enumerate(labels)
        },
    }


def calibration_error(confidence: NDArray[np.float64], correct: NDArray[np.bool_]) -> float:
    """Return the expected calibration error over 15 equal-width bins (Guo et al. 2017, eq. 3)."""
    bins = np.minimum((confidence * _CONFIDENCE_BINS).astype(int), _CONFIDENCE_BINS - 1)
    gaps = np.bincount(bins, weights=confidence - correct, minlength=_CONFIDENCE_BINS)
    return float(np.abs(gaps).sum() / len(confidence))


def _bootstrap_calibration(
    probabilities: NDArray[np.float32], truth: NDArray[np.int64], generator: np.random.Generator
) -> dict[str, float]:
    confidence = probabilities.max(axis=1).astype(np.float64)
    correct = probabilities.argmax(axis=1) == truth
    samples = generator.integers(len(truth), size=(_RESAMPLES // 5, len(truth)))
    spread = np.array([calibration_error(confidence[rows], correct[rows]) for rows in samples])
    return _figure(np.array([calibration_error(confidence, correct)]), spread)


def _accuracy(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(np.trace(counts, axis1=1, axis2=2) / counts.sum(axis=(1, 2)))


def _per_class(counts: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """Return precision, recall and F1, each [samples, classes]; 0 where nothing is counted."""
    hits = np.diagonal(counts, axis1=1, axis2=2).astype(np.float64)
    answered, labelled = counts.sum(axis=1), counts.sum(axis=2)
    return {
        "precision": hits / np.maximum(answered, 1),
        "recall": hits / np.maximum(labelled, 1),
        "f1": 2 * hits / np.maximum(answered + labelled, 1),
    }


def _figure(value: NDArray[np.float64], spread: NDArray[np.float64]) -> dict[str, float]:
    low, high = np.percentile(spread, _COVERAGE)
    figure = {"value": value[0], "low": low, "high": high}
    return {name: round(float(number), 6) for name, number in figure.items()}
