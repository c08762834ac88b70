"""Compare two bundles by their answers to the same labelled rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binomtest

from artifacts.evaluation.evaluate_bundle import answers_to
from artifacts.evaluation.figures import evaluate, figure
from artifacts.evaluation.intervals import gain_interval, share_interval
from guards.errors import CallError, TableError
from guards.schema import canonical_category

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from artifacts.bundle.opening import Bundle
    from artifacts.tables import Table
    from guards.json_types import JsonObject

__all__ = ["compare_bundles"]


def compare_bundles(bundles: Sequence[Bundle], tables: Sequence[Table]) -> JsonObject:
    """Return how the second of two bundles compares with the first on the same rows.

    ``tables`` are two readings of one file, each with the columns that one bundle takes. Of what is
    returned, ``left_out`` counts the rows of which only one bundle, or none, knows the label, and
    ``bundles`` are the figures of both. A row is ``won`` where the second bundle alone is right,
    and ``lost`` where the first alone is. ``difference`` is that of the accuracies, second minus
    first, paired by row; ``p_value`` is the exact one of McNemar (1947). ``classes`` has the same
    for the rows of each label. Raises ``TableError``, and ``CallError`` if the tables have other
    labels for the same rows.
    """
    rows = len(tables[0]) + tables[0].left_out
    tables = _same_rows(*tables)
    (before, truth), (after, other_truth) = map(answers_to, bundles, tables)
    right, other_right = before.argmax(axis=1) == truth, after.argmax(axis=1) == other_truth
    agree = _answers(bundles[0], before) == _answers(bundles[1], after)
    first, second = (bundle.labels for bundle in bundles)
    return {
        "left_out": rows - len(truth),
        "bundles": [
            {**bundles[0].identity.to_json(), **evaluate(before, truth, first)},
            {**bundles[1].identity.to_json(), **evaluate(after, other_truth, second)},
        ],
        **_gain(right, other_right),
        "agreement": figure(agree.mean(), *map(float, share_interval(agree.sum(), len(agree)))),
        "classes": {
            first[index]: _gain(right[truth == index], other_right[truth == index])
            for index in np.unique(truth)
        },
    }


def _same_rows(first: Table, second: Table) -> tuple[Table, Table]:
    """Return the rows that are in both tables, which may leave out those of unknown labels."""
    common = {*first.rows} & {*second.rows}
    if not common:
        message = f"{first.name}: no row has a label that both bundles know"
        raise TableError(message)
    first, second = (
        table.take([index for index, row in enumerate(table.rows) if row in common])
        for table in (first, second)
    )
    if [*map(canonical_category, first.labels)] != [*map(canonical_category, second.labels)]:
        message = f"{first.name}: the bundles take the label from two columns; use --label COL"
        raise CallError(message)
    return first, second


def _answers(bundle: Bundle, probabilities: NDArray[np.float32]) -> NDArray[np.str_]:
    """Return the label of each answer in canonical form, since bundles may spell one otherwise."""
    labels = np.array([str(canonical_category(label)) for label in bundle.labels])
    answers: NDArray[np.str_] = labels[probabilities.argmax(axis=1)]
    return answers


def _gain(right: NDArray[np.bool_], other_right: NDArray[np.bool_]) -> JsonObject:
    rows = len(right)
    won, lost = int((other_right & ~right).sum()), int((right & ~other_right).sum())
    test = binomtest(won, won + lost) if won + lost else None
    return {
        "rows": rows,
        "won": won,
        "lost": lost,
        "difference": figure((won - lost) / rows, *gain_interval(won, lost, rows)),
        "p_value": 1.0 if test is None else float(test.pvalue),
    }
