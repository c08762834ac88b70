"""The kind of shift, in words."""

from __future__ import annotations

import pytest

from guards.drift.harm.gate import Harm
from guards.drift.harm.kind import kind_of_shift


@pytest.mark.parametrize(
    ("moved", "harm", "unseen", "drifted", "words"),
    [
        (True, Harm.RULED_OUT, 0.0, False, "the mix changed and the model copes"),
        (True, Harm.RULED_OUT, 0.02, False, "the mix changed and the model copes"),
        (True, Harm.SHOWN, 0.0, False, "harder documents of known kinds"),
        (False, Harm.SHOWN, 0.0, False, "harder documents of known kinds"),
        (True, Harm.UNKNOWN, 0.5, False, "documents of a kind never seen"),
        (True, Harm.SHOWN, 0.5, True, "documents of a kind never seen"),
        (False, Harm.UNKNOWN, 0.0, True, "the meaning changed"),
        (True, Harm.SHOWN, 0.0, True, "the meaning changed"),
        (True, Harm.UNKNOWN, 0.0, False, "unknown"),
        (False, Harm.RULED_OUT, 0.0, False, "unknown"),
    ],
)
def test_the_kind_is_said_in_words(
    *, moved: bool, harm: Harm, unseen: float, drifted: bool, words: str
) -> None:
    """Inputs, harm, unseen documents and labels together say what kind of shift it is."""
    kind = kind_of_shift(
        inputs_moved=moved, harm=harm, unseen_share=unseen, residual_drifted=drifted
    )
    assert kind == words
