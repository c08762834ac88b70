"""Reject fitted state that no fitting leaves behind.

An unpickled state is whatever the file says. The classes that may be loaded run no code of the
file, but with some states they open files, start processes, fill the memory, or index out of bounds
in compiled code. The states are compared with what fitting leaves, once all is loaded and before
anything is transformed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from guards.integrity.unpickling.estimators.catalogue import description_of
from guards.integrity.unpickling.estimators.kinds import is_trusted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.integrity.unpickling.estimators.description import Description, Relation
    from guards.integrity.unpickling.estimators.kinds import Kind, Sizes

__all__ = ["unsound"]

_MAX_SHOWN = 60


def unsound(estimator: object) -> str | None:
    """Return in words what is wrong with the state of an estimator; None if nothing is.

    Only its own attributes are looked at: the estimators that it holds are looked at by themselves.
    An estimator without a description is sound.
    """
    description = description_of(estimator)
    if description is None:
        return None
    problem = _problem(description, vars(estimator))
    return None if problem is None else f"a {description.name} {problem}"


def _problem(description: Description, state: Mapping[str, Any]) -> str | None:
    attributes = description.attributes
    for name in state:
        if name not in attributes:
            return f"with an attribute that fitting does not leave: {name[:_MAX_SHOWN]!a}"
    for name in sorted(description.required(state) - state.keys()):
        return f"without its {name}"
    sizes: Sizes = {}
    for name, kind in attributes.items():
        if name not in state or (name in description.parameters and is_trusted(state[name])):
            continue
        if not _fits(kind, state[name], sizes):
            return f"whose {name} is {_shown(state[name])}, and not {kind.words}"
    if description.is_fitted(state):
        for relation in description.relations:
            if not _holds(relation, state):
                return f"whose {relation.otherwise}"
    return None


def _fits(kind: Kind, value: object, sizes: Sizes) -> bool:
    try:
        return kind.fits(value, sizes)
    except Exception:  # noqa: BLE001 (what a trusted class made may raise anything)
        return False


def _holds(relation: Relation, state: Mapping[str, Any]) -> bool:
    try:
        return relation.holds(state)
    except Exception:  # noqa: BLE001 (parts that do not belong together)
        return False


def _shown(value: object) -> str:
    """Return the form of a value, and the value itself only where it is a number."""
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype.name} {list(value.shape)}"
    if isinstance(value, bool | int | float | np.generic) and len(text := str(value)) < _MAX_SHOWN:
        return ascii(text)[1:-1]
    if isinstance(value, list | tuple | set | frozenset | dict | str | bytes):
        return f"a {type(value).__name__} of {len(value)}"
    return "None" if value is None else f"a {type(value).__name__}"
