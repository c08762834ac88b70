"""The summed log loss against scipy, whatever the parts are."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_softmax

from artifacts.sealing.log_loss import log_loss, parts_of


@pytest.mark.parametrize(
    ("rows", "classes"), [(1, 2), (7, 40_000), (1000, 700), (200_000, 2), (3, 300_000)]
)
def test_every_row_counts_once(rows: int, classes: int) -> None:
    """Parts cover the rows in order, and their log losses add up to that of all."""
    generator = np.random.default_rng(rows)
    logits = generator.normal(size=(rows, classes)).astype(np.float32)
    truth, bias = generator.integers(classes, size=rows), generator.normal(size=classes)

    covered = np.concatenate([np.arange(rows)[part] for part in parts_of(logits)])

    assert np.array_equal(covered, np.arange(rows))
    expected = -log_softmax(logits.astype(np.float64) * 0.3 + bias, axis=1)[
        np.arange(rows), truth
    ].sum()
    assert log_loss(logits, truth, 0.3, bias) == pytest.approx(expected, rel=1e-9)
