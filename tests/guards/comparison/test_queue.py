"""Which documents a label queue draws."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from guards.comparison.queue import AGREEMENT, BOUNDARY, DISAGREEMENT, LabelQueue, draw_queue
from guards.evidence.columns import Categories, PairColumns, VariantColumns
from guards.evidence.sampling import digests, uniforms

HOUR_US = 3_600_000_000


def _columns(disagreements: int, agreements: int, near: int = 0, hours: int = 10) -> PairColumns:
    """Return documents whose ids begin with the stratum that they are of, spread over hours."""
    strata = ["d"] * disagreements + ["a"] * agreements + ["n"] * near
    count = len(strata)
    agree = np.array([stratum != "d" for stratum in strata])
    margin = np.where(np.array(strata) == "n", 0.05, 0.8)
    ones = np.ones(count)
    numbers = np.arange(count)

    def variant(codes: np.ndarray) -> VariantColumns:
        return VariantColumns(Categories(codes, ("x", "y")), ones, margin, ones, ones)

    return PairColumns(
        request_ids=[f"{stratum}-{number}" for number, stratum in enumerate(strata)],
        observed_at=(numbers * 7919 % hours) * HOUR_US + numbers,
        last=ones.astype(bool),
        segments=Categories.of([None] * count),
        tokens=ones.astype(np.int64),
        outcomes=Categories.of(["compared"] * count),
        comparable=ones.astype(bool),
        champion=variant(np.zeros(count, dtype=np.int64)),
        challenger=variant(np.where(agree, 0, 1)),
        divergence=ones,
    )


def _draw(columns: PairColumns, size: int, labelled: frozenset[str] = frozenset()) -> LabelQueue:
    return draw_queue([columns], labelled, size)


def _by_stratum(queue: LabelQueue) -> Counter[str]:
    return Counter(row.stratum for row in queue.rows)


def test_few_disagreements_are_all_drawn_first() -> None:
    """They are at the head of the queue, each certain to be there; agreements fill the rest."""
    queue = _draw(_columns(disagreements=30, agreements=900), size=100)

    strata = [row.stratum for row in queue.rows]
    assert strata == [DISAGREEMENT] * 30 + [AGREEMENT] * 70
    assert {row.inclusion_probability for row in queue.rows[:30]} == {1.0}
    assert queue.rows[-1].inclusion_probability == pytest.approx(70 / 900)


@pytest.mark.parametrize("disagreements", [90, 150, 300, 700, 5000])
def test_many_disagreements_are_drawn_by_the_hash_of_their_id(disagreements: int) -> None:
    """Exactly those below the probability of the row are drawn, and a fifth is agreements."""
    columns = _columns(disagreements, agreements=2000)

    queue = _draw(columns, size=100)

    drawn = [row for row in queue.rows if row.stratum == DISAGREEMENT]
    (probability,) = {row.inclusion_probability for row in drawn}
    period = (queue.from_us or 0) // HOUR_US
    numbers = uniforms(digests(columns.request_ids))
    expected = {
        name
        for name, number, at in zip(columns.request_ids, numbers, columns.observed_at, strict=True)
        if name.startswith("d") and number < probability and at // HOUR_US >= period
    }
    assert {row.request_id for row in drawn} == expected
    assert 0.1 <= probability < 1
    assert _by_stratum(queue)[AGREEMENT] >= 20
    assert len(queue.rows) == 100


def test_a_larger_log_does_not_change_who_is_drawn_at_one_probability() -> None:
    """The decision on a document rests on its id alone, never on its rank among others."""
    small, large = (_columns(disagreements, 3000, hours=1) for disagreements in (200, 260))

    first, second = (
        {row.request_id for row in _draw(columns, size=200).rows if row.stratum == DISAGREEMENT}
        for columns in (small, large)
    )

    assert first <= second


def test_labelled_documents_are_not_asked_for_again() -> None:
    """A later queue draws with a larger probability what an earlier one left."""
    columns = _columns(disagreements=300, agreements=2000)
    first = _draw(columns, size=100)
    labelled = frozenset(row.request_id for row in first.rows)

    second = _draw(columns, size=200, labelled=labelled)

    assert not labelled & {row.request_id for row in second.rows}
    drawn = [row for row in (*first.rows, *second.rows) if row.stratum == DISAGREEMENT]
    assert drawn[-1].inclusion_probability > drawn[0].inclusion_probability
    assert second.labelled == sum(row.stratum == DISAGREEMENT for row in first.rows)


def test_documents_near_the_boundary_are_a_stratum_of_their_own() -> None:
    """They have a probability of their own, and random agreements keep their fifth."""
    queue = _draw(_columns(disagreements=10, agreements=900, near=100), size=100)

    assert _by_stratum(queue) == {DISAGREEMENT: 10, BOUNDARY: 35, AGREEMENT: 55}
    probabilities = {row.stratum: row.inclusion_probability for row in queue.rows}
    assert probabilities[BOUNDARY] == pytest.approx(0.35)
    assert probabilities[AGREEMENT] == pytest.approx(55 / 900)


def test_agreements_are_drawn_in_equal_shares() -> None:
    """Weighted by their probability, the rows of a stratum add up to all of its documents."""
    queue = _draw(_columns(disagreements=200, agreements=700, near=60), size=150)

    for stratum in (BOUNDARY, AGREEMENT):
        weights = [1 / row.inclusion_probability for row in queue.rows if row.stratum == stratum]
        assert sum(weights) == pytest.approx(queue.strata[stratum])


def test_disagreements_come_in_the_order_of_time() -> None:
    """Whoever labels from the top finishes one hour after the other."""
    columns = _columns(disagreements=60, agreements=100)
    moments = dict(zip(columns.request_ids, columns.observed_at.tolist(), strict=True))

    queue = _draw(columns, size=100)

    drawn = [moments[row.request_id] for row in queue.rows if row.stratum == DISAGREEMENT]
    assert drawn == sorted(drawn)


def test_a_log_with_too_many_disagreements_is_drawn_from_its_latest_hours() -> None:
    """The probability never falls below a tenth: the period is shortened instead, and said."""
    queue = _draw(_columns(disagreements=20_000, agreements=100), size=100)

    assert queue.from_us is not None
    assert {row.inclusion_probability for row in queue.rows if row.stratum == DISAGREEMENT} == {0.1}


def test_a_small_log_is_drawn_whole() -> None:
    """A queue that is larger than the log holds every document once."""
    queue = _draw(_columns(disagreements=3, agreements=5), size=100)

    assert len({row.request_id for row in queue.rows}) == len(queue.rows) == 8
    assert {row.inclusion_probability for row in queue.rows} == {1.0}


def test_an_empty_log_gives_an_empty_queue() -> None:
    """Nothing compared is nothing to label."""
    assert draw_queue([], frozenset(), 50).rows == ()
