"""The canonical state of a fitted estimator: its digest, and its diff in words.

A library's own hash of an estimator changes with the library, and so do the bytes of its pickle.
What matters is the class and everything that fitting left behind. :func:`digest` hashes that,
type-tagged and length-prefixed, so that two states share a digest only if they are the same;
:func:`describe` flattens it to named values (``age.mean_``), so that two states can be compared
in words.
"""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["describe", "difference_in_words", "differences", "digest", "preprocessing_fingerprint"]

_LONGEST_LIST = 200
"""Longer lists are described by their length and digest: the diff must stay readable."""

_MOST_CHUNKS = 5_000_000
"""A hostile file can refer to one list many times over; no fitted preprocessing comes near."""

_NAN_BYTES = struct.pack("<d", float("nan"))


def digest(value: object) -> str:
    """Give ``sha256:…`` of a value's canonical state.

    Takes JSON-like values, numpy arrays and scalars, and scikit-learn estimators (class path and
    full ``__dict__``). Array order, byte order, ``-0.0`` and the payload of NaN do not matter;
    type, dtype, shape and every other bit do. Raises ``TypeError`` for anything else, and
    ``RecursionError`` for a value that holds itself: nothing may pass unseen.
    """
    sha = hashlib.sha256()
    for count, chunk in enumerate(_chunks(value)):
        if count > _MOST_CHUNKS:
            message = "a preprocessing cannot hold so many values"
            raise TypeError(message)
        sha.update(chunk)
    return f"sha256:{sha.hexdigest()}"


def preprocessing_fingerprint(
    columns: object,
    tokenizer: Mapping[str, Any],
    schema: Mapping[str, Any],
    text: Mapping[str, Any],
) -> str:
    """Bind everything that turns a document into the network's input under one digest.

    ``columns`` is the fitted ColumnTransformer or None, ``tokenizer`` the parsed
    ``tokenizer.json``, ``schema`` the input schema, and ``text`` how text is cut to length.
    """
    return digest({"columns": columns, "tokenizer": tokenizer, "schema": schema, "text": text})


def _tagged(tag: bytes, *chunks: bytes) -> Iterator[bytes]:
    yield tag
    for chunk in chunks:
        yield struct.pack("<Q", len(chunk))
        yield chunk


def _chunks(value: object) -> Iterator[bytes]:  # noqa: C901, PLR0912 (one branch a type)
    match value:
        case None:
            yield from _tagged(b"none")
        case bool():
            yield from _tagged(b"bool", bytes([value]))
        case np.ndarray():
            yield from _array_chunks(value)
        case np.generic():
            yield from _tagged(b"scalar")
            yield from _array_chunks(np.asarray(value))
        case int():
            yield from _tagged(b"int", str(value).encode())
        case float():
            yield from _tagged(b"float", _float_bytes(value))
        case str():
            yield from _tagged(b"str", value.encode("utf-8", "surrogatepass"))
        case bytes():
            yield from _tagged(b"bytes", value)
        case list() | tuple():
            yield from _tagged(type(value).__name__.encode(), struct.pack("<Q", len(value)))
            for item in value:
                yield from _chunks(item)
        case set() | frozenset():
            yield from _tagged(b"set", *sorted(_joined(item) for item in value))
        case dict():
            items = sorted((_joined(key), item) for key, item in value.items())
            yield from _tagged(b"dict", struct.pack("<Q", len(items)))
            for key, item in items:
                yield from _tagged(b"key", key)
                yield from _chunks(item)
        case slice():
            yield from _tagged(b"slice")
            yield from _chunks((value.start, value.stop, value.step))
        case np.dtype():
            yield from _tagged(b"dtype", value.str.lstrip("<>=|").encode())
        case type():
            yield from _tagged(b"class", _class_path(value).encode())
        case _ if _class_path(type(value)).startswith("sklearn."):
            yield from _tagged(b"estimator", _class_path(type(value)).encode())
            yield from _chunks(vars(value))
        case _:
            message = f"a preprocessing cannot hold a {_class_path(type(value))}"
            raise TypeError(message)


def _array_chunks(array: np.ndarray[Any, Any]) -> Iterator[bytes]:
    if array.dtype.kind == "V":
        message = f"a preprocessing cannot hold an array of {array.dtype}"
        raise TypeError(message)
    shape = np.asarray(array.shape, dtype="<i8").tobytes()
    if array.dtype.hasobject:
        yield from _tagged(b"objects", shape)
        for item in array.ravel().tolist():
            yield from _chunks(item)
        return
    little = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=True))
    if little.dtype.kind == "f":
        little[np.isnan(little)] = np.nan
        little += 0.0
    yield from _tagged(b"array", array.dtype.str.lstrip("<>=|").encode(), shape, little.tobytes())


