"""What fitting leaves in a ``TfidfVectorizer``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.integrity.unpickling.estimators.containers import Nested
from guards.integrity.unpickling.estimators.description import Description, Relation, length_of
from guards.integrity.unpickling.estimators.kinds import optional
from guards.integrity.unpickling.estimators.scalars import Choice, Flag
from guards.integrity.unpickling.estimators.vectorizing import (
    TEXT_PARAMETERS,
    VOCABULARY_FITTED,
    VOCABULARY_PARAMETERS,
    VOCABULARY_VARYING,
)

if TYPE_CHECKING:
    from guards.integrity.unpickling.estimators.description import State

__all__ = ["TFIDF_VECTORIZER"]


def _weighs_each_word(state: State) -> bool:
    weights = vars(state["_tfidf"])
    return "idf_" not in weights or len(weights["idf_"]) == len(state["vocabulary_"])


TFIDF_VECTORIZER = Description(
    path="sklearn.feature_extraction.text.TfidfVectorizer",
    parameters={
        **TEXT_PARAMETERS,
        **VOCABULARY_PARAMETERS,
        "norm": optional(Choice("l1", "l2")),
        "use_idf": Flag(),
        "smooth_idf": Flag(),
        "sublinear_tf": Flag(),
    },
    fitted={**VOCABULARY_FITTED, "_tfidf": Nested("TfidfTransformer")},
    varying=VOCABULARY_VARYING,
    relations=[Relation("_tfidf has not one weight for each word", _weighs_each_word)],
    width=length_of("vocabulary_"),
)
