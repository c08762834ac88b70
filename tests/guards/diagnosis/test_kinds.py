"""The kinds that inputs tell apart together, and what is too rare to be one."""

from __future__ import annotations

import numpy as np

from guards.diagnosis.kinds import kinds_of


def cells(*counts: tuple[int, ...]) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    """Return documents: how many, and the cell of each input."""
    rows = [np.tile(np.array(row, dtype=np.int16), (number, 1)) for number, *row in counts]
    return np.concatenate(rows)


def test_every_combination_that_is_there_is_a_kind() -> None:
    """Documents are of one kind where all of their cells are the same, in both periods."""
    good = cells((30, 0, 0), (30, 0, 1), (40, 2, 0))
    bad = cells((50, 2, 0), (60, 1, 1))
    before, now, number = kinds_of(good, bad)
    assert number == 4
    of_rows = zip(map(tuple, good.tolist()), before.tolist(), strict=True)
    assert len(set(of_rows)) == len(set(before.tolist())) == 3
    assert set(now[:50].tolist()) == {int(before[-1])}
    assert not set(now[50:].tolist()) & set(before.tolist())


def test_rare_combinations_stay_together() -> None:
    """Within the kind of the inputs before them; a cell that one period has often is a kind."""
    good = cells((100, 0, 0), (19, 0, 1), (18, 0, 2), (100, 1, 0))
    bad = cells((100, 0, 0), (2, 0, 1), (100, 1, 0), (20, 1, 3))
    before, now, number = kinds_of(good, bad)
    assert number == 4
    assert len(set(before[100:137].tolist())) == 1
    assert set(now[100:102].tolist()) == set(before[100:137].tolist())
    assert set(now[-20:].tolist()).isdisjoint(before.tolist())


def test_rare_is_told_by_the_share_of_many() -> None:
    """So that there are at most some thousands of kinds, of however many documents."""
    good = cells((40_000, 0), (39, 1), (41, 2))
    _, _, number = kinds_of(good, cells((100, 0)))
    assert number == 3
    _, _, fewer = kinds_of(good[:40_039], cells((100, 0)))
    assert fewer == 2


def test_without_inputs_all_are_one_kind() -> None:
    """Nothing moved that could tell them apart."""
    before, now, number = kinds_of(np.zeros((3, 0), np.int16), np.zeros((2, 0), np.int16))
    assert (before.tolist(), now.tolist(), number) == ([0, 0, 0], [0, 0], 1)
