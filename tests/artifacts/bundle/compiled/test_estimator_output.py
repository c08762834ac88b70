"""The output of an estimator that refuses some rows, and what counts as the same bits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from artifacts.bundle.compiled.estimator_output import same_bits, transform_each
from guards.schema import CanonicalRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from artifacts.bundle.compiled.estimator_output import Floats


def doubled(rows: Sequence[CanonicalRow]) -> Floats:
    """Refuse negative numbers, as an estimator would, and double the others."""
    numbers = np.array([row.numeric for row in rows])
    if (numbers < 0).any():
        message = "negative"
        raise ValueError(message)
    return numbers * 2


@pytest.mark.parametrize("count", [1, 7, 600])
def test_refused_rows_do_not_cost_the_others_their_output(count: int) -> None:
    """Each row has its own output, None where the estimator refuses it, in order."""
    numbers = [-1.0 if index % 5 == 3 else float(index) for index in range(count)]

    outputs = list(transform_each(doubled, [CanonicalRow((x,), ()) for x in numbers]))

    assert [None if output is None else output.tolist() for output in outputs] == [
        None if number < 0 else [2 * number] for number in numbers
    ]


@pytest.mark.parametrize(("width", "together"), [(2**20, 8), (2**18, 16), (5, 256), (0, 256)])
def test_of_wide_rows_few_are_made_at_a_time(width: int, together: int) -> None:
    """A vectorizer's million columns take the same memory for any number of rows."""
    counts = []

    def wide(rows: Sequence[CanonicalRow]) -> Floats:
        counts.append(len(rows))
        return np.zeros((len(rows), width))

    outputs = transform_each(wide, [CanonicalRow((), ())] * 300)

    assert sum(output is not None for output in outputs) == sum(counts) == 300
    assert max(counts) == together


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ([1.0, math.nan], [1.0, -math.nan], True),
        ([0.0], [-0.0], False),
        ([1.0], [1.0 + 2**-52], False),
        ([1.0], [1.0, 1.0], False),
    ],
)
def test_same_bits(first: list[float], second: list[float], *, same: bool) -> None:
    """Every bit counts but those of NaN, and so does the shape."""
    assert same_bits(np.array(first), np.array(second)) is same
