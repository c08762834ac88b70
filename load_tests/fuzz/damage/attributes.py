"""Damage the fitted state of estimators, whatever they are: attributes replaced, removed, added."""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from load_tests.fuzz.chance import happens
from load_tests.fuzz.damage.hostile import NUMBERS, some_text
from load_tests.fuzz.states import damages_of, estimators_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from numpy.typing import NDArray

__all__ = ["damaged_described", "damaged_state"]

_DTYPES = (object, np.float32, np.float16, np.int8, np.int32, np.uint64, np.bool_, "U4", "S4")
_MAX_DEPTH = 12


def damaged_state(rng: Random, estimator: object) -> tuple[Any, str]:
    """Return a copy of an estimator with one to three fitted values damaged, and which ones."""
    damaged, words = copy.deepcopy(estimator), []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        places = [*_places(damaged, type(damaged).__name__, 0)]
        holder, key, path = rng.choice(places)
        words.append(f"{path} {_damage(rng, holder, key)}")
    return damaged, "; ".join(words)


def damaged_described(rng: Random, estimator: object) -> tuple[Any, str]:
    """Return a copy with one attribute of one estimator of the allowlist damaged, and which one.

    Each estimator is drawn as often, and each of its attributes, whatever their values are.
    """
    damaged = copy.deepcopy(estimator)
    inner = rng.choice(estimators_in(damaged))
    name = rng.choice([*vars(inner)])
    words, value = rng.choice([*damages_of(vars(inner)[name])])
    vars(inner)[name] = value
    return damaged, f"{type(inner).__name__}.{name} {words}"


def _places(value: Any, path: str, depth: int) -> Iterator[tuple[Any, Any, str]]:  # noqa: ANN401
    """Yield every attribute and item below a value: what holds it, its key there, and its path."""
    if depth > _MAX_DEPTH:
        return
    for key, inner in _items(value):
        where = f"{path}.{key}"
        yield value, key, where
        yield from _places(inner, where, depth + 1)


def _items(value: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 (scikit-learn is untyped)
    if isinstance(value, dict):
        return list(value.items())[:50]
    if isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.dtype == object):
        return list(enumerate(value))[:50]
    if type(value).__module__.startswith("sklearn."):
        return list(vars(value).items())
    return []


def _damage(rng: Random, holder: Any, key: Any) -> str:  # noqa: ANN401 (scikit-learn is untyped)
    how = rng.choice(("replaced",) * 8 + ("removed", "added", "swapped"))
    if isinstance(holder, tuple):
        return "left, for a tuple holds it"
    items = _items(holder)
    if how == "removed" and not isinstance(holder, np.ndarray):
        _remove(holder, key)
    elif how == "added":
        _put(holder, f"{key}x" if isinstance(key, str) else key, _other(rng, dict(items)[key]))
    elif how == "swapped":
        other = rng.choice(items)[0]
        first, second = dict(items)[key], dict(items)[other]
        _put(holder, key, second)
        _put(holder, other, first)
    else:
        _put(holder, key, value := _other(rng, dict(items)[key]))
        return f"= {_named(value)}"
    return how


def _put(holder: Any, key: Any, value: Any) -> None:  # noqa: ANN401 (scikit-learn is untyped)
    if isinstance(holder, dict | list):
        holder[key] = value
    elif isinstance(holder, np.ndarray):
        boxed = np.empty(1, dtype=object)
        boxed[0] = value
        holder.reshape(-1)[key : key + 1] = boxed
    else:
        vars(holder)[key] = value


def _remove(holder: Any, key: Any) -> None:  # noqa: ANN401 (scikit-learn is untyped)
    if isinstance(holder, dict | list):
        del holder[key]
    else:
        del vars(holder)[key]


def _named(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype.str[:20]} {value.shape} {ascii(value.ravel()[:3])[:60]}"
    return ascii(value)[:80]


def _other(rng: Random, value: Any) -> Any:  # noqa: ANN401, PLR0911 (a return for each type)
    """Return another value in the place of one, often of its own type."""
    if happens(rng, 0.2):
        return rng.choice((None, True, "", some_text(rng), [], {}, (), np.zeros(0), sparse.eye(2)))
    if isinstance(value, np.ndarray):
        return _other_array(rng, value)
    if isinstance(value, bool | np.bool_ | type(None)):
        return rng.choice((not value, 1, "both", np.float64(1)))
    if isinstance(value, int | float | np.number):
        number = rng.choice((*NUMBERS, value + 1, value - 1, value * 2))
        return rng.choice((number, np.array(float(max(min(number, 1e300), -1e300)))))
    if isinstance(value, slice):
        edges = (None, -1, 0, 1, 2, 10**6, 2**62)
        return slice(rng.choice(edges), rng.choice(edges), rng.choice((None, -1, 1, 2, 0)))
    if isinstance(value, str):
        return rng.choice(
            (some_text(rng), value + "x", value * 3, "ignore", "error", "drop", "arpack")
        )
    if isinstance(value, dict):
        return rng.choice(({**value, "x": 7}, dict([*value.items()][1:]), _renumbered(rng, value)))
    if isinstance(value, list | tuple):
        return type(value)(
            rng.choice((value[1:], [*value] * 2, [*value][::-1], [*value] * 500, []))
        )
    return rng.choice((None, 1, [value], value))


def _renumbered(rng: Random, value: dict[Any, Any]) -> dict[Any, Any]:
    number = rng.choice((-1, 0, 2**31, 2**62, 1e9))
    return (
        dict.fromkeys(value, number) if happens(rng, 0.3) else {**value, next(iter(value)): number}
    )


def _other_array(rng: Random, array: NDArray[Any]) -> Any:  # noqa: ANN401
    how = rng.choice(("dtype", "shape", "values", "values", "values"))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            if how == "dtype":
                return array.astype(rng.choice(_DTYPES))
            if how == "shape":
                return _other_shape(rng, array)
            return _other_values(rng, array)
        except (TypeError, ValueError, OverflowError):
            return array.astype(object)


def _other_shape(rng: Random, array: NDArray[Any]) -> Any:  # noqa: ANN401
    forms = (
        array[:0], array[:1], array[:-1], np.concatenate([array, array]), array[None], array.T,
        array.reshape(-1), array.reshape((*array.shape, 1)), np.repeat(array, 50, axis=0),
        np.concatenate([array] * 40), array[..., :1], array.tolist(),
    )  # fmt: skip
    return rng.choice(forms)


def _other_values(rng: Random, array: NDArray[Any]) -> NDArray[Any]:
    flat = array.copy().reshape(-1)
    if not flat.size:
        return np.ones(3, dtype=array.dtype)
    at = slice(None) if happens(rng, 0.3) else rng.randrange(flat.size)
    if happens(rng, 0.2):
        return flat[rng.sample(range(flat.size), flat.size)].reshape(array.shape)
    if flat.dtype == object:
        value: Any = rng.choice((None, 1, 1.5, "", "x" * 1000, float("nan"), [], np.zeros(2), b"x"))
        boxed = np.empty(1, dtype=object)
        boxed[0] = value
        flat[at] = boxed if isinstance(at, slice) else value
    elif flat.dtype.kind in "iu":
        bounds = np.iinfo(flat.dtype)
        flat[at] = rng.choice((0, 1, bounds.max, bounds.min, 2 % bounds.max, 100))
    elif flat.dtype.kind == "f":
        flat[at] = rng.choice((0.0, -1.0, np.nan, np.inf, -np.inf, 1e300, 1e-320, 1e9))
    else:
        flat[at] = flat[-1]
    return flat.reshape(array.shape)
