"""What is kept of a long text, for texts, lengths and special tokens of any number."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifacts.bundle.truncation import Ends, Truncation
from guards.bundle.manifest import Long

ALL_ENDS = (Ends(1, 1), Ends(1, 0), Ends(0, 1), Ends(2, 3), Ends(0, 0))

modes = st.sampled_from(get_args(Long))
ends_of_texts = st.sampled_from(ALL_ENDS)
lengths = st.integers(8, 64)
texts = st.integers(0, 1500)
overlaps = st.sampled_from([0.0, 0.1, 0.25, 0.5])


def tokens(text: int, ends: Ends) -> list[int]:
    """Return the ids 0, 1, … of a text of so many tokens, with negative ids for special ones."""
    opening = [-1 - index for index in range(ends.opening)]
    closing = [-100 - index for index in range(ends.closing)]
    return [*opening, *range(text), *closing]


def inner(window: list[int], ends: Ends) -> list[int]:
    """Return the text that a window holds."""
    return window[ends.opening : len(window) - ends.closing]


@given(texts, ends_of_texts, lengths, modes, overlaps)
def test_windows_are_of_one_length_with_the_special_tokens(
    text: int, ends: Ends, max_length: int, long: Long, overlap: float
) -> None:
    """No window is longer than the maximum or than another, and each is opened and closed."""
    windows, _ = Truncation(max_length, long, overlap).windows(tokens(text, ends), ends)

    (length,) = {len(window) for window in windows}
    assert length == min(text + sum(ends), max_length)
    for window in windows:
        assert (
            window
            == tokens(0, ends)[: ends.opening]
            + inner(window, ends)
            + (tokens(0, ends)[ends.opening :])
        )


@given(texts, ends_of_texts, lengths, modes, overlaps)
def test_truncated_means_that_tokens_are_left_out(
    text: int, ends: Ends, max_length: int, long: Long, overlap: float
) -> None:
    """A cut says so exactly where some token of the text stands in no window."""
    windows, truncated = Truncation(max_length, long, overlap).windows(tokens(text, ends), ends)

    kept = {token for window in windows for token in inner(window, ends)}
    assert truncated == (kept != set(range(text)))
    assert all(token < text for token in kept)


@given(texts, ends_of_texts, lengths, modes, overlaps)
def test_order_is_kept(text: int, ends: Ends, max_length: int, long: Long, overlap: float) -> None:
    """Tokens stand in a window in the order of the text, and windows in the order they start."""
    windows, _ = Truncation(max_length, long, overlap).windows(tokens(text, ends), ends)

    for window in windows:
        assert inner(window, ends) == sorted({*inner(window, ends)})
    assert windows == sorted(windows, key=lambda window: inner(window, ends)[:1])


@given(texts, ends_of_texts, lengths, overlaps, st.integers(2, 40))
def test_windows_overlap_and_are_as_few_as_they_can_be(
    text: int, ends: Ends, max_length: int, overlap: float, most: int
) -> None:
    """Each shares its part with the one before, and one fewer could not reach as far."""
    windows, _ = Truncation(max_length, "windows", overlap, most).windows(tokens(text, ends), ends)

    held = [inner(window, ends) for window in windows]
    room = max_length - sum(ends)
    shared = int(room * overlap)
    assert len(windows) <= most
    for before, after in pairwise(held):
        assert before[0] < after[0] <= before[-1] + 1 - shared
    if len(windows) > 1:
        assert room + (len(windows) - 2) * (room - shared) <= held[-1][-1]


def test_a_text_that_just_fits() -> None:
    """As many tokens as fit are one window in every mode; one more is cut."""
    ends = Ends(1, 1)
    for long in get_args(Long):
        assert Truncation(8, long).windows(tokens(6, ends), ends) == ([tokens(6, ends)], False)
        assert Truncation(8, long).windows(tokens(7, ends), ends) != ([tokens(7, ends)], False)


@pytest.mark.parametrize(
    ("long", "windows", "truncated"),
    [
        ("head", [[0, 1, 2, 3, 4, 5, 6, 7]], True),
        ("head-tail", [[0, 1, 14, 15, 16, 17, 18, 19]], True),
        ("windows", [[*range(8)], [*range(6, 14)], [*range(12, 20)]], False),
    ],
)
def test_the_three_ways(long: Long, windows: list[list[int]], *, truncated: bool) -> None:
    """Twenty tokens in a room of eight: the first, the first quarter and the last, or all."""
    ends = Ends(1, 1)

    found, cut = Truncation(10, long).windows(tokens(20, ends), ends)

    assert ([inner(window, ends) for window in found], cut) == (windows, truncated)


def test_beyond_the_last_window() -> None:
    """Sixteen windows of 512 hold 6255 tokens of text; of one more, the last is left out."""
    ends = Ends(1, 1)

    all_of_it, whole = Truncation(512, "windows").windows(tokens(6255, ends), ends)
    all_but_one, cut = Truncation(512, "windows").windows(tokens(6256, ends), ends)

    assert all_of_it == all_but_one
    assert (len(all_of_it), whole, cut) == (16, False, True)


@pytest.mark.parametrize("ends", ALL_ENDS)
def test_no_room_for_text(ends: Ends) -> None:
    """Where special tokens alone fill the length, a window still holds one token of text."""
    windows, _ = Truncation(1, "windows").windows(tokens(9, ends), ends)

    assert {len(inner(window, ends)) for window in windows} == {1}


def test_described_as_sealed() -> None:
    """The numbers of the windows are part of the description where there are windows."""
    assert Truncation(64).to_json() == {"max_length": 64, "long": "head"}
    assert Truncation(64, "head-tail").to_json() == {"max_length": 64, "long": "head-tail"}
    assert Truncation(64, "windows").to_json() == {
        "max_length": 64,
        "long": "windows",
        "overlap": 0.25,
        "most_windows": 16,
    }
