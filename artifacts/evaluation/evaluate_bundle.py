"""Measure the answers of a bundle to a labelled table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from artifacts.bundle.inference import probabilities_of
from artifacts.evaluation.figures import evaluate
from artifacts.progress import Progress
from artifacts.tables import canonical_rows, known_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from artifacts.bundle.opening import Bundle
    from artifacts.tables import Table
    from guards.json_types import JsonObject

__all__ = ["answers_to", "measure"]

_CHUNK = 64


def measure(bundle: Bundle, table: Table) -> JsonObject:
    """Return the figures of ``evaluate`` for a bundle's answers to a table's rows.

    They say how many rows were left out of the table. Shows progress on standard error. Raises
    ``TableError`` for a label that the bundle does not know, and for a cell that does not fit its
    schema.
    """
    return {**evaluate(*answers_to(bundle, table), bundle.labels), "left_out": table.left_out}


def answers_to(bundle: Bundle, table: Table) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return probabilities float32 [rows, classes] and label indices int64 [rows] of a table.

    Raises ``TableError`` as ``measure`` does.
    """
    known_rows(table, bundle.labels, "the bundle's", skip=False)
    rows = canonical_rows(table, bundle.preprocessing.schema)
    answers = np.empty((len(rows), len(bundle.labels)), dtype=np.float32)
    with Progress("evaluating", len(rows)) as progress:
        for start in range(0, len(rows), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            texts = [document["text"] for document in table.documents[chunk]]
            encodings = bundle.preprocessing.encode(texts, rows[chunk])
            answers[chunk] = probabilities_of(
                bundle.network, bundle.manifest.temperature, encodings
            )
            progress.update(len(encodings))
    indices = {label: index for index, label in enumerate(bundle.labels)}
    return answers, np.array([indices[label] for label in table.labels])
