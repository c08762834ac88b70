"""Repetitions that can match one text in several ways, found by their structure alone."""

from __future__ import annotations

import pytest

from guards.expressions.ambiguity import ambiguous_loop
from guards.expressions.parsing import parse


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+b",
        r"(a|a)*b",
        r"(?:\w|\d)*!",
        r"(?:ab|a|b)*x",
        r"(?:a{0,100})*b",
        r"(?:a?b?)*c",
        r"(?:a*b*)*c",
        r"(?:a{1,2})*b",
        r"(?:(?>a)|a)*b",
    ],
)
def test_ambiguous_repetitions(pattern: str) -> None:
    """Where a text has two ways through a repetition and what follows may fail, it is found."""
    assert ambiguous_loop(parse(pattern, "Oniguruma"))


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?:a+b)+c",
        r"(?:a|b)*c",
        r"(?:\w+[-'])*\w+",
        r"(?>(a+)+)",
        r"(?>(a+)+)b",
        r"(?:\w+[-']?)+",
        r"(?:a+)+b?",
    ],
)
def test_repetitions_with_one_way(pattern: str) -> None:
    """So it is not where there is one way, or nothing follows that could fail."""
    assert ambiguous_loop(parse(pattern, "Oniguruma")) is None


def test_a_repetition_of_very_many_things_is_not_judged() -> None:
    """Two ways through it would be looked for among all pairs of them."""
    reason = ambiguous_loop(parse(f"(?:{'ab' * 100})*c", "Oniguruma"))

    assert "too many things to be judged" in str(reason)
