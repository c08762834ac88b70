"""What fitting leaves in a ``HashingVectorizer``."""

from __future__ import annotations

from guards.integrity.unpickling.estimators.description import Description
from guards.integrity.unpickling.estimators.kinds import optional
from guards.integrity.unpickling.estimators.scalars import Choice, Flag, Integer
from guards.integrity.unpickling.estimators.vectorizing import (
    MAX_HASHED,
    STOP_WORDS_ID,
    TEXT_PARAMETERS,
)

__all__ = ["HASHING_VECTORIZER"]

HASHING_VECTORIZER = Description(
    path="sklearn.feature_extraction.text.HashingVectorizer",
    parameters={
        **TEXT_PARAMETERS,
        "n_features": Integer(1, MAX_HASHED),
        "norm": optional(Choice("l1", "l2")),
        "alternate_sign": Flag(),
    },
    fitted={"_stop_words_id": STOP_WORDS_ID},
    varying={"_stop_words_id", "n_features_in_"},
    width=lambda state, _given, _width_of: state["n_features"],
)
