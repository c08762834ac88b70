"""Measure answers on labelled rows, each figure with an interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from artifacts.evaluation.calibration_error import calibration_error, calibration_interval
from artifacts.evaluation.class_figures import ClassCounts, class_figures, macro_f1
from artifacts.evaluation.intervals import share_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.json_types import JsonObject

__all__ = ["evaluate", "figure"]


def evaluate(
    probabilities: NDArray[np.float32], truth: NDArray[np.int64], labels: Sequence[str]
) -> JsonObject:
    """Return the figures of answers float32 [rows, classes] to label indices int64 [rows].

    They are accuracy, macro F1, expected calibration error, and precision, recall and F1 of each
    class, each a ``value`` with its 95 % interval from ``low`` to ``high``, rounded to six digits.
    As scikit-learn's, a figure of a class without rows is 0, and macro F1 is the mean over the
    classes that are the label or the answer of a row: its ``classes`` says how many they are.
    """
    answers = probabilities.argmax(axis=1)
    correct = answers == truth
    confidence = probabilities.max(axis=1).astype(np.float64)
    counts = ClassCounts.of(answers, truth, len(labels))
    per_class = class_figures(counts)
    right = int(correct.sum())
    return {
        "rows": len(truth),
        "accuracy": figure(right / len(truth), *map(float, share_interval(right, len(truth)))),
        "macro_f1": {
            **figure(*macro_f1(counts)),
            "classes": int(np.count_nonzero(counts.either)),
        },
        "calibration_error": figure(
            calibration_error(confidence, correct), *calibration_interval(confidence, correct)
        ),
        "classes": {
            label: {
                "support": int(counts.labelled[index]),
                **{
                    name: figure(*(part[index] for part in parts))
                    for name, parts in per_class.items()
                },
            }
            for index, label in enumerate(labels)
        },
    }


def figure(value: float, low: float, high: float) -> dict[str, float]:
    """Return a value and the ends of its interval, rounded to six digits."""
    numbers = {"value": value, "low": low, "high": high}
    return {name: round(float(number), 6) for name, number in numbers.items()}
