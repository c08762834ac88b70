"""Every copy of a document is accounted for, whatever happens in whatever order."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guards.evidence.coverage import Coverage
from guards.evidence.pair import ChallengerId, Missed
from service.shadow import interface, mirror, queue
from service.shadow.mirror import Mirror
from tests.service.shadow.samples import observation, pending
from tests.service.shadow.scripted import ScriptedChallenger

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from guards.drift.reference import Reference
    from guards.errors import Finding
    from guards.evidence.pair import Outcome
    from service.shadow.interface import PendingComparison

AGREES, DISAGREES = observation(0.75, 0.25), observation(0.25, 0.75)
OUTCOMES = (AGREES, DISAGREES, *Missed)


class Mirroring:
    """A mirror of scripted challengers, whose listener counts through the mirror."""

    def __init__(self, capacities: Sequence[int] = (1_000_000,), sample: float = 1.0) -> None:
        self.finished: list[PendingComparison] = []
        self.settlements: Counter[ChallengerId] = Counter()
        self.challengers = [
            ScriptedChallenger(ChallengerId("docs", str(number)), capacity)
            for number, capacity in enumerate(capacities)
        ]
        self.mirror = Mirror(self.challengers, sample, np.random.default_rng(5))
        for challenger in self.challengers:
            challenger.start(self)

    def settled(
        self, challenger: ChallengerId, pending: PendingComparison, outcome: Outcome
    ) -> None:
        """Count an outcome, as the recorder does."""
        self.settlements[challenger] += 1
        self.mirror.settle(challenger, pending, outcome)
        if not pending.awaited:
            self.finished.append(pending)

    def announced(self, challenger: ChallengerId, reference: Reference) -> None:
        """Need nothing."""

    def refused(self, challenger: ChallengerId, findings: Sequence[Finding]) -> None:
        """Need nothing."""

    def offer(self, request_id: str = "a") -> bool:
        """Offer a document."""
        document = pending(request_id)
        offered = self.mirror.offer(document)
        if not offered:
            self.finished.append(document)
        return offered

    def balanced(self) -> bool:
        """Return whether the counts of every challenger, and their total, balance."""
        parts = [self.mirror.coverage(challenger) for challenger in self.challengers]
        return all(part.balanced for part in [*parts, self.mirror.total()])


STEPS = st.lists(
    st.one_of(
        st.just(None),
        st.tuples(st.integers(0, 2), st.integers(0, 50), st.integers(0, len(OUTCOMES) - 1)),
    ),
    max_size=60,
)


@given(STEPS, st.integers(1, 3), st.integers(1, 5))
def test_the_counts_balance_whatever_settles_in_whatever_order(
    steps: list[tuple[int, int, int] | None], challengers: int, capacity: int
) -> None:
    """After every step; and at the end each document is complete once with every outcome."""
    mirroring = Mirroring([capacity] * challengers)
    offered = 0
    for step in steps:
        if step is None:
            offered += 1
            assert mirroring.offer(str(offered))
        else:
            number, index, outcome = step
            challenger = mirroring.challengers[number % challengers]
            if challenger.waiting:
                challenger.settle(OUTCOMES[outcome], index)
        assert mirroring.balanced()
    for challenger in mirroring.challengers:
        while challenger.waiting:
            challenger.settle(AGREES)
    assert mirroring.balanced()
    assert sorted(document.document.request_id for document in mirroring.finished) == sorted(
        str(number) for number in range(1, offered + 1)
    )
    ids = {challenger.id for challenger in mirroring.challengers}
    assert all(set(document.outcomes) == ids for document in mirroring.finished)
    assert mirroring.settlements == Counter(dict.fromkeys(ids, offered) if offered else {})
    assert mirroring.mirror.total().eligible == offered * challengers
    assert mirroring.mirror.total().pending == 0


def test_a_document_waits_for_its_last_challenger() -> None:
    """One challenger that answers at once does not end the wait for the other."""
    mirroring = Mirroring([10, 10])
    mirroring.offer()
    first, second = mirroring.challengers
    second.settle(AGREES)
    assert mirroring.finished == []
    first.settle(DISAGREES)
    (document,) = mirroring.finished
    assert document.outcomes == {first.id: DISAGREES, second.id: AGREES}


def test_each_challenger_is_counted_apart_and_the_total_is_the_sum() -> None:
    """Each challenger has its own agreement, confidence and misses."""
    mirroring = Mirroring([10, 1])
    for request_id in ("a", "b", "c"):
        mirroring.offer(request_id)
    first, second = mirroring.challengers
    first.settle(AGREES)
    first.settle(DISAGREES)
    second.settle(DISAGREES)
    counters = mirroring.mirror.counters
    assert (counters[first.id].agreement, counters[first.id].confidence) == (0.5, 0.75)
    assert (counters[second.id].agreement, counters[second.id].confidence) == (0.0, 0.75)
    assert mirroring.mirror.coverage(second) == Coverage(
        eligible=3, compared=1, pending=0, spooled=0, missed={"queue_full": 2}
    )
    assert mirroring.mirror.total() == Coverage(
        eligible=6, compared=3, pending=1, spooled=0, missed={"queue_full": 2}
    )


def test_two_challengers_of_one_bundle_are_counted_apart() -> None:
    """The ordinal alone tells them apart."""
    twins = [ScriptedChallenger(ChallengerId("docs", "2", ordinal)) for ordinal in (1, 2)]
    mirroring = Mirror(twins, 1.0, np.random.default_rng(5))
    document = pending()
    mirroring.offer(document)
    mirroring.settle(twins[0].id, document, AGREES)
    assert document.awaited == 1
    mirroring.settle(twins[1].id, document, DISAGREES)
    assert document.awaited == 0
    assert [mirroring.counters[twin.id].agreement for twin in twins] == [1.0, 0.0]


def test_without_a_comparison_there_is_neither_agreement_nor_confidence() -> None:
    """Both are None rather than zero."""
    (counters,) = Mirroring().mirror.counters.values()
    assert (counters.agreement, counters.confidence) == (None, None)


@pytest.mark.parametrize(("sample", "expected"), [(0.0, 0), (1.0, 2000), (0.25, 500)])
def test_sampling_leaves_out_the_rest(sample: float, expected: int) -> None:
    """A document that is left out is not eligible, and no challenger sees it."""
    mirroring = Mirroring(sample=sample)
    offered = sum(mirroring.offer(str(number)) for number in range(2000))
    assert offered == mirroring.mirror.total().eligible == mirroring.challengers[0].pending
    # Four standard deviations of a binomial count.
    assert abs(offered - expected) <= 4 * np.sqrt(2000 * sample * (1 - sample))
    assert len(mirroring.finished) == 2000 - offered
    assert all(document.outcomes == {} for document in mirroring.finished)


def test_all_challengers_are_offered_the_same_documents() -> None:
    """Sampling decides once per document, not once per challenger."""
    mirroring = Mirroring([1000, 1000], sample=0.5)
    for number in range(100):
        mirroring.offer(str(number))
    assert mirroring.challengers[0].waiting == mirroring.challengers[1].waiting


def test_without_challengers_no_document_is_offered() -> None:
    """A champion alone has no coverage."""
    mirroring = Mirroring([])
    assert not mirroring.offer()
    assert mirroring.mirror.total() == Coverage()


@pytest.mark.parametrize("module", [interface, mirror, queue])
def test_the_mirror_knows_no_kind_of_challenger(module: ModuleType) -> None:
    """Mirror, interface and queue import nothing of where challengers run."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    imports = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    shadow = {name for name in imports if name.startswith("service.shadow")}
    assert shadow <= {"service.shadow.interface"}