def _float_bytes(value: float) -> bytes:
    return _NAN_BYTES if value != value else struct.pack("<d", value + 0.0)  # noqa: PLR0124 (NaN)


def _joined(value: object) -> bytes:
    return b"".join(_chunks(value))


def _class_path(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def describe(columns: object, tokenizer: Mapping[str, Any]) -> dict[str, Any]:
    """Name what a preprocessing holds, flat and in plain JSON, for a diff that people read.

    Values that belong to one column are named by it (``age.mean_``, ``court.categories_``), the
    others by their step (``numeric.scale.with_mean``), those of the tokenizer by
    ``tokenizer.…``.
    """
    state: dict[str, Any] = {}
    if columns is not None:
        _describe_estimator(columns, (), (), state)
    _describe_tokenizer(tokenizer, state)
    return state


def _describe_estimator(
    estimator: Any,  # noqa: ANN401 (scikit-learn is untyped)
    path: tuple[str, ...],
    columns: Sequence[str],
    state: dict[str, Any],
) -> None:
    if hasattr(estimator, "transformers_"):
        for name, fitted, names in estimator.transformers_:
            if not isinstance(fitted, str):
                _describe_estimator(fitted, (*path, name), [str(n) for n in names], state)
    elif hasattr(estimator, "steps"):
        for name, fitted in estimator.steps:
            _describe_estimator(fitted, (*path, name), columns, state)
    else:
        state[".".join((*path, "class"))] = type(estimator).__name__
        for attribute, value in sorted(vars(estimator).items()):
            if not attribute.startswith("_"):
                _describe_attribute(path, attribute, value, columns, state)


def _describe_attribute(
    path: tuple[str, ...],
    attribute: str,
    value: object,
    columns: Sequence[str],
    state: dict[str, Any],
) -> None:
    items = _items(value)
    if len(items) != len(columns):
        state[".".join((*path, attribute))] = _plain(value)
        return
    for column, item in zip(columns, items, strict=True):
        name = f"{column}.{attribute}"
        if name in state:
            name = f"{column}.{path[-1]}.{attribute}"
        state[name] = _plain(item)


def _items(value: object) -> list[object]:
    if isinstance(value, np.ndarray):
        return list(np.atleast_1d(value))
    return value if isinstance(value, list) else []


def _describe_tokenizer(tokenizer: Mapping[str, Any], state: dict[str, Any]) -> None:
    model = dict(tokenizer.get("model") or {})
    vocabulary = model.pop("vocab", {})
    state["tokenizer.vocabulary"] = {"length": len(vocabulary), "sha256": digest(vocabulary)}
    for name, value in {**tokenizer, "model": model}.items():
        if isinstance(value, dict):
            for key, item in value.items():
                state[f"tokenizer.{name}.{key}"] = _plain(item)
        else:
            state[f"tokenizer.{name}"] = _plain(value)


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, float) and value != value:  # noqa: PLR0124 (NaN)
        return "NaN"
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple) and len(value) <= _LONGEST_LIST:
        return [_plain(item) for item in value]
    if isinstance(value, list | tuple | dict):
        return {"length": len(value), "sha256": digest(value)}
    return _class_path(value if isinstance(value, type) else type(value))


def differences(
    expected: Mapping[str, Any], observed: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """Yield ``(name, expected, observed)`` for each name on which two descriptions differ.

    A name that one side lacks is None there.
    """
    for name in sorted({*expected, *observed}):
        left, right = expected.get(name), observed.get(name)
        if left != right:
            yield name, left, right


def difference_in_words(expected: object, observed: object) -> tuple[str, str]:
    """Say two different values shortly: of lists, what one has and the other lacks."""
    if isinstance(expected, list) and isinstance(observed, list):
        removed = [item for item in expected if item not in observed]
        added = [item for item in observed if item not in expected]
        if removed or added:
            return (
                f"{len(expected)} values" + (f", among them {_some(removed)}" if removed else ""),
                f"{len(observed)} values" + (f", among them {_some(added)}" if added else "")
                + (f", without {_some(removed)}" if removed else ""),
            )  # fmt: skip
        return f"order {_some(expected)}", f"order {_some(observed)}"
    return str(expected), str(observed)


def _some(values: Sequence[object], most: int = 5) -> str:
    shown = ", ".join(f'"{value}"' for value in values[:most])
    return shown + (f" and {len(values) - most} more" if len(values) > most else "")
