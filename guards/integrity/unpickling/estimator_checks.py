"""Reject fitted state that would do more than transform.

An unpickled state is whatever the file says. The classes that may be loaded run no code of the
file, but with some states they open files, start processes, or index out of bounds in compiled
code. The states are checked once all is loaded, before anything is transformed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike

    from guards.json_types import JsonMapping

__all__ = ["unsound"]

_MAX_JOBS = 1024
_MAX_HASHED = 2**20
_MAX_DEGREE = 10
_MAX_TERMS = 100_000


def unsound(estimator: object) -> str | None:
    """Return what an estimator would do beyond transforming, in words; None if nothing.

    Raises anything for a state that fitting cannot leave behind.
    """
    state = vars(estimator)
    kind = type(estimator).__name__
    for name in state:
        if callable(getattr(type(estimator), name, None)):
            return f"a {kind} whose own {name} is replaced"
    jobs = state.get("n_jobs")
    if jobs is not None and not (
        isinstance(jobs, int | np.integer) and abs(int(jobs)) <= _MAX_JOBS
    ):
        return f"a {kind} that starts more than {_MAX_JOBS} processes"
    if kind in {"CountVectorizer", "HashingVectorizer", "TfidfVectorizer"}:
        return _unsound_vectorizer(kind, state)
    if kind == "OneHotEncoder" and "categories_" in state:
        return _unsound_codes(state)
    if kind == "PolynomialFeatures" and "n_features_in_" in state and not _has_all_terms(state):
        return "a PolynomialFeatures with more terms than it computes, or too many"
    return None


def _unsound_vectorizer(kind: str, state: JsonMapping) -> str | None:
    if state.get("input") not in ("content", None):
        return f"a {kind} that opens the files its documents name"
    hashed = state.get("n_features", 1)
    if not (isinstance(hashed, int | np.integer) and 1 <= hashed <= _MAX_HASHED):
        return f"a {kind} with another number of columns than 1 to {_MAX_HASHED}"
    vocabulary = state.get("vocabulary_", {})
    if not all(
        isinstance(index, int | np.integer) and 0 <= index < len(vocabulary)
        for index in vocabulary.values()
    ):
        return f"a {kind} whose vocabulary points outside itself"
    return None


def _has_all_terms(state: JsonMapping) -> bool:
    """Tell whether each term has a column, and each column a term: no other would be written."""
    features, lowest, highest = (
        state[name] for name in ("n_features_in_", "_min_degree", "_max_degree")
    )
    if not all(type(number) is int for number in (features, lowest, highest)):
        return False
    if not 0 <= lowest <= highest <= _MAX_DEGREE or not 0 <= features <= _MAX_TERMS:
        return False
    repeats = 0 if state["interaction_only"] else 1
    terms = [
        math.comb(features + repeats * (degree - 1), degree) for degree in range(1, highest + 1)
    ]
    bias = bool(state["include_bias"])
    counts = (sum(terms) + bias, sum(terms[max(lowest - 1, 0) :]) + bias)
    return counts[0] <= _MAX_TERMS and counts == (state["_n_out_full"], state["n_output_features_"])


def _unsound_codes(state: JsonMapping) -> str | None:
    """Check the output column of each category, which nothing checks later."""
    widths, categories = state["_n_features_outs"], state["categories_"]
    if len(widths) == len(categories) and all(
        _fits(width, known, mapping, infrequent, dropped)
        for width, known, mapping, infrequent, dropped in zip(
            widths, categories, *_groups(state, len(categories)), strict=True
        )
    ):
        return None
    return "a OneHotEncoder whose categories point outside its columns"


def _groups(state: JsonMapping, count: int) -> Iterator[Sequence[object]]:
    """Yield maps to groups, infrequent categories, and dropped codes: one item a column in each."""
    none = [None] * count
    enabled = state["_infrequent_enabled"]
    yield state["_default_to_infrequent_mappings"] if enabled else none
    yield state["_infrequent_indices"] if enabled else none
    dropped = state["_drop_idx_after_grouping"]
    yield none if dropped is None else dropped


def _fits(
    width: object,
    known: object,
    mapping: ArrayLike | None,
    infrequent: Sequence[int] | None,
    dropped: int | None,
) -> bool:
    """Tell whether each code is below ``width``, or below one more if one is dropped."""
    if type(width) is not int or not isinstance(known, np.ndarray) or not _is_searchable(known):
        return False
    count = width + (dropped is not None)
    codes = np.arange(len(known)) if mapping is None else np.asarray(mapping)
    if mapping is None and infrequent is not None:
        codes = np.append(codes, infrequent[0])
    return (
        width <= len(known) + 1
        and bool(np.all((codes >= 0) & (codes < count)))
        and (dropped is None or 0 <= dropped < count)
    )


def _is_searchable(known: np.ndarray) -> bool:
    """Tell whether a search among the categories ends at one of them: numbers must ascend."""
    if known.ndim != 1:
        return False
    if known.dtype.kind not in "biuf":
        return known.dtype.kind in "OSU"
    numbers = known[: len(known) - np.isnan(known).sum()]
    return bool(np.all(numbers[1:] > numbers[:-1]) and not np.isnan(numbers).any())
