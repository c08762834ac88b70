"""Run a bundle over a labelled table and measure its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from artifacts.evaluation import evaluate
from artifacts.inference import probabilities_of
from artifacts.tables import canonical_rows
from guards.errors import TableError

if TYPE_CHECKING:
    from artifacts.opening import Bundle
    from artifacts.tables import Table

__all__ = ["measure"]

_CHUNK = 64


def measure(bundle: Bundle, table: Table) -> dict[str, Any]:
    """Give the figures of ``evaluate`` for a bundle's answers to a table's rows.

    Shows progress on a terminal's standard error. Raises ``TableError`` for a label that the
    bundle does not know, and for a cell that does not fit its schema.
    """
    strange = sorted(set(table.labels) - set(bundle.labels))
    if strange:
        known = ", ".join(bundle.labels)
        message = f"{table.name}: label {strange[0]!r} is none of the bundle's: {known}"
        raise TableError(message)
    rows = canonical_rows(table, bundle.preprocessing.schema)
    texts = [document["text"] for document in table.documents]
    answers = []
    for start in tqdm(range(0, len(rows), _CHUNK), disable=None, desc="evaluating", unit="batch"):
        chunk = slice(start, start + _CHUNK)
        encodings = bundle.preprocessing.encode(texts[chunk], rows[chunk])
        answers.append(probabilities_of(bundle.network, bundle.manifest.temperature, encodings))
    truth = np.array([bundle.labels.index(label) for label in table.labels])
    return evaluate(np.concatenate(answers), truth, bundle.labels)
