"""Describe a fitted preprocessing as named values in JSON that people can read.

Every fitted attribute has a name: ``age.mean_`` if it belongs to one column,
``numeric.scale.with_mean`` if it belongs to a step, ``columns.sparse_threshold`` if it belongs to
the whole, ``tokenizer.normalizer.lowercase`` if it is the tokenizer's. Beside them is the digest of
each estimator's own attributes (``numeric.scale.sha256``), for differences that JSON does not show.
"""

from __future__ import annotations

from itertools import chain, count
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from guards.integrity.state.fingerprint import OF_ONE_PROCESS, digest, digest_of_json
from guards.integrity.state.jsonable import (
    SHA256,
    are_texts,
    dtype_name,
    is_estimator,
    jsonable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence, Sized

    from guards.json_types import JsonMapping, JsonObject

__all__ = ["TAKES", "VERSION", "VOCABULARY", "describe"]

VERSION = "description.version"
"""The name under which a description says how its values are named."""

VOCABULARY = "tokenizer.vocabulary"
TAKES = "takes"
"""The last part of the name under which a step says which columns it takes."""

_HOW_NAMED = 2
_WHOLE = "columns"
"""The name of the outermost estimator, where others have the name of their step."""

_MAX_ITEMS = 200
_MAX_VOCABULARY = 100_000
_MAX_MERGES = 1_000
_MAX_COLUMNS = 10_000

_STEPS = ("steps", "transformer_list", "transformers_")
"""The attributes under which an estimator holds others by name."""

_BEFORE_FITTING = {"transformers"}
"""Attributes that only fitting reads: part of the digest, and not described."""

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
"""The attributes that hold one item for each column."""


@runtime_checkable
class _NamesColumns(Protocol):
    """What knows the names of the columns that it makes."""

    def get_feature_names_out(self, input_features: list[str], /) -> Iterable[object]: ...


def describe(columns: object, tokenizer: JsonMapping) -> JsonObject:
    """Return the named values of a preprocessing as one flat JSON object.

    ``columns`` is the fitted estimator or None, ``tokenizer`` the parsed ``tokenizer.json``.
    ``tokenizer.vocabulary`` is the tokens in the order of their ids where there are at most
    100,000 of them. Raises ``TypeError`` for what ``digest`` refuses.
    """
    state: JsonObject = {VERSION: _HOW_NAMED}
    _describe_tokenizer(tokenizer, state)
    if columns is not None:
        inputs = _input_columns(columns)
        _put(state, list(inputs), _name((), TAKES))
        _describe_estimator(columns, (), inputs, state)
    return state


def _input_columns(estimator: object) -> tuple[str, ...]:
    """Return the names of the columns that an estimator was fitted on, else their positions."""
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None:
        return tuple(str(name) for name in names)
    width = getattr(estimator, "n_features_in_", 0)
    return tuple(map(str, range(width))) if isinstance(width, int) and width <= _MAX_COLUMNS else ()


def _describe_estimator(
    estimator: object,
    path: tuple[str, ...],
    columns: tuple[str, ...],
    state: JsonObject,
) -> None:
    if not is_estimator(estimator):  # "passthrough", "drop"
        _put(state, jsonable(estimator), _name(path, "class"))
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
    for name, child, inputs in _children(estimator, columns):
        if inputs and inputs is not columns:
            _put(state, list(inputs), _name((*path, name), TAKES))
        _describe_estimator(child, (*path, name), inputs, state)


def _without_estimators(steps: Sequence[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return [tuple(item for item in step if not is_estimator(item)) for step in steps]


def _children(
    estimator: object, columns: tuple[str, ...]
) -> Iterator[tuple[str, object, tuple[str, ...]]]:
    """Yield each estimator inside another: its name, itself, and the columns that it takes."""
    attributes = vars(estimator)
    for name, child, *_ in attributes.get("transformers_", ()):
        yield name, child, _inputs_of(estimator, name, columns)
    for name, child in attributes.get("transformer_list", ()):
        yield name, child, columns
    inputs = columns
    for name, child in attributes.get("steps", ()):
        yield name, child, inputs
        inputs = _columns_after(child, inputs)
    for name, value in sorted(attributes.items()):
        if is_estimator(value):
            yield name, value, columns


def _inputs_of(estimator: object, name: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns that a ColumnTransformer gives to one of its transformers."""
    indices_of = vars(estimator).get("_transformer_to_input_indices")
    indices = indices_of.get(name) if isinstance(indices_of, dict) else None
    known = dict(enumerate(columns))
    return (
        tuple(known.get(index, str(index)) for index in indices)
        if isinstance(indices, list)
        else ()
    )


def _columns_after(step: object, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return ``columns`` if a step makes one column of each of them, else none."""
    try:
        if not isinstance(step, _NamesColumns):
            return ()
        names = tuple(map(str, step.get_feature_names_out(list(columns))))
    except Exception:  # noqa: BLE001 (an estimator from elsewhere may raise anything)
        return ()
    return columns if names == columns else ()


def _describe_attribute(
    path: tuple[str, ...],
    attribute: str,
    value: object,
    columns: tuple[str, ...],
    state: JsonObject,
) -> None:
    if dtypes := _dtypes(value):
        _put(state, dtypes, _name(path, f"{attribute}.dtype"))
    items = _by_column(attribute, value, len(columns))
    if items is None:
        terms = _in_order(value) if attribute == "vocabulary_" else None
        _put(state, jsonable(value) if terms is None else terms, _name(path, attribute))
        return
    for column, item in zip(columns, items, strict=True):
        names = [".".join((column, *path[start:], attribute)) for start in range(len(path), -1, -1)]
        _put(state, jsonable(item), *names)


def _by_column(attribute: str, value: object, columns: int) -> list[object] | None:
    """Return an attribute's items column by column; None if it does not hold one for each."""
    if isinstance(value, np.ndarray) and value.ndim and attribute in _BY_COLUMN:
        value = list(value.T if attribute == "quantiles_" else value)
    if not isinstance(value, list) or not columns or attribute not in _BY_COLUMN:
        return None
    items: list[object] = value
    if attribute == "encodings_" and len(items) > columns and len(items) % columns == 0:
        classes = len(items) // columns
        items = [items[start : start + classes] for start in range(0, len(items), classes)]
    return items if len(items) == columns else None


def _dtypes(value: object) -> str:
    arrays = [value] if isinstance(value, np.ndarray) else value if isinstance(value, list) else []
    names = [dtype_name(item.dtype) for item in arrays if isinstance(item, np.ndarray)]
    return names[0] if len(set(names)) == 1 else ", ".join(names)


def _name(path: tuple[str, ...], attribute: str) -> str:
    return ".".join((*(path or (_WHOLE,)), attribute))


def _put(state: JsonObject, value: object, *names: str) -> None:
    """Set a value under the first name that is free, so that none hides another."""
    numbered = (f"{names[-1]}.{number}" for number in count(2))
    state[next(name for name in chain(names, numbered) if name not in state)] = value


def _describe_tokenizer(tokenizer: JsonMapping, state: JsonObject) -> None:
    model = tokenizer.get("model")
    model = dict(model) if isinstance(model, dict) else {}
    vocabulary = model.pop("vocab", {})
    tokens = _in_order(vocabulary)
    sha256 = digest_of_json(vocabulary)
    state[VOCABULARY] = _summary(vocabulary, sha256) if tokens is None else tokens
    state[f"{VOCABULARY}.{SHA256}"] = sha256
    rest = {**tokenizer, "model": model}
    state[f"tokenizer.{SHA256}"] = digest_of_json(rest)
    for name, value in rest.items():
        if name in {"truncation", "padding"}:
            _put(state, jsonable(value), f"tokenizer.{name}")
        else:
            _flatten(f"tokenizer.{name}", value, state)


def _in_order(vocabulary: object) -> list[str | None] | None:
    """Return the tokens in the order of their ids, None in a gap; None if there are too many."""
    if not isinstance(vocabulary, dict | list) or len(vocabulary) > _MAX_VOCABULARY:
        return None
    if isinstance(vocabulary, list):  # SentencePiece: [piece, score] in order
        pieces = [item[0] if isinstance(item, list) and item else None for item in vocabulary]
        return pieces if are_texts(pieces) else None
    if not are_texts(vocabulary):
        return None
    pairs = ((jsonable(index), token) for token, index in vocabulary.items())
    tokens = {
        index: token
        for index, token in pairs
        if type(index) is int and 0 <= index < _MAX_VOCABULARY
    }
    if len(tokens) < len(vocabulary):
        return None
    return [tokens.get(index) for index in range(max(tokens, default=-1) + 1)]


def _flatten(name: str, value: object, state: JsonObject) -> None:
    if isinstance(value, list) and 0 < len(value) <= _MAX_ITEMS:
        inner = {_item_name(item, index): item for index, item in enumerate(value)}
        if all(isinstance(item, dict) for item in value) and len(inner) == len(value):
            value = inner
    if isinstance(value, dict) and 0 < len(value) <= _MAX_ITEMS:
        for key, item in value.items():
            _flatten(f"{name}.{key}", item, state)
    elif isinstance(value, list) and len(value) > _MAX_MERGES:
        _put(state, _summary(value, digest_of_json(value)), name)
    else:
        _put(state, jsonable(value), name)


def _summary(values: Sized, sha256: str) -> JsonObject:
    return {"length": len(values), SHA256: sha256}


def _item_name(item: object, index: int) -> str:
    return str(item.get("content", index) if isinstance(item, dict) else index)
