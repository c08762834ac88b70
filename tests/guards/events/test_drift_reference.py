"""What the cells of lines are, in as many lines as it takes."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.described import DescribedFeature
from guards.drift.feature_reference import NumericReference
from guards.events.drift_reference import DriftReference, joined_references, reference_parts
from guards.events.line_size import MAX_LINE_BYTES
from guards.events.log_table import LogTable
from tests.guards.events.tables import line, observed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GENERATOR = np.random.default_rng(11)
WHOLE = DriftReference(
    "sha256:ab",
    "grouped",
    tuple(
        DescribedFeature.of(f"column {number}", NumericReference.of(GENERATOR.normal(size=999)))
        for number in range(40)
    ),
)


def test_parts_are_short_lines_and_the_same_features_again() -> None:
    """Forty features are more than a line may hold; parts may come twice, in any order."""
    parts = reference_parts(WHOLE)
    assert len(parts) > 1
    assert max(len(line(seq, part)) for seq, part in enumerate(parts, start=1)) <= MAX_LINE_BYTES
    shuffled = [*parts, *parts]
    random.Random(5).shuffle(shuffled)  # noqa: S311 (a test)
    assert joined_references(shuffled) == [WHOLE]
    assert joined_references(parts[1:]) == []


def test_a_short_one_is_one_line() -> None:
    """It says that it is the only part."""
    (only,) = reference_parts(DriftReference("sha256:ab", "full", WHOLE.features[:2]))
    assert (only.part, only.parts) == (1, 1)
    assert joined_references([only]) == [only]


def test_a_log_knows_the_cells_of_each_run(log: Callable[..., Path]) -> None:
    """Also where its files were rotated, and only one of two runs told them."""
    seqs = iter(range(1, 99))
    parts = reference_parts(WHOLE)
    first = [line(next(seqs), part) for part in parts]
    documents = [line(next(seqs), observed(str(number))) for number in range(3)]
    again = [line(next(seqs), part) for part in parts]
    other = [line(1, observed("other"), run="run-2")]
    with LogTable.read([log(*first, *documents, *again, *other)]) as table:
        assert table.references == {"run-1": (WHOLE,)}
        assert table.account.malformed == 0


def test_damaged_ones_are_counted(log: Callable[..., Path]) -> None:
    """Each is a malformed line, not a reference that is wrong."""
    (part,) = reference_parts(DriftReference("sha256:ab", "full", WHOLE.features[:1]))
    whole = json.loads(line(1, part))
    damaged = [
        {**whole, "cells": "some"},
        {**whole, "features": [{"name": "a"}]},
        {**whole, "part": 2},
        {**whole, "part": 0},
        {key: value for key, value in whole.items() if key != "reference"},
    ]
    lines = [
        json.dumps({**each, "seq": 2 + seq}).encode() + b"\n" for seq, each in enumerate(damaged)
    ]
    with LogTable.read([log(line(1, observed()), *lines)]) as table:
        assert table.account.malformed == len(damaged)
        assert table.references == {}
