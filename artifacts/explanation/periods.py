"""Which words and columns drive the answers to one table."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np

from artifacts.explanation.documents import ExplainedDocument, Method
from guards.diagnosis.mean_effects import MIN_DOCUMENTS, MeanEffect, mean_effect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from artifacts.explanation.samples import Sample
    from guards.json_types import JsonObject
    from guards.schema import Schema

__all__ = ["Period", "mean_words"]

_MAX_WORDS = 20


@dataclass(frozen=True, slots=True)
class Period:
    """The explained documents of one table.

    ``truncated`` of them were not explained to their end. ``columns`` has by column how far each
    answer's probability falls where its values are permuted, float64 [documents].
    """

    sample: Sample
    documents: Sequence[ExplainedDocument]
    truncated: int
    columns: Mapping[str, NDArray[np.float64]]

    def effects(self, answer: int) -> dict[str, NDArray[np.float64]]:
        """Return by word what it adds to the logit in each document of an answer that has it.

        They are float64 [documents]; words of fewer than five documents are left out.
        """
        values: dict[str, list[float]] = defaultdict(list)
        for document in self.documents:
            if document.answer == answer:
                for word, effect in document.words.items():
                    values[word].append(effect)
        return {
            word: np.array(effects)
            for word, effects in values.items()
            if len(effects) >= MIN_DOCUMENTS
        }

    def documents_by_word(self) -> Counter[str]:
        """Return how many documents have each word."""
        return Counter(word for document in self.documents for word in document.words)

    def to_json(
        self, labels: Sequence[str], schema: Schema, generator: np.random.Generator
    ) -> JsonObject:
        """Return the words that raise each answer's logit most, and the columns, as plain JSON."""
        methods = Counter(document.method for document in self.documents)
        answers = Counter(document.answer for document in self.documents)
        return {
            "table": self.sample.name,
            "rows": self.sample.table_rows,
            "documents": len(self.sample),
            "truncated": self.truncated,
            "methods": {name: methods[name] for name in get_args(Method)},
            "classes": {
                label: {
                    "documents": answers[index],
                    "words": [
                        {"word": word, "documents": number, "attribution": effect.to_json()}
                        for word, number, effect in mean_words(self.effects(index), generator)
                    ],
                }
                for index, label in enumerate(labels)
            },
            "columns": [
                {
                    "column": name,
                    "private": name in schema.private,
                    "importance": mean_effect(effects, generator).to_json(),
                }
                for name, effects in self.columns.items()
            ],
        }


def mean_words(
    effects: Mapping[str, NDArray[np.float64]], generator: np.random.Generator
) -> list[tuple[str, int, MeanEffect]]:
    """Return the twenty words of the largest mean effect above 0, with their documents."""
    means = sorted(((float(each.mean()), word) for word, each in effects.items()), reverse=True)
    return [
        (word, len(effects[word]), mean_effect(effects[word], generator))
        for mean, word in means[:_MAX_WORDS]
        if mean > 0
    ]
