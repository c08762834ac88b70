"""What is measured of documents: all of them, some of them, and by cell."""

from __future__ import annotations

import numpy as np

from guards.diagnosis.samples import Sample


def test_a_sample_is_drawn_in_order() -> None:
    """Rows stay together, and all are taken where they are few."""
    block, value = np.arange(100), np.arange(100.0)
    cells = np.arange(100, dtype=np.int16)[:, None]
    everything = Sample(block, value, cells)
    few = everything.drawn(30, np.random.default_rng(7))
    assert len(few) == 30
    assert few.block.tolist() == few.value.tolist() == few.cells[:, 0].tolist()
    assert everything.drawn(100, np.random.default_rng(7)) is everything


def test_documents_without_a_cell_are_in_no_block() -> None:
    """What no line explains is counted nowhere."""
    cells = np.array([[0], [-1], [1]], dtype=np.int16)
    blocks = Sample(np.array([5, 5, 6]), np.array([0.5, 0.7, 0.9]), cells).blocks(0, 2)
    assert blocks.names.tolist() == [5, 6]
    assert blocks.documents.tolist() == [[1, 0], [0, 1]]
    assert blocks.sums.tolist() == [[0.5, 0], [0, 0.9]]
