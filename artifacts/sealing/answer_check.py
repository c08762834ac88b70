"""Whether a classifier's answers to labelled rows are finite, and fit the labels as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.special import gammaln, rel_entr
from sklearn.metrics import confusion_matrix

from guards.errors import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from artifacts.evaluation.encoded_table import EncodedTable

__all__ = ["exchanged_labels", "not_finite_answer"]

_SIGNIFICANCE = 1e-3
_FACTOR = 2
"""A difference that counts is of so many times as many rows, whatever is significant."""

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
    itself: it counts where it makes at least twice as many rows right as without it, and
    significantly more than by chance, at .001 divided by the number of such cycles. All answers
    count as below chance where significantly fewer are right, and less than half as many. Chance
    is what the frequencies of labels and answers alone give (Cohen 1960), and what is significant
    is bounded after Hoeffding (1963, theorem 1).
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
    right, every = int((answers == truth).sum()), np.arange(len(labels))
    chance = _chance(answers, truth, every, every)
    if _FACTOR * right < chance * len(truth) and _is_rare(right, len(truth), chance):
        by_chance = round(chance * len(truth))
        return _finding(
            f"{right} of {len(truth)} rows are right, and {by_chance} would be by chance"
        )
    return None


def _exchanges(
    answers: NDArray[np.int64], truth: NDArray[np.int64], count: int
) -> Iterator[_Exchange]:
    counts = confusion_matrix(truth, answers, labels=range(count))
    # Of equally good assignments, the one that leaves most labels as they are.
    _, assigned = linear_sum_assignment(counts * (count + 1) + np.eye(count), maximize=True)
    for cycle in _cycles(assigned.tolist()):
        labels, others = np.array(cycle), assigned[cycle]
        right, before = int(counts[labels, others].sum()), int(counts[labels, labels].sum())
        rows = int(counts[labels].sum())
        chance = _chance(answers, truth, labels, others)
        cycles = gammaln(count + 1) - gammaln(count - len(cycle) + 1) - np.log(len(cycle))
        if right >= max(1, _FACTOR * before) and _is_rare(right, rows, chance, cycles):
            yield _Exchange(cycle, others.tolist(), right, before)


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


def _chance(
    answers: NDArray[np.int64],
    truth: NDArray[np.int64],
    labels: NDArray[np.int64],
    assigned: NDArray[np.int64],
) -> float:
    """Return the share of the rows of ``labels`` that ``assigned`` would fit by chance."""
    count = 1 + max(int(one.max()) for one in (answers, truth, labels, assigned))
    of_truth, of_answers = (np.bincount(one, minlength=count) for one in (truth, answers))
    rows = max(1, int(of_truth[labels].sum()))
    return float((of_truth[labels] * of_answers[assigned]).sum() / len(truth) / rows)


def _is_rare(right: int, rows: int, chance: float, log_tests: float = 0.0) -> bool:
    """Return whether so many right rows are rare, on their side of what ``chance`` gives."""
    share = right / rows
    divergence = rel_entr(share, chance) + rel_entr(1 - share, 1 - chance)
    return bool(-rows * divergence < np.log(_SIGNIFICANCE) - log_tests)


def _finding(observed: str) -> Finding:
    return Finding(
        code="labels_exchanged",
        subject="labels",
        expected="answers that fit the labels as they are named",
        observed=observed,
    )
