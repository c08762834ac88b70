"""What fitting leaves in a ``PolynomialFeatures``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from guards.integrity.unpickling.estimators.common import TERMS
from guards.integrity.unpickling.estimators.containers import TupleOf
from guards.integrity.unpickling.estimators.description import Description, Relation
from guards.integrity.unpickling.estimators.kinds import OneOf
from guards.integrity.unpickling.estimators.scalars import Choice, Flag, Integer

if TYPE_CHECKING:
    from guards.integrity.unpickling.estimators.description import State

__all__ = ["POLYNOMIAL_FEATURES"]

_MAX_DEGREE = 10
_DEGREE = Integer(0, _MAX_DEGREE)


def _has_all_terms(state: State) -> bool:
    """Tell whether each term has a column, and each column a term: no other would be written."""
    lowest, highest = state["_min_degree"], state["_max_degree"]
    if lowest > highest:
        return False
    features, repeats = int(state["n_features_in_"]), 0 if state["interaction_only"] else 1
    terms = [
        math.comb(features + repeats * (degree - 1), degree) for degree in range(1, highest + 1)
    ]
    bias = bool(state["include_bias"])
    counts = (sum(terms) + bias, sum(terms[max(lowest - 1, 0) :]) + bias)
    return counts == (state["_n_out_full"], state["n_output_features_"])


POLYNOMIAL_FEATURES = Description(
    path="sklearn.preprocessing._polynomial.PolynomialFeatures",
    parameters={
        "degree": OneOf(_DEGREE, TupleOf(_DEGREE, _DEGREE)),
        "interaction_only": Flag(),
        "include_bias": Flag(),
        "order": Choice("C", "F"),
    },
    fitted={
        "_min_degree": _DEGREE,
        "_max_degree": _DEGREE,
        "n_output_features_": TERMS,
        "_n_out_full": TERMS,
    },
    relations=[Relation("columns are more, or fewer, than its terms", _has_all_terms)],
    width=lambda state, _given, _width_of: state.get("n_output_features_"),
)
