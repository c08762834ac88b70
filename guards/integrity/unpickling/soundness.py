"""Reject fitted state that no fitting leaves behind.

An unpickled state is whatever the file says. The classes that may be loaded run no code of the
file, but with some states they open files, start processes, fill the memory, or index out of bounds
in compiled code. The states are compared with what fitting leaves, once all is loaded and before
anything is transformed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guards.integrity.unpickling.estimators.catalogue import description_of
from guards.integrity.unpickling.estimators.kinds import Explaining, is_trusted
from guards.integrity.unpickling.estimators.showing import MAX_SHOWN, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from guards.integrity.unpickling.estimators.description import Description, Relation
    from guards.integrity.unpickling.estimators.kinds import Kind, Sizes

__all__ = ["unsound"]


def unsound(estimator: object, confirmed: Collection[object] = ()) -> str | None:
    """Return in words what is wrong with the state of an estimator; None if nothing is.

    Only its own attributes are looked at: the estimators that it holds are looked at by themselves.
    An estimator without a description is sound, and so is a parameter that an instance of a class
    among ``confirmed`` is: those were trusted by name.
    """
    description = description_of(estimator)
    if description is None:
        return None

    def trusts(value: object) -> bool:
        return is_trusted(value) or any(type(value) is kind for kind in confirmed)

    problem = _problem(description, vars(estimator), trusts)
    return None if problem is None else f"a {description.name} {problem}"


def _problem(
    description: Description, state: Mapping[str, Any], trusts: Callable[[object], bool]
) -> str | None:
    attributes = description.attributes
    for name in state:
        if name not in attributes:
            return f"with an attribute that fitting does not leave: {name[:MAX_SHOWN]!a}"
    for name in sorted(description.required(state) - state.keys()):
        return f"without its {name}"
    sizes: Sizes = {}
    for name, kind in attributes.items():
        if name not in state or (name in description.parameters and trusts(state[name])):
            continue
        if not _fits(kind, state[name], sizes):
            return f"whose {name} is {_observed(kind, state[name])}, and not {kind.words}"
    if description.is_fitted(state):
        for relation in description.relations:
            if not _holds(relation, state):
                return f"whose {relation.otherwise}"
    return None


def _observed(kind: Kind, value: object) -> str:
    try:
        explained = kind.shown(value) if isinstance(kind, Explaining) else None
        return explained or shown(value)
    except Exception:  # noqa: BLE001 (what a trusted class made may raise anything)
        return f"a {type(value).__name__}"


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
