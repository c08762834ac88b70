"""What a mix of cells explains of a change of confidence."""

from __future__ import annotations

import numpy as np
import pytest

from guards.drift.attribution import explained_share, mix_and_within

BEFORE = (np.array([800, 200, 0, 0]), np.array([720, 120, 0, 0]))


def test_both_parts_add_up_to_the_change() -> None:
    """Whatever the cells, also where one is empty on a side."""
    generator = np.random.default_rng(1)
    for _ in range(50):
        sides = []
        for _ in range(2):
            documents = generator.integers(0, 50, size=6) * generator.integers(0, 2, size=6)
            documents[0] += 1
            sides.append((documents, (documents * generator.random(6) * 1000).astype(np.int64)))
        mix, within = mix_and_within(*sides) or (0.0, 0.0)
        means = [confidence.sum() / documents.sum() for documents, confidence in sides]
        assert mix + within == pytest.approx(means[1] - means[0])


def test_a_change_of_the_mix_alone_is_explained() -> None:
    """Each cell is answered as before, and there are more documents of the unsure cell."""
    now = (np.array([400, 600, 0, 0]), np.array([360, 360, 0, 0]))
    assert explained_share(BEFORE, now, 0.1) == pytest.approx(1)


def test_a_change_within_cells_is_not_explained() -> None:
    """The mix is as before, and every cell is answered less surely."""
    now = (np.array([800, 200, 0, 0]), np.array([640, 80, 0, 0]))
    assert explained_share(BEFORE, now, 0.1) == pytest.approx(0)


def test_a_new_cell_takes_the_mean_of_the_side_that_has_no_documents_there() -> None:
    """Half of what documents of a new kind change is said to be their number."""
    now = (np.array([400, 100, 500, 0]), np.array([360, 60, 100, 0]))
    overall, mean = 840 / 1000, 100 / 500
    expected = 0.5 * (overall + mean) / 2 + (0.4 - 0.8) * 0.9 + (0.1 - 0.2) * 0.6
    mix, within = mix_and_within(BEFORE, now) or (0.0, 0.0)
    assert mix == pytest.approx(expected)
    assert within == pytest.approx((mean - overall) * 0.5 / 2)


def test_nothing_is_explained_where_nothing_changed() -> None:
    """A change within its interval has no shares, and neither has a side without documents."""
    now = (np.array([80, 21, 0, 0]), np.array([72, 12, 0, 0]))
    assert explained_share(BEFORE, now, 0.1) is None
    assert explained_share(BEFORE, (np.zeros(4, dtype=int), np.zeros(4, dtype=int)), 0.1) is None
