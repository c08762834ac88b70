"""Explain the answers of a bundle to one table, or to two side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from artifacts.explanation.answered import answer
from artifacts.explanation.columns import column_effects
from artifacts.explanation.documents import explain_documents
from artifacts.explanation.periods import Period
from artifacts.explanation.samples import draw_sample
from artifacts.explanation.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from artifacts.bundle.opening import Bundle
    from artifacts.explanation.samples import Sample
    from artifacts.tables import Table
    from guards.json_types import JsonObject

__all__ = ["explain", "explained_periods"]

_SEED = 0


def explain(bundle: Bundle, tables: Sequence[Table]) -> JsonObject:
    """Return which words and columns drive the answers to one table or two, as plain JSON.

    ``periods`` has each table, and ``comparison`` what differs between two, None for one. Columns
    are permuted among the documents of both, so that a difference is one of the documents and not
    of the values that they are given. Shows progress on standard error. Raises ``TableError`` as
    ``draw_sample`` does.
    """
    generator = np.random.default_rng(_SEED)
    schema = bundle.preprocessing.schema
    samples = [draw_sample(table, schema) for table in tables]
    periods = list(explained_periods(bundle, samples, generator))
    comparison = None
    if len(periods) > 1:
        before, after = periods
        comparison = side_by_side(before, after, bundle.labels, generator)
    return {
        **bundle.identity.to_json(),
        "periods": [period.to_json(bundle.labels, schema, generator) for period in periods],
        "comparison": comparison,
    }


def explained_periods(
    bundle: Bundle, samples: Sequence[Sample], generator: np.random.Generator
) -> Iterator[Period]:
    """Yield what drives the answers to each sample; columns are permuted among all documents.

    Shows progress on standard error.
    """
    answered = answer(
        bundle,
        [text for sample in samples for text in sample.texts],
        [row for sample in samples for row in sample.rows],
    )
    documents = explain_documents(bundle, answered)
    columns = column_effects(bundle, answered, generator)
    start = 0
    for sample in samples:
        part = slice(start, start + len(sample))
        yield Period(
            sample,
            documents[part],
            sum(encoding.truncated for encoding in answered.encodings[part]),
            {name: effects[part] for name, effects in columns.items()},
        )
        start = part.stop
