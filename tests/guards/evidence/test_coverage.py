"""The balance of challengers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from guards.evidence.coverage import Coverage
from guards.evidence.pair import Missed

COUNTS = st.integers(0, 1000)
COVERAGES = st.builds(
    Coverage,
    eligible=COUNTS,
    compared=COUNTS,
    pending=COUNTS,
    spooled=COUNTS,
    missed=st.dictionaries(st.sampled_from([reason.value for reason in Missed]), COUNTS),
)


@given(COVERAGES)
def test_a_balance_survives_json(coverage: Coverage) -> None:
    """What is written is read back, with fields of later versions beside it."""
    assert Coverage.from_json(coverage.to_json() | {"later": 1}) == coverage


@given(st.lists(COVERAGES, max_size=4))
def test_the_total_is_the_sum(parts: list[Coverage]) -> None:
    """Each count is added up, the missed by their reason."""
    total = Coverage.total(iter(parts))
    assert total.eligible == sum(part.eligible for part in parts)
    assert total.compared == sum(part.compared for part in parts)
    assert total.pending == sum(part.pending for part in parts)
    assert total.spooled == sum(part.spooled for part in parts)
    for reason in Missed:
        missed = sum(part.missed.get(reason.value, 0) for part in parts)
        assert total.missed.get(reason.value, 0) == missed


@given(st.lists(COVERAGES, min_size=1, max_size=4))
def test_a_lost_document_upsets_the_balance(parts: list[Coverage]) -> None:
    """Every eligible document must be compared, missed, pending or spooled."""
    total = Coverage.total(parts)
    accounted = total.compared + sum(total.missed.values()) + total.pending + total.spooled
    assert total.balanced == (total.eligible == accounted)
    balanced = Coverage(accounted, total.compared, total.pending, total.spooled, total.missed)
    assert balanced.balanced
    assert not Coverage(accounted + 1, *list(balanced.to_json().values())[1:]).balanced
