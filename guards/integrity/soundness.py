"""What the state of an allowed estimator must not be.

An unpickled state is whatever the file says. The classes that may be loaded run no code of a
file's, but some of them open files, start processes, or hand indices to compiled code that does
not check them. This is what is looked at, once all is loaded, before anything is transformed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["unsound"]

_MOST_JOBS = 64


def unsound(estimator: object) -> str | None:
    """Say what an estimator would do beyond transforming; None when there is nothing to say.

    Raises whatever a state raises that no fitting leaves behind.
    """
    state = vars(estimator)
    kind = type(estimator).__name__
    for name in state:
        if callable(getattr(type(estimator), name, None)):
            return f"a {kind} whose own {name} is replaced"
    jobs = state.get("n_jobs")
    if jobs is not None and not (type(jobs) is int and abs(jobs) <= _MOST_JOBS):
        return f"a {kind} that starts more than {_MOST_JOBS} processes"
    if kind in {"CountVectorizer", "TfidfVectorizer"}:
        return _unsound_vectorizer(kind, state)
    if kind == "OneHotEncoder" and "categories_" in state:
        return _unsound_places(state)
    return None


def _unsound_vectorizer(kind: str, state: Mapping[str, Any]) -> str | None:
    if state.get("input") not in ("content", None):
        return f"a {kind} that opens the files its documents name"
    places = state.get("vocabulary_", {})
    if not all(
        isinstance(place, int | np.integer) and 0 <= place < len(places)
        for place in places.values()
    ):
        return f"a {kind} whose vocabulary points outside itself"
    return None


def _unsound_places(state: Mapping[str, Any]) -> str | None:
    """Follow each category to the place that the encoder gives it, which nothing checks later."""
    widths, categories = state["_n_features_outs"], state["categories_"]
    if len(widths) == len(categories) and all(
        _fits(width, known, mapping, infrequent, dropped)
        for width, known, mapping, infrequent, dropped in zip(
            widths, categories, *_groups(state, len(categories)), strict=True
        )
    ):
        return None
    return "a OneHotEncoder whose categories point outside its columns"


def _groups(state: Mapping[str, Any], count: int) -> Iterator[Any]:
    """Give, for each column, its map to groups, its infrequent categories and its dropped place."""
    none = [None] * count
    enabled = state["_infrequent_enabled"]
    yield state["_default_to_infrequent_mappings"] if enabled else none
    yield state["_infrequent_indices"] if enabled else none
    dropped = state["_drop_idx_after_grouping"]
    yield none if dropped is None else dropped


def _fits(width: int, known: Any, mapping: Any, infrequent: Any, dropped: Any) -> bool:  # noqa: ANN401 (anything a state may hold)
    """Tell whether each code stays below ``width``, and below one more where one is dropped."""
    places = width + (dropped is not None)
    codes = np.arange(len(known)) if mapping is None else np.asarray(mapping)
    if mapping is None and infrequent is not None:
        codes = np.append(codes, infrequent[0])
    return (
        type(width) is int
        and width <= len(known) + 1
        and _is_searchable(known)
        and bool(np.all((codes >= 0) & (codes < places)))
        and (dropped is None or 0 <= dropped < places)
    )


def _is_searchable(known: Any) -> bool:  # noqa: ANN401 (anything a state may hold)
    """Tell whether a search among the categories ends at one of them: numbers must ascend."""
    if not isinstance(known, np.ndarray) or known.ndim != 1:
        return False
    if known.dtype.kind not in "biuf":
        return known.dtype.kind in "OSU"
    numbers = known[: len(known) - np.isnan(known).sum()]
    return bool(np.all(numbers[1:] > numbers[:-1]) and not np.isnan(numbers).any())
