"""Choose the rows that are held out of a training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guards.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from artifacts.tables import Table
    from guards.json_types import JsonMapping

__all__ = ["notes_of_overlap", "share_of_each_class", "split"]

_HELD_OUT_SHARE = 0.15
_FEWEST_HELD_OUT = 2

_NOTED_SHARE = 0.1


def split(table: Table, seed: int, *, by_time: bool) -> tuple[Table, Table]:
    """Return the rows to train on, and those to hold out: the last ones ``by_time``, else drawn.

    Raises ``TableError`` where there are too few.
    """
    held_out = max(_FEWEST_HELD_OUT, round(len(table) * _HELD_OUT_SHARE))
    if len(table) - held_out < _FEWEST_HELD_OUT:
        message = f"{len(table)} rows are too few to train on and hold some out"
        raise TableError(message)
    indices = range(len(table))
    if by_time:
        return table.take(indices[:-held_out]), table.take(indices[-held_out:])
    share = share_of_each_class(table.labels, seed)
    if not share:
        message = "no class has rows enough to hold some out; give --validation"
        raise TableError(message)
    return table.take(sorted({*indices} - share)), table.take(sorted(share))


def share_of_each_class(labels: Sequence[str], seed: int) -> set[int]:
    """Return rows to hold out, the same share of each class, none of a class with few rows."""
    generator = np.random.default_rng(seed)
    values = np.array(labels)
    share: set[int] = set()
    for label in sorted(set(labels)):
        indices = generator.permutation(np.flatnonzero(values == label))
        share.update(indices[: round(len(indices) * _HELD_OUT_SHARE)].tolist())
    return share


def notes_of_overlap(training: Table, held_out: Table) -> list[str]:
    """Return a note where documents are both trained on and held out."""
    seen = {_document(document) for document in training.documents}
    common = sum(_document(document) in seen for document in held_out.documents)
    if common <= len(held_out) * _NOTED_SHARE:
        return []
    note = (
        f"{common} of {len(held_out)} held-out rows have the text and features of a training row: "
        "the figures are those of rows that were learnt"
    )
    return [note]


def _document(document: JsonMapping) -> int:
    """Return a number for a document, that of equal ones: of a million rows, texts are too many."""
    return hash((document["text"], *map(str, document["features"].values())))
