"""What is likely not meant: periods that were exchanged."""

from __future__ import annotations

import pytest

from guards.diagnosis.cautions import exchanged_notes
from guards.diagnosis.chance import Change
from guards.diagnosis.drop import Drop

UP = Change(0.8, 0.9, 0.08, 0.12, 0.001, 48)
DOWN = Change(0.9, 0.6, -0.35, -0.25, 0.001, 48)
MAYBE_UP = Change(0.8, 0.81, -0.01, 0.03, 0.4, 48)
UNTOLD = Change(0.8, 0.81, -0.01, 0.03, None, 6)


@pytest.mark.parametrize(
    ("changes", "notes"),
    [
        ({"confidence": UP}, 1),
        ({"confidence": UP, "accuracy": UP}, 1),
        ({"confidence": DOWN}, 0),
        ({"confidence": UP, "accuracy": DOWN}, 0),
        ({"confidence": MAYBE_UP}, 0),
        ({"confidence": UNTOLD}, 0),
    ],
)
def test_better_answers_are_noted_where_none_are_worse(
    changes: dict[str, Change], notes: int
) -> None:
    """And where it is beyond chance, or its interval says so."""
    drop = Drop(changes, "confidence", ((), ()), ((), ()), {}, {})
    assert len(list(exchanged_notes(drop))) == notes
