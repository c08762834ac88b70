"""What a preprocessing holds, as named values in plain JSON that people can read.

Every attribute that fitting left behind is named: ``age.mean_`` where it belongs to one column,
``numeric.scale.with_mean`` where it belongs to a step, ``columns.sparse_threshold`` where it
belongs to the whole, ``tokenizer.normalizer.lowercase`` where it is the tokenizer's. The digest of
each estimator's own attributes stands beside them (``numeric.scale.sha256``), so that what plain
JSON cannot tell apart is not lost.
"""

from __future__ import annotations

from itertools import chain, count
from typing import TYPE_CHECKING, Any

import numpy as np

from guards.integrity.fingerprint import OF_ONE_PROCESS, digest
from guards.integrity.plain import SHA256, are_texts, dtype_name, is_estimator, plain, summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["TAKES", "VERSION", "VOCABULARY", "describe"]

VERSION = "description.version"
"""The name under which a description says how its values are named."""

VOCABULARY = "tokenizer.vocabulary"
TAKES = "takes"
"""The last part of the name under which a step says which columns it takes."""

_HOW_NAMED = 2
_WHOLE = "columns"
"""What stands in the place of a step's name for the estimator that holds all the others."""

_MOST_ITEMS = 200
_LONGEST_VOCABULARY = 100_000
_MOST_COLUMNS = 10_000

_STEPS = ("steps", "transformer_list", "transformers_")
"""The attributes under which an estimator holds others by name."""

_BEFORE_FITTING = {"transformers"}
"""What only fitting reads: part of the digest, and not told beside what it became."""

_BY_COLUMN = frozenset(
    {
        "_default_to_infrequent_mappings",
        "_drop_idx_after_grouping",
        "_infrequent_indices",
        "_n_features_outs",
        "bin_edges_",
        "categories",
        "categories_",
        "center_",
        "data_max_",
        "data_min_",
        "data_range_",
        "drop_idx_",
        "encodings_",
        "lambdas_",
        "max_abs_",
        "mean_",
        "min_",
        "n_bins_",
        "n_samples_seen_",
        "quantiles_",
        "scale_",
        "statistics_",
        "var_",
    }
)
"""The attributes that hold one item a column."""


def describe(columns: object, tokenizer: Mapping[str, Any]) -> dict[str, Any]:
    """Name what a preprocessing holds, flat and in plain JSON, for a diff that people read.

    ``columns`` is the fitted estimator or None, ``tokenizer`` the parsed ``tokenizer.json``.
    ``tokenizer.vocabulary`` is the tokens in the order of their ids where there are at most
    100,000 of them. Raises ``TypeError`` for what ``digest`` refuses.
    """
    state: dict[str, Any] = {VERSION: _HOW_NAMED}
    _describe_tokenizer(tokenizer, state)
    if columns is not None:
        taken = _input_columns(columns)
        _put(state, list(taken), _name((), TAKES))
        _describe_estimator(columns, (), taken, state)
    return state


def _input_columns(estimator: Any) -> tuple[str, ...]:  # noqa: ANN401 (scikit-learn is untyped)
    """Name the columns that an estimator was fitted on, by position where it knows no names."""
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None:
        return tuple(str(name) for name in names)
    width = getattr(estimator, "n_features_in_", 0)
    return (
        tuple(map(str, range(width))) if isinstance(width, int) and width <= _MOST_COLUMNS else ()
    )


def _describe_estimator(
    estimator: Any,  # noqa: ANN401 (scikit-learn is untyped)
    path: tuple[str, ...],
    columns: tuple[str, ...],
    state: dict[str, Any],
) -> None:
    if not is_estimator(estimator):  # "passthrough", "drop"
        _put(state, plain(estimator), _name(path, "class"))
        return
    own = {
        attribute: value
        for attribute, value in sorted(vars(estimator).items())
        if attribute not in OF_ONE_PROCESS and not is_estimator(value)
    }
    own.update({name: _without_estimators(own[name]) for name in _STEPS if name in own})
    _put(state, type(estimator).__name__, _name(path, "class"))
    _put(state, digest(own), _name(path, SHA256))
    for attribute, value in own.items():
        if attribute not in _BEFORE_FITTING:
            _describe_attribute(path, attribute, value, columns, state)
    for name, child, taken in _children(estimator, columns):
        if taken and taken is not columns:
            _put(state, list(taken), _name((*path, name), TAKES))
        _describe_estimator(child, (*path, name), taken, state)


