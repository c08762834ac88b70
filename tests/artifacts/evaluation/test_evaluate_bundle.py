"""The figures of a bundle on a table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from artifacts.bundle.opening import open_bundle
from artifacts.evaluation.evaluate_bundle import answers_to, measure
from artifacts.evaluation.figures import evaluate
from guards.errors import TableError

if TYPE_CHECKING:
    from pathlib import Path

    from artifacts.tables import Table


def test_rows_that_were_left_out_are_counted(champion: Path, small_table: Table) -> None:
    """The figures are those of the rows that there are, and say how many there are not."""
    bundle = open_bundle(champion)
    table = small_table.take(range(70))

    figures = measure(bundle, replace(table, left_out=3))

    assert figures.pop("left_out") == 3
    assert figures == evaluate(*answers_to(bundle, table), bundle.labels)
    assert figures["rows"] == 70


def test_all_rows_with_unknown_labels_are_told_at_once(champion: Path, small_table: Table) -> None:
    """The error counts them, and names the labels on both sides."""
    bundle = open_bundle(champion)
    table = small_table.take(range(8))
    table.labels[2:5] = ["postcard", "stamp", "postcard"]

    with pytest.raises(TableError) as raised:
        measure(bundle, table)

    message = str(raised.value)
    assert "3 rows with unknown labels: 'postcard' (2 rows), 'stamp' (1 row)" in message
    assert all(repr(label) in message for label in bundle.labels)
