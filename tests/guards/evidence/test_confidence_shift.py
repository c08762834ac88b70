"""Whether a challenger is less confident."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from guards.evidence.confidence_shift import (
    class_alpha,
    confidence_shift,
    honesty,
    segment_alpha,
)
from guards.evidence.pair_sums import PairSums
from guards.evidence.segments import MAX_SEGMENTS
from guards.sequential.confidence_sequence import radius
from tests.guards.evidence import traffic
from tests.guards.evidence.traffic import Doc, pair_evidence


def shifted(count: int, mean: float, seed: int = 1) -> list[Doc]:
    """Return documents on which the confidence shifts by this in the mean."""
    shifts = np.random.default_rng(seed).normal(mean, 0.05, count).clip(-0.4, 0.4)
    return [
        Doc(f"{seed}-{row}", confidence=(0.5, 0.5 + shift))
        for row, shift in enumerate(shifts.tolist())
    ]


@given(traffic.docs())
def test_the_shift_is_the_mean_of_paired_differences(docs: list[Doc]) -> None:
    """With the confidence sequence of their squares, and nothing without a document."""
    shifts = [doc.confidence[1] - doc.confidence[0] for doc in docs if doc.comparable]
    found = confidence_shift(pair_evidence(docs).total)
    assert found.documents == len(shifts)
    if not shifts:
        assert found.to_json() == {"value": None, "low": -1.0, "high": 1.0, "shown": False}
    else:
        width = float(radius(np.square(shifts).sum(), 0.025)) / len(shifts)
        mean = float(np.mean(shifts))
        assert found.mean == pytest.approx(mean, abs=1e-8)
        assert found.low == pytest.approx(max(mean - width, -1), abs=1e-6)
        assert found.high == pytest.approx(min(mean + width, 1), abs=1e-6)


@pytest.mark.parametrize(("mean", "shown"), [(-0.02, True), (0.02, True), (0.0, False)])
def test_a_shift_is_shown_once_the_sequence_excludes_0(mean: float, *, shown: bool) -> None:
    """In either direction, and not by noise."""
    found = confidence_shift(pair_evidence(shifted(2000, mean)).total)
    assert found.shown is shown
    assert found.low < mean < found.high


def test_parts_have_errors_of_their_own() -> None:
    """However many classes there are, and 64 segments and the others, they have half a part."""
    assert class_alpha("abcd") * 4 == pytest.approx(0.025)
    assert class_alpha([]) == 0.025
    assert segment_alpha() * (MAX_SEGMENTS + 1) == pytest.approx(0.025)
    sums = pair_evidence(shifted(500, 0)).total
    whole, part = confidence_shift(sums), confidence_shift(sums, segment_alpha())
    assert part.low < whole.low < whole.high < part.high


def test_copies_without_a_shift_seldom_cross() -> None:
    """Of 100 copies at most 5 are expected to, even where the challenger itself has shifted."""
    crossed = [honesty(pair_evidence(shifted(300, 0.05, seed=seed))) for seed in range(10)]
    assert all(found.of == 100 for found in crossed)
    assert sum(found.crossed for found in crossed) <= 50
    assert honesty(pair_evidence([])).to_json() == {"crossed": 0, "of": 100}


def test_copies_that_agree_by_accident_cross() -> None:
    """The meter counts copies beyond the bound of the real sequence."""
    evidence = pair_evidence(shifted(300, 0.05))
    total = evidence.total.shift
    evidence.null_sums = np.array([total, -total, 0, 1] + [0] * 96)
    assert confidence_shift(evidence.total).shown
    assert honesty(evidence).crossed == 2


def test_a_class_is_judged_by_its_own_documents() -> None:
    """Sums of one class alone give its shift."""
    evidence = pair_evidence(
        [Doc("1", confidence=(0.5, 0.6)), Doc("2", "b", confidence=(0.5, 0.3))]
    )
    assert confidence_shift(evidence.of_class("b")).mean == pytest.approx(-0.2)
    assert confidence_shift(PairSums()).mean is None
