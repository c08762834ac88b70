"""Counts of what was unusual about inputs, kind by kind."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from guards.drift.sketch import merge
from guards.schema import CanonicalRow
from service.observation.input_counts import EXTRA, KINDS, OTHERS, InputCounts, input_issues
from tests.counting import calls_of

if TYPE_CHECKING:
    from guards.json_types import JsonObject


def row(**names: tuple[str, ...]) -> CanonicalRow:
    """Make a row about which so much was noticed."""
    return CanonicalRow((), (), **names)  # type: ignore[arg-type]  # only such fields


def counted(*rows: CanonicalRow) -> dict[str, dict[str, int]]:
    """Count rows."""
    counts = InputCounts()
    for one in rows:
        counts.update(one)
    return counts.get()


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_counted_apart(kind: str) -> None:
    """A feature that is missing is not unknown, and neither is coerced."""
    found = counted(row(**{kind: ("court", "pages")}), row(**{kind: ("court",)}))
    assert found == {**{one: {} for one in KINDS}, kind: {"court": 2, "pages": 1}}


def test_a_plain_row_is_nothing_to_speak_of() -> None:
    """Nothing unusual leaves every kind empty."""
    assert list(input_issues(row())) == []
    assert counted(row(), row()) == {kind: {} for kind in KINDS}


def test_counts_of_any_windows_add_up() -> None:
    """Whatever the order and grouping, merged counts are those of one window."""
    rows = [
        row(unknown=("court",), extra=("colour",)),
        row(missing=("court",), coerced=("pages",)),
        row(unknown=("court", "sender"), out_of_range=("pages",)),
    ]
    parts: list[JsonObject] = [counted(one) for one in rows]
    for one, other, third in permutations(parts):
        assert merge(merge(one, other), third) == counted(*rows)
        assert merge(one, merge(other, third)) == counted(*rows)


def test_extra_features_are_named_by_frequency_and_by_twenty() -> None:
    """A name that keeps coming stays visible among any number that do not; none is lost."""
    junk = [row(extra=(f"junk {number}",)) for number in range(3000)]
    found = counted(*(row(extra=(*one.extra, "weight")) for one in junk))[EXTRA]
    assert found["weight"] == 3000
    assert len(found) == 21
    assert found[OTHERS] == 3000 - 19
    assert sum(found.values()) == 6000


def test_twenty_extra_features_need_no_others() -> None:
    """As long as every name has a place, nothing is summed up."""
    assert OTHERS not in counted(row(extra=tuple("abcdefghijklmnopqrst")))[EXTRA]
    assert counted(row(extra=tuple("abcdefghijklmnopqrstu")))[EXTRA][OTHERS] == 1


def test_features_beyond_those_that_a_row_names_are_counted() -> None:
    """Together, and not as one more."""
    crowded = CanonicalRow((), (), extra=("colour",), more_extra=980)
    assert counted(crowded, crowded)[EXTRA] == {"colour": 2, OTHERS: 1960}


def test_the_sign_for_the_others_is_a_name_like_any() -> None:
    """A client that calls a feature so is counted, before the limit and beyond it."""
    assert counted(row(extra=(OTHERS,)))[EXTRA] == {OTHERS: 1}
    many = tuple(f"junk {number}" for number in range(2000))
    assert sum(counted(row(extra=(*many, OTHERS)))[EXTRA].values()) == 2001


def test_counting_costs_the_same_whatever_was_counted() -> None:
    """A document costs a few steps for each of its names, among thousands of others or none."""
    counts = InputCounts()
    one = row(**dict.fromkeys(KINDS, ("court",)))
    two = row(**dict.fromkeys(KINDS, ("court", "sender")))
    counts.update(two)
    before = calls_of(lambda: counts.update(one))
    assert before < calls_of(lambda: counts.update(two)) <= 2 * before
    for number in range(3000):
        counts.update(row(unknown=(f"column {number}",), extra=(f"junk {number}",)))
    assert calls_of(lambda: counts.update(one)) == before