def _without_estimators(steps: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [tuple(item for item in step if not is_estimator(item)) for step in steps]


def _children(
    estimator: Any,  # noqa: ANN401 (scikit-learn is untyped)
    columns: tuple[str, ...],
) -> Iterator[tuple[str, Any, tuple[str, ...]]]:
    """Yield each estimator inside another: its name, itself, and the columns that it takes."""
    held = vars(estimator)
    for name, child, *_ in held.get("transformers_", ()):
        yield name, child, _taken(estimator, name, columns)
    for name, child in held.get("transformer_list", ()):
        yield name, child, columns
    taken = columns
    for name, child in held.get("steps", ()):
        yield name, child, taken
        taken = _columns_after(child, taken)
    for name, value in sorted(held.items()):
        if is_estimator(value):
            yield name, value, columns


def _taken(
    estimator: Any,  # noqa: ANN401 (scikit-learn is untyped)
    name: str,
    columns: tuple[str, ...],
) -> tuple[str, ...]:
    places = vars(estimator).get("_transformer_to_input_indices")
    taken = places.get(name) if isinstance(places, dict) else None
    known = dict(enumerate(columns))
    return tuple(known.get(p, str(p)) for p in taken) if isinstance(taken, list) else ()


def _columns_after(step: Any, columns: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ANN401
    """Name the columns behind a step: the same if it turns each into one, else none is known."""
    try:
        names = tuple(map(str, step.get_feature_names_out(list(columns))))
    except Exception:  # noqa: BLE001 (an estimator of somebody's making may raise anything)
        return ()
    return columns if names == columns else ()


def _describe_attribute(
    path: tuple[str, ...],
    attribute: str,
    value: object,
    columns: tuple[str, ...],
    state: dict[str, Any],
) -> None:
    if dtypes := _dtypes(value):
        _put(state, dtypes, _name(path, f"{attribute}.dtype"))
    items = _by_column(attribute, value, len(columns))
    if items is None:
        terms = _in_order(value) if attribute == "vocabulary_" else None
        _put(state, plain(value) if terms is None else terms, _name(path, attribute))
        return
    for column, item in zip(columns, items, strict=True):
        names = [".".join((column, *path[start:], attribute)) for start in range(len(path), -1, -1)]
        _put(state, plain(item), *names)


def _by_column(attribute: str, value: object, columns: int) -> list[Any] | None:
    """Give an attribute's items column by column; None where it does not hold one for each."""
    if isinstance(value, np.ndarray) and value.ndim and attribute in _BY_COLUMN:
        value = list(value.T if attribute == "quantiles_" else value)
    if not isinstance(value, list) or not columns or attribute not in _BY_COLUMN:
        return None
    if attribute == "encodings_" and len(value) > columns and len(value) % columns == 0:
        classes = len(value) // columns
        value = [value[start : start + classes] for start in range(0, len(value), classes)]
    return value if len(value) == columns else None


def _dtypes(value: object) -> str:
    arrays = [value] if isinstance(value, np.ndarray) else value if isinstance(value, list) else []
    names = [dtype_name(item.dtype) for item in arrays if isinstance(item, np.ndarray)]
    return names[0] if len(set(names)) == 1 else ", ".join(names)


def _name(path: tuple[str, ...], attribute: str) -> str:
    return ".".join((*(path or (_WHOLE,)), attribute))


def _put(state: dict[str, Any], value: object, *names: str) -> None:
    """Keep a value under the first name that is free: none may hide another."""
    numbered = (f"{names[-1]}.{number}" for number in count(2))
    state[next(name for name in chain(names, numbered) if name not in state)] = value


def _describe_tokenizer(tokenizer: Mapping[str, Any], state: dict[str, Any]) -> None:
    model = tokenizer.get("model")
    model = dict(model) if isinstance(model, dict) else {}
    vocabulary = model.pop("vocab", {})
    tokens = _in_order(vocabulary)
    state[VOCABULARY] = summary(vocabulary) if tokens is None else tokens
    state[f"{VOCABULARY}.{SHA256}"] = digest(vocabulary)
    rest = {**tokenizer, "model": model}
    state[f"tokenizer.{SHA256}"] = digest(rest)
    for name, value in rest.items():
        if name in {"truncation", "padding"}:
            _put(state, plain(value), f"tokenizer.{name}")
        else:
            _flatten(f"tokenizer.{name}", value, state)


def _in_order(vocabulary: object) -> list[str | None] | None:
    """Give the tokens in the order of their ids, None in a gap; None where that is too long."""
    if isinstance(vocabulary, list):  # SentencePiece: [piece, score] in order
        pieces = [item[0] if isinstance(item, list) and item else None for item in vocabulary]
        return pieces if are_texts(pieces) and len(pieces) <= _LONGEST_VOCABULARY else None
    if not isinstance(vocabulary, dict) or not are_texts(vocabulary):
        return None
    places = {plain(place): token for token, place in vocabulary.items()}
    if len(places) < len(vocabulary) or not all(
        type(place) is int and 0 <= place < _LONGEST_VOCABULARY for place in places
    ):
        return None
    return [places.get(place) for place in range(max(places, default=-1) + 1)]


def _flatten(name: str, value: object, state: dict[str, Any]) -> None:
    if isinstance(value, list) and 0 < len(value) <= _MOST_ITEMS:
        inner = {_item_name(item, place): item for place, item in enumerate(value)}
        if all(isinstance(item, dict) for item in value) and len(inner) == len(value):
            value = inner
    if isinstance(value, dict) and 0 < len(value) <= _MOST_ITEMS:
        for key, item in value.items():
            _flatten(f"{name}.{key}", item, state)
    else:
        _put(state, plain(value), name)


def _item_name(item: object, place: int) -> str:
    return str(item.get("content", place) if isinstance(item, dict) else place)
