"""The champion's columns, as far as a log tells them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guards.drift.features import column_of

if TYPE_CHECKING:
    from guards.events.log_table import LogTable

__all__ = ["ColumnsTold", "columns_told"]


@dataclass(frozen=True, slots=True)
class ColumnsTold:
    """The names of a champion's columns; ``private`` ones are not among the others.

    Of a private column a log does not tell whether it is numeric.
    """

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    private: tuple[str, ...]

    @property
    def shown(self) -> tuple[str, ...]:
        """The columns that are not private."""
        return (*self.numeric, *self.categorical)


def columns_told(log: LogTable, reference: str | None) -> ColumnsTold | None:
    """Return the columns of the champion with a reference, None where no line describes them.

    ``reference`` is its fingerprint. The private ones stand only in windows.
    """
    described = (each for of_run in log.references.values() for each in of_run)
    told = next((each for each in described if each.reference == reference), None)
    if told is None:
        return None
    numeric = {
        column: feature.edges is not None
        for feature in told.features
        if (column := column_of(feature.name)) is not None
    }
    scored = {
        column_of(name)
        for window in log.windows()
        if window.reference == reference
        for name in window.scores
    }
    return ColumnsTold(
        numeric=tuple(name for name, is_numeric in numeric.items() if is_numeric),
        categorical=tuple(name for name, is_numeric in numeric.items() if not is_numeric),
        private=tuple(sorted(name for name in scored if name is not None and name not in numeric)),
    )
