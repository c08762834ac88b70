"""Outcomes of challengers become evidence while the service runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guards.answer import Answer, Observation
from guards.events.log_table import LogTable
from guards.evidence.pair import ChallengerId, Missed
from guards.evidence.pair_evidence import PairEvidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.service.observation.recording import Recording

    Record = Callable[..., Recording]

SECOND = ChallengerId("docs", "2")


def test_the_evidence_is_that_of_the_log(record: Record) -> None:
    """Whoever reads the log finds the same counts and sums, to the last bit."""
    recording = record([SECOND])
    rng = np.random.default_rng(5)
    for number in range(300):
        recording.exclusive = number % 3 == 0
        # Some documents come twice.
        recording.answered(f"d-{number % 290}", label=int(rng.integers(3)))
        recording.challengers[0].settle(
            Missed.TIMEOUT if number % 7 == 0 else recording.observation(int(rng.integers(3)))
        )
    evidence = recording.evidence.so_far(SECOND)
    assert evidence is not None
    recording.text()
    with LogTable.read([recording.path]) as log:
        offline = PairEvidence()
        for columns in log.pairs(recording.bundle.identity, SECOND):
            offline.update(columns)
    assert offline.observations == 300
    for name in vars(offline):
        found, expected = (
            sums if isinstance(sums, np.ndarray) else getattr(sums, "sums", sums)
            for sums in (getattr(evidence.pairs, name), getattr(offline, name))
        )
        assert (
            np.array_equal(found, expected)
            if isinstance(found, np.ndarray)
            else (found == expected)
        ), name


def test_a_label_that_only_one_variant_has_is_not_comparable(record: Record) -> None:
    """A challenger that could not have agreed is not said to disagree; its label can be wrong."""
    recording = record([SECOND])
    recording.compared("a", champion=0, challenger=0)
    recording.answered("b", label=0)
    known = recording.bundle.labels
    probabilities = np.array([0.25, 0.75], dtype=np.float32)
    of_its_own = Observation(Answer.of(probabilities, [known[0], "a class of its own"]), 0.1, 0.1)
    recording.challengers[0].settle(of_its_own)
    recording.label("b", 0)
    after = recording.judged()
    assert (after.compared, after.confidence_shift["value"]) == (2, 0)
    assert after.labels["not_compared"] == 0
    assert "the champion alone 1 times" in after.verdict["criteria"][0]["words"]
