"""Which words came and went between the documents of two periods."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Self

from guards.diagnosis.text_words import distinct_words
from guards.diagnosis.words import judged_shifts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from guards.diagnosis.drawn_texts import DrawnTexts
    from guards.diagnosis.words import WordShift
    from guards.json_types import JsonObject

__all__ = ["WordChanges"]

_MAX_TOLD = 20


@dataclass(frozen=True, slots=True)
class WordChanges:
    """Words that came and went, those of the largest z-score first, up to twenty of each.

    ``documents`` are the numbers of those whose texts were compared, of the good and of the bad
    period, and ``sampled`` says that others have texts, too. Of the ``compared`` words, which five
    documents or more have, ``differing`` ones came or went.
    """

    documents: tuple[int, int]
    sampled: bool
    compared: int
    differing: int
    came: tuple[WordShift, ...]
    went: tuple[WordShift, ...]

    @classmethod
    def between(cls, good: DrawnTexts, bad: DrawnTexts) -> Self | None:
        """Return what differs between two periods; None where one has no text."""
        sides = [good.texts, bad.texts]
        if not all(sides):
            return None
        sizes = len(sides[0]), len(sides[1])
        first, second = map(_documents_by_word, sides)
        judged = judged_shifts(first, second, sizes)
        found = [each.shift for each in judged if each.differs]
        return cls(
            documents=sizes,
            sampled=good.sampled or bad.sampled,
            compared=len(judged),
            differing=len(found),
            came=tuple(_furthest(each for each in found if each.z > 0)),
            went=tuple(_furthest(each for each in found if each.z < 0)),
        )

    def shares(self, shift: WordShift) -> tuple[float, float]:
        """Return the shares of the documents that have a word, good and bad."""
        (good, bad), (all_good, all_bad) = shift.documents, self.documents
        return good / all_good, bad / all_bad

    def to_json(self) -> JsonObject:
        """Return it as plain JSON."""
        return {
            "documents": {"good": self.documents[0], "bad": self.documents[1]},
            "sampled": self.sampled,
            "compared": self.compared,
            "differing": self.differing,
            "came": [self._shift_to_json(each) for each in self.came],
            "went": [self._shift_to_json(each) for each in self.went],
        }

    def _shift_to_json(self, shift: WordShift) -> JsonObject:
        good, bad = self.shares(shift)
        return {
            "word": shift.word,
            "good": good,
            "bad": bad,
            "z": round(shift.z, 6),
            "p_value": shift.p_value,
        }


def _furthest(shifts: Iterable[WordShift]) -> list[WordShift]:
    return sorted(shifts, key=lambda each: (-abs(each.z), each.word))[:_MAX_TOLD]


def _documents_by_word(texts: Sequence[str]) -> Counter[str]:
    return Counter(chain.from_iterable(map(distinct_words, texts)))
