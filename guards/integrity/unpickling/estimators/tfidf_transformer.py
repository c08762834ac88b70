"""What fitting leaves in a ``TfidfTransformer``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.integrity.unpickling.estimators.containers import Array
from guards.integrity.unpickling.estimators.description import Description, Relation
from guards.integrity.unpickling.estimators.kinds import Trusted, optional
from guards.integrity.unpickling.estimators.scalars import Choice, Flag

if TYPE_CHECKING:
    from guards.integrity.unpickling.estimators.description import State

__all__ = ["TFIDF_TRANSFORMER"]


def _has_its_weights(state: State) -> bool:
    has_weights = "idf_" in state or "_idf_diag" in state
    return has_weights or not state["use_idf"] or "n_features_in_" not in state


TFIDF_TRANSFORMER = Description(
    path="sklearn.feature_extraction.text.TfidfTransformer",
    parameters={
        "norm": optional(Choice("l1", "l2")),
        "use_idf": Flag(),
        "smooth_idf": Flag(),
        "sublinear_tf": Flag(),
    },
    fitted={
        "idf_": Array("f", "features"),
        "_idf_diag": Trusted(),
    },
    varying={"n_features_in_", "idf_", "_idf_diag"},
    relations=[
        Relation(
            "idf_ is missing",
            _has_its_weights,
        )
    ],
)
