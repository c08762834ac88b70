"""Measure the answers of a bundle to a labelled table."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from artifacts.bundle.inference import probabilities_of
from artifacts.evaluation.figures import evaluate
from artifacts.tables import canonical_rows
from guards.errors import TableError
from guards.text import listed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from artifacts.bundle.opening import Bundle
    from artifacts.tables import Table
    from guards.json_types import JsonObject

__all__ = ["answers_to", "measure"]

_CHUNK = 64


def measure(bundle: Bundle, table: Table, *, left_out: int = 0) -> JsonObject:
    """Return the figures of ``evaluate`` for a bundle's answers to a table's rows.

    ``left_out`` is how many rows of a file the table lacks, because the bundle does not know their
    labels; it is part of the figures. Shows progress on a terminal's standard error. Raises
    ``TableError`` for a label that the bundle does not know, and for a cell that does not fit its
    schema.
    """
    return {**evaluate(*answers_to(bundle, table), bundle.labels), "left_out": left_out}


def answers_to(bundle: Bundle, table: Table) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return probabilities float32 [rows, classes] and label indices int64 [rows] of a table.

    Raises ``TableError`` as ``measure`` does.
    """
    truth = _truth(bundle, table)
    rows = canonical_rows(table, bundle.preprocessing.schema)
    answers = np.empty((len(rows), len(bundle.labels)), dtype=np.float32)
    for start in tqdm(range(0, len(rows), _CHUNK), disable=None, desc="evaluating", unit="batch"):
        chunk = slice(start, start + _CHUNK)
        texts = [document["text"] for document in table.documents[chunk]]
        encodings = bundle.preprocessing.encode(texts, rows[chunk])
        answers[chunk] = probabilities_of(bundle.network, bundle.manifest.temperature, encodings)
    return answers, truth


def _truth(bundle: Bundle, table: Table) -> NDArray[np.int64]:
    indices = {label: index for index, label in enumerate(bundle.labels)}
    unknown = Counter(label for label in table.labels if label not in indices)
    if unknown:
        message = (
            f"{table.name}: {sum(unknown.values())} of {len(table)} rows have a label that is none "
            f"of the bundle's: {listed(sorted(unknown))}; it knows {listed(bundle.labels)}"
        )
        raise TableError(message)
    return np.array([indices[label] for label in table.labels])
