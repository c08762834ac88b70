"""Which segments have sums of their own."""

from __future__ import annotations

import json
from collections import Counter
from hashlib import sha256
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guards.evidence.segments import MAX_SEGMENTS, OTHER_SEGMENTS, SegmentSums

Key = tuple[str | None, str]
ODD_NAMES = ["", "other", "others", "\0other", "None", "null", "\x1b[2J", "x" * 100_000, "é", "🦆"]


def new_sums() -> SegmentSums[Key, int]:
    """Start sums by segment and something else."""
    return SegmentSums(lambda key: key[0], lambda key, segment: (segment, key[1]))


def summed(addends: list[tuple[Key, int]]) -> SegmentSums[Key, int]:
    """Add in one go."""
    sums = new_sums()
    sums.add(addends)
    return sums


def expected(addends: list[tuple[Key, int]]) -> dict[Key, int]:
    """Sum with all segments known beforehand."""
    names = {segment for (segment, _), _ in addends if segment is not None}
    kept = sorted(names, key=lambda name: sha256(name.encode()).digest())[:MAX_SEGMENTS]
    sums: Counter[Key] = Counter()
    for (segment, other), count in addends:
        sums[segment if segment in {*kept, None} else OTHER_SEGMENTS, other] += count
    return dict(sums)


ADDENDS = st.builds(
    lambda count, seed: [
        ((None if number % 7 == 0 else f"segment {number % 90}", f"{number % 3}"), number)
        for number in np.random.default_rng(seed).permutation(200)[:count].tolist()
    ],
    st.integers(0, 200),
    st.integers(0, 2**32),
)


@given(ADDENDS, st.lists(st.integers(0, 200), max_size=4))
def test_any_order_and_any_merge_gives_the_same_sums(
    addends: list[tuple[Key, int]], cuts: list[int]
) -> None:
    """The 64 segments with the smallest hashes are kept, whatever came when and from where."""
    oracle = expected(addends)
    assert summed(addends).sums == oracle
    assert summed(addends[::-1]).sums == oracle
    ends = [0, *sorted(cuts), len(addends)]
    parts = [summed(addends[low:high]) for low, high in pairwise(ends)]
    merged = new_sums()
    for part in reversed(parts):
        merged.add(part.sums.items())
    assert merged.sums == oracle
    assert merged.segments == {name for name, _ in oracle} - {None, OTHER_SEGMENTS}


def test_sixty_four_segments_have_sums_of_their_own() -> None:
    """Only one more puts a segment among the others, and documents without one are never there."""
    addends: list[tuple[Key, int]] = [((f"{number}", "x"), 1) for number in range(MAX_SEGMENTS)]
    full = summed([*addends, ((None, "x"), 5)])
    assert full.sums == {**dict(addends), (None, "x"): 5}
    full.add([(("one more", "x"), 1)])
    assert len(full.segments) == MAX_SEGMENTS
    assert full.sums[OTHER_SEGMENTS, "x"] == 1
    assert full.sums[None, "x"] == 5


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_that_clients_choose_are_not_mixed_up(name: str) -> None:
    """Odd names, and those that look like ours for the others, have sums of their own."""
    sums = summed([((name, "x"), 1), ((None, "x"), 2), (("usual", "x"), 4)])
    assert sums.sums == {(name, "x"): 1, (None, "x"): 2, ("usual", "x"): 4}
    assert sums.segments == {name, "usual"}


def test_no_client_can_send_the_name_of_the_others() -> None:
    """It has no UTF-8, and JSON can nevertheless hold it."""
    with pytest.raises(UnicodeEncodeError):
        OTHER_SEGMENTS.encode()
    assert json.loads(json.dumps(OTHER_SEGMENTS)) == OTHER_SEGMENTS


def test_guarded_segments_are_kept_whatever_else_comes() -> None:
    """A segment that a guardrail names cannot be pushed out by names that clients invent."""
    names = sorted(
        (f"{number}" for number in range(200)), key=lambda n: sha256(n.encode()).digest()
    )
    guarded, rest = names[-1], names[:-1]
    for order in ([*rest, guarded], [guarded, *rest], [*rest[:90], guarded, *rest[90:]]):
        sums: SegmentSums[Key, int] = SegmentSums(
            lambda key: key[0], lambda key, segment: (segment, key[1]), [guarded]
        )
        sums.add(((name, "x"), 1) for name in order)
        assert sums.segments == {guarded, *rest[: MAX_SEGMENTS - 1]}
        assert sums.sums[guarded, "x"] == 1
