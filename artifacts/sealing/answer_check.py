"""Whether a classifier's answers to labelled rows are finite, and fit the labels as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.special import gammaln, rel_entr
from scipy.stats import binom, chi2, hypergeom
from sklearn.metrics import confusion_matrix

from guards.errors import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from artifacts.evaluation.encoded_table import EncodedTable

__all__ = ["exchanged_labels", "not_finite_answer"]

_SIGNIFICANCE = 1e-3
_SIGNIFICANT_ASSOCIATION = 1e-2
_FACTOR = 2
"""A difference that counts is of so many times as much, whatever is significant."""

_SHARE = 1 / 3
"""So far from chance to perfection, recalls have to be: with two labels, twice as much at least."""

_MAX_LABELS = 2000
"""Of more labels, pairs are not counted: that would take gigabytes. Chance is compared anyway."""

_MAX_SHOWN = 3


class _Exchange(NamedTuple):
    """Labels, the answers that fit them better, and the rows right with these and without."""

    truth: list[int]
    answers: list[int]
    right: int
    right_before: int


def not_finite_answer(logits: NDArray[np.float32], table: EncodedTable) -> Finding | None:
    """Return a finding where a row of logits float32 [rows, classes] is not finite, else None."""
    rows = np.flatnonzero(~np.isfinite(logits).all(axis=1))
    if not rows.size:
        return None
    return Finding(
        code="answers_not_finite",
        subject="network",
        expected="finite numbers for every text",
        observed=f"no finite number for row {table.rows[int(rows[0])]}",
    )


def exchanged_labels(
    answers: NDArray[np.int64], truth: NDArray[np.int64], labels: Sequence[str]
) -> Finding | None:
    """Return a finding where labels look exchanged, or answers are far below chance, else None.

    ``answers`` and ``truth`` are label indices int64 [rows]. The answers are assigned to labels so
    that the most rows are right (Kuhn 1955), and each cycle of that permutation is judged by
    itself. It counts where the mean recall of its labels is at least twice that without it and a
    third of the way from chance to 1 (Youden 1950), and where it is significant, at a level that is
    divided by the number of such cycles, that more rows become right than wrong (sign test, .001),
    and that answers depend on labels (Fisher's exact test, .01), which those of a model that says
    the same to everything do not. All answers count as below chance where significantly fewer are
    right, and less than half as many. Chance is what the frequencies of labels and answers alone
    give (Cohen 1960), and what is significant is bounded after Hoeffding (1963, theorem 1).
    """
    exchanges = [] if len(labels) > _MAX_LABELS else [*_exchanges(answers, truth, len(labels))]
    if exchanges:
        pairs = [
            f"{labels[answer]!r} where the table has {labels[label]!r}"
            for exchange in exchanges
            for label, answer in zip(exchange.truth, exchange.answers, strict=True)
        ]
        more = f", and {len(pairs) - _MAX_SHOWN} more" if len(pairs) > _MAX_SHOWN else ""
        after = sum(exchange.right for exchange in exchanges)
        before = sum(exchange.right_before for exchange in exchanges)
        return _finding(
            f"{', '.join(pairs[:_MAX_SHOWN])}{more}: with these exchanged, {after} of "
            f"{len(truth)} rows would be right instead of {before}"
        )
    right, rows = int((answers == truth).sum()), len(truth)
    chance = float(
        np.bincount(truth, minlength=len(labels))
        @ np.bincount(answers, minlength=len(labels))
        / rows**2
    )
    if _FACTOR * right < chance * rows and _is_rare(right, rows, chance):
        by_chance = round(chance * rows)
        return _finding(f"{right} of {rows} rows are right, and {by_chance} would be by chance")
    return None


def _exchanges(
    answers: NDArray[np.int64], truth: NDArray[np.int64], count: int
) -> Iterator[_Exchange]:
    counts = confusion_matrix(truth, answers, labels=range(count))
    # Of equally good assignments, the one that leaves most labels as they are.
    _, assigned = linear_sum_assignment(counts * (count + 1) + np.eye(count), maximize=True)
    for cycle in _cycles(assigned.tolist()):
        tests = gammaln(count + 1) - gammaln(count - len(cycle) + 1) - np.log(len(cycle))
        within = counts[cycle][:, assigned[cycle]]
        right, before = within.diagonal(), counts[cycle, cycle]
        recalls = np.stack([right, before]) / np.maximum(1, counts[cycle].sum(axis=1))
        exchanged, as_named = recalls.sum(axis=1)
        if (
            exchanged >= _FACTOR * as_named
            and exchanged - 1 >= _SHARE * (len(cycle) - 1)
            and _log_sign(right.sum(), before.sum()) < np.log(_SIGNIFICANCE) - tests
            and _log_association(within) < np.log(_SIGNIFICANT_ASSOCIATION) - tests
        ):
            others = assigned[cycle].tolist()
            yield _Exchange(cycle, others, int(right.sum()), int(before.sum()))


def _cycles(permutation: Sequence[int]) -> Iterator[list[int]]:
    """Yield the cycles of a permutation that are longer than one."""
    seen: set[int] = set()
    for start in range(len(permutation)):
        cycle: list[int] = []
        index = start
        while index not in seen:
            seen.add(index)
            cycle.append(index)
            index = permutation[index]
        if len(cycle) > 1:
            yield cycle


def _log_sign(wins: int, losses: int) -> float:
    """Return the logarithm of the chance of so many wins, were losses as likely."""
    return float(binom.logsf(wins - 1, wins + losses, 0.5))


def _log_association(counts: NDArray[np.int64]) -> float:
    """Return the logarithm of the chance of a diagonal so large, were answers not to depend on it.

    ``counts`` is int64 [labels, labels]. Given its margins, each row's number on the diagonal is
    hypergeometric, given the rows before; the chances of the rows are combined (Fisher 1932).
    """
    below = counts[::-1].cumsum(axis=0)[::-1]
    rows, answers = counts.sum(axis=1), below.diagonal()
    chances = np.asarray(hypergeom.sf(counts.diagonal() - 1, below.sum(axis=1), answers, rows))[:-1]
    with np.errstate(divide="ignore"):
        return float(chi2.logsf(-2 * np.log(chances).sum(), 2 * len(chances)))


def _is_rare(right: int, rows: int, chance: float) -> bool:
    """Return whether so many right rows are rare, on their side of what ``chance`` gives."""
    share = right / rows
    divergence = rel_entr(share, chance) + rel_entr(1 - share, 1 - chance)
    return bool(-rows * divergence < np.log(_SIGNIFICANCE))


def _finding(observed: str) -> Finding:
    return Finding(
        code="labels_exchanged",
        subject="labels",
        expected="answers that fit the labels as they are named",
        observed=observed,
    )
