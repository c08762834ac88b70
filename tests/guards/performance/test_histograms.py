"""Bins of probabilities, and their JSON."""

from __future__ import annotations

import doctest
import json

import numpy as np
import pytest

import guards.performance.histograms
from guards.drift.calibration import CONFIDENCE_BINS, Calibration
from guards.performance.histograms import bins_of, from_tens, to_tens


def test_the_example_holds() -> None:
    """The example of the docstring prints what it says."""
    assert doctest.testmod(guards.performance.histograms) == (0, 1)


def test_bins_are_those_of_the_calibration() -> None:
    """A live answer is counted where a held-out one of the same confidence was."""
    probabilities = np.append(np.random.default_rng(0).random(2_000), np.arange(201) / 200)
    counts = np.bincount(bins_of(probabilities), minlength=CONFIDENCE_BINS)
    calibration = Calibration.of(probabilities.tolist(), [True] * len(probabilities))
    assert tuple(counts.tolist()) == calibration.documents


def test_counts_come_back_from_json() -> None:
    """Whatever is counted is read back, and nothing takes no room."""
    counts = np.random.default_rng(1).poisson(0.05, size=CONFIDENCE_BINS)
    assert from_tens(json.loads(json.dumps(to_tens(counts)))).tolist() == counts.tolist()
    assert to_tens(np.zeros(CONFIDENCE_BINS, dtype=np.int64)) == {}


@pytest.mark.parametrize(
    "data",
    [
        {"20": [0] * 10},
        {"-1": [0] * 10},
        {"ten": [0] * 10},
        {"1": [0] * 9},
        {"1": [-1] + [0] * 9},
        {"1": [2**64] + [0] * 9},
        {"٣": [0] * 10},
        {"01": [0] * 10},
        {"1": [0.5] + [0] * 9},
        {"1": {"0": 1}},
    ],
)
def test_malformed_counts_are_refused(data: dict[str, object]) -> None:
    """A log line may have been written by anybody."""
    with pytest.raises(ValueError, match=r"must be a (number|whole number|list)"):
        from_tens(data)
