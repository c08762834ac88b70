"""Words and columns whose effect differs between two tables, and words that came and went."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guards.diagnosis.mean_effects import difference_p_value
from guards.diagnosis.moved_inputs import discoveries
from guards.diagnosis.words import judged_shifts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from artifacts.explanation.periods import Period
    from guards.json_types import JsonObject

__all__ = ["RATE", "side_by_side", "tested_effects"]

RATE = 0.05
"""The false discovery rate at which effects, and words that came or went, are told."""

_MAX_TESTED = 100
"""Words that are tested, over all classes: each test more makes every discovery harder."""

_MAX_SHIFTS = 20


def side_by_side(
    before: Period, after: Period, labels: Sequence[str], generator: np.random.Generator
) -> JsonObject:
    """Return as plain JSON what differs between two periods, with its p-value.

    ``differs`` says that something is a discovery at a false discovery rate of 5 %: among all
    effects of words and columns, and among all words that may have come or gone.
    """
    tested = tested_effects(before, after, labels, generator)
    return {
        "rate": RATE,
        "words": [each for each in tested if "word" in each],
        "columns": [each for each in tested if "column" in each],
        **_came_and_went(before, after),
    }


def tested_effects(
    before: Period, after: Period, labels: Sequence[str], generator: np.random.Generator
) -> list[JsonObject]:
    """Return as plain JSON the effects of words and columns, with means, p-value and ``differs``.

    Which of them differ is told at a false discovery rate of 5 % among all that are returned.
    """
    effects = [*_word_effects(before, after, labels), *_column_effects(before, after)]
    tested = [{**described, **_difference(*sides, generator)} for described, sides in effects]
    found = discoveries([each["p_value"] for each in tested], RATE)
    for each, differs in zip(tested, found.tolist(), strict=True):
        each["differs"] = differs
    return tested


def _word_effects(
    before: Period, after: Period, labels: Sequence[str]
) -> Iterator[tuple[JsonObject, tuple[NDArray[np.float64], NDArray[np.float64]]]]:
    """Yield the words of each answer that have the largest effect over both periods.

    They are chosen from all documents, whatever their period, so that the choice does not favour
    words that differ.
    """
    share = max(1, _MAX_TESTED // len(labels))
    for answer, label in enumerate(labels):
        first, second = before.effects(answer), after.effects(answer)
        common = sorted(first.keys() & second.keys())
        means = {word: np.concatenate([first[word], second[word]]).mean() for word in common}
        for word in sorted(common, key=lambda word: -abs(means[word]))[:share]:
            sides = first[word], second[word]
            yield {"class": label, "word": word, "documents": [*map(len, sides)]}, sides


def _column_effects(
    before: Period, after: Period
) -> Iterator[tuple[JsonObject, tuple[NDArray[np.float64], NDArray[np.float64]]]]:
    for name, effects in before.columns.items():
        yield {"column": name}, (effects, after.columns[name])


def _difference(
    first: NDArray[np.float64], second: NDArray[np.float64], generator: np.random.Generator
) -> JsonObject:
    means = [float(side.mean()) for side in (first, second)]
    return {
        "means": [round(mean, 6) for mean in means],
        "difference": round(means[1] - means[0], 6),
        "p_value": difference_p_value(first, second, generator),
    }


def _came_and_went(before: Period, after: Period) -> JsonObject:
    judged = judged_shifts(
        before.documents_by_word(),
        after.documents_by_word(),
        (len(before.documents), len(after.documents)),
    )
    rows = [{**shift.to_json(), "differs": differs} for shift, differs in judged]
    return {
        "came": [row for row in reversed(rows[-_MAX_SHIFTS:]) if row["z"] > 0],
        "went": [row for row in rows[:_MAX_SHIFTS] if row["z"] < 0],
        "compared_words": len(rows),
        "differing_words": sum(each.differs for each in judged),
    }
