"""The cells of counted rows, which stay for labels that come later."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.drift.cells import cells_of
from guards.drift.feature_reference import CategoricalReference, NumericReference
from guards.drift.sketch import RowSketch

if TYPE_CHECKING:
    from guards.drift.feature_reference import FeatureReference

MANY = [f"client {number}" for number in range(70_000)]
PAGES = NumericReference.of(np.random.default_rng(1).normal(size=2_000))


@pytest.mark.parametrize("categories", [3, 300, 70_000])
def test_the_cells_of_a_row_stay(categories: int) -> None:
    """They are those of the values, before they are counted, after, and in later windows."""
    clients = CategoricalReference.of([], MANY[:categories])
    features: dict[str, FeatureReference] = {"client": clients, "pages": PAGES}
    sketch = RowSketch(("client", "unwatched", "pages"), features)
    values = [(MANY[categories - 1], 0.3), ("", math.nan), ("never seen", -math.inf)]
    rows = [sketch.update((client, 0.0, pages), 0.5) for client, pages in values]
    expected = [[cells_of(clients).index(c), cells_of(PAGES).index(p)] for c, p in values]
    assert [list(row.cells()) for row in rows] == expected
    sketch.get()
    later = sketch.update((MANY[0], 0.0, 0.3), 0.5)
    assert [list(row.cells()) for row in rows] == expected
    assert later.cells()[0] == 0
