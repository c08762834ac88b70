"""Replicas that are less confident than the others at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

from guards.diagnosis.blocks import Blocks
from guards.diagnosis.moved_inputs import discoveries
from guards.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from guards.diagnosis.documents import Documents

    Floats = NDArray[np.float64]

__all__ = ["skew_notes"]

_RATE = 0.05
_MIN_HOURS = 20
_MIN_DIFFERENCE = 0.01
_MAX_TOLD = 3


class _Skew(NamedTuple):
    """The means of the hours of a replica and of the others, and how often chance does as much."""

    replica: int
    mean: float
    others: float
    p_value: float


def skew_notes(bad: Documents) -> Iterator[str]:
    """Yield a note for each replica that is less confident than the others in the bad period.

    Their means of an hour are compared (one-sided paired t-test over at least 20 hours in which
    both answered), with the false discovery rate at .05, and what is told are means of these hours.
    It says nothing of why: another library, or other documents.
    """
    names = bad.replicas.names
    found = [
        skew
        for replica in sorted(set(bad.replicas.codes.tolist()) - {-1})
        if (skew := _skew(bad, replica)) is not None
    ]
    beyond = discoveries([each.p_value for each in found], _RATE).tolist()
    lower = [
        each
        for each, is_beyond in zip(found, beyond, strict=True)
        if is_beyond and each.others - each.mean >= _MIN_DIFFERENCE
    ]
    for each in sorted(lower, key=lambda skew: skew.mean - skew.others)[:_MAX_TOLD]:
        own, other = _latest_runs(bad, each.replica)
        yield (
            f"{printable(names[each.replica])} is less confident than the other replicas in the "
            f"bad period ({each.mean:.4f}, they {each.others:.4f}): compare what they run and what "
            f"they are sent with --good {printable(other)} --bad {printable(own)}"
        )


def _skew(documents: Documents, replica: int) -> _Skew | None:
    own = (documents.replicas.codes == replica).astype(np.int64)
    blocks = Blocks.of(documents.hours, documents.confidence, own, 2)
    both = (blocks.documents > 0).all(axis=1)
    if both.sum() < _MIN_HOURS:
        return None
    others, mean = (blocks.sums[both] / blocks.documents[both]).T
    return _Skew(replica, float(mean.mean()), float(others.mean()), _p_value(mean - others))


def _p_value(differences: Floats) -> float:
    """Return the one-sided p-value of a paired t-test that they are below 0."""
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    mean = differences.mean()
    if not error:
        return 0.0 if mean < 0 else 1.0
    return float(stats.t.cdf(mean / error, len(differences) - 1))


def _latest_runs(documents: Documents, replica: int) -> tuple[str, str]:
    """Return the run that answered last in a replica, and the one in another."""
    own = np.flatnonzero(documents.replicas.codes == replica)
    others = np.flatnonzero(documents.replicas.codes != replica)
    codes, names = documents.runs
    return names[codes[own[-1]]], names[codes[others[-1]]]
