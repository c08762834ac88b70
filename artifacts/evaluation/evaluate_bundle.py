"""Measure the answers of a bundle to a labelled table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from artifacts.bundle.inference import probabilities_of
from artifacts.evaluation.figures import evaluate
from artifacts.tables import canonical_rows, known_rows

if TYPE_CHECKING:
    from artifacts.bundle.opening import Bundle
    from artifacts.tables import Table
    from guards.json_types import JsonObject

__all__ = ["measure"]

_CHUNK = 64


def measure(bundle: Bundle, table: Table) -> JsonObject:
    """Return the figures of ``evaluate`` for a bundle's answers to a table's rows.

    Shows progress on a terminal's standard error. Raises ``TableError`` for a label that the
    bundle does not know, and for a cell that does not fit its schema.
    """
    table = known_rows(table, bundle.labels, "the bundle's", skip=False)
    rows = canonical_rows(table, bundle.preprocessing.schema)
    texts = [document["text"] for document in table.documents]
    answers = []
    for start in tqdm(range(0, len(rows), _CHUNK), disable=None, desc="evaluating", unit="batch"):
        chunk = slice(start, start + _CHUNK)
        encodings = bundle.preprocessing.encode(texts[chunk], rows[chunk])
        answers.append(probabilities_of(bundle.network, bundle.manifest.temperature, encodings))
    truth = np.array([bundle.labels.index(label) for label in table.labels])
    return evaluate(np.concatenate(answers), truth, bundle.labels)
