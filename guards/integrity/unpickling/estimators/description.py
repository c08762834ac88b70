"""What fitting leaves in an estimator: its attributes, and how they relate to each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from guards.integrity.unpickling.estimators.containers import Array, DictOf, Objects
from guards.integrity.unpickling.estimators.kinds import OneOf
from guards.integrity.unpickling.estimators.scalars import Choice, Size, Text

if TYPE_CHECKING:
    from guards.integrity.unpickling.estimators.kinds import Kind

__all__ = ["COMMON", "Description", "Relation", "State", "Width", "WidthOf", "length_of"]

State = Mapping[str, Any]
"""The attributes of an estimator, by name."""

WidthOf = Callable[[object, int | None], int | None]
"""Return how many columns a step makes of so many; None where that is not known."""

Width = Callable[[State, int | None, WidthOf], int | None]
"""Return how many columns an estimator in a state makes of so many."""

_MAX_COLUMNS = 1_000_000

COMMON: Mapping[str, Kind] = {
    "n_features_in_": Size("features", high=_MAX_COLUMNS),
    "feature_names_in_": OneOf(Objects(Text(), "features"), Array("U", "features")),
    "_sklearn_output_config": DictOf(Choice("transform"), Choice("default", "pandas", "polars")),
}
"""The attributes that fitting leaves in estimators of every class."""


@dataclass(frozen=True)
class Relation:
    """What holds between the attributes that fitting leaves.

    ``otherwise`` says what is wrong where it does not hold, after "a PCA whose …".
    """

    otherwise: str
    holds: Callable[[State], bool]


def _input_columns(state: State, given: int | None, _width_of: WidthOf) -> int | None:
    columns: int | None = state.get("n_features_in_", given)
    return columns


def length_of(name: str) -> Width:
    """Return the width of estimators that make a column for each item of an attribute."""
    return lambda state, _given, _width_of: len(state[name]) if name in state else None


@dataclass(frozen=True)
class Description:
    """What fitting leaves in the estimators of one class.

    ``path`` is the class as ``module.Class``; ``parameters`` are those of its constructor, and
    ``fitted`` what fitting adds, in scikit-learn 1.2 to 1.9. Attributes in ``varying`` are left
    only by some versions, or with some parameters. ``width`` returns how many columns
    transforming makes of so many.
    """

    path: str
    parameters: Mapping[str, Kind]
    fitted: Mapping[str, Kind] = field(default_factory=dict)
    varying: Iterable[str] = ()
    relations: Iterable[Relation] = ()
    width: Width = _input_columns

    @property
    def name(self) -> str:
        """The name of the class."""
        return self.path.rpartition(".")[2]

    @cached_property
    def attributes(self) -> Mapping[str, Kind]:
        """Every attribute that an estimator of the class may have, in the order of checking."""
        return {**COMMON, **self.parameters, **self.fitted}

    def is_fitted(self, state: State) -> bool:
        """Tell whether fitting left anything, if it leaves anything that transforming needs."""
        needed = self._needed()
        return not needed or not needed.isdisjoint(state)

    def required(self, state: State) -> set[str]:
        """Return the names of the attributes that an estimator in such a state must have."""
        required = {*self.parameters} - {*self.varying}
        return required | self._needed() if self.is_fitted(state) else required

    def _needed(self) -> set[str]:
        """Return what fitting always leaves and transforming needs."""
        left = {*self.fitted} - {*self.varying}
        return (left | {"n_features_in_"}) - {*self.varying} if left else left
