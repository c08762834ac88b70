"""The role of each column of a table."""

from __future__ import annotations

from dataclasses import dataclass

from guards.errors import TableError
from guards.schema import CategoricalColumn, NumericColumn, Schema, canonical_category

__all__ = ["ColumnRoles"]


@dataclass(frozen=True, slots=True)
class ColumnRoles:
    """The role of each column of a table; several text columns are joined in this order.

    ``missing`` are texts and numbers that stand for a missing value of a feature column or label.
    """

    text: tuple[str, ...]
    label: str
    numeric: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    time: str | None = None
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise ``TableError`` for a column with two roles, or a private one that is no feature.

        The missing markers are brought into canonical form.
        """
        named = [*self.text, self.label, *self.numeric, *self.categorical]
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            message = f"column {twice[0]!r} is given two roles; give it one"
            raise TableError(message)
        stray = sorted({*self.private} - {*self.numeric, *self.categorical})
        if stray:
            message = f"--private {stray[0]!r} is neither a --numeric nor a --categorical column"
            raise TableError(message)
        markers = {canonical_category(marker) or "" for marker in self.missing} - {""}
        object.__setattr__(self, "missing", tuple(sorted(markers)))

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the feature columns, numeric ones first."""
        return (*self.numeric, *self.categorical)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns that have a role."""
        return (*self.text, self.label, *self.features, *((self.time,) if self.time else ()))

    def open_schema(self) -> Schema:
        """Return a schema without ranges and categories."""
        return Schema(
            text=self.text,
            numeric=tuple(
                NumericColumn(name, None, None, private=name in self.private)
                for name in self.numeric
            ),
            categorical=tuple(
                CategoricalColumn(name, (), private=name in self.private)
                for name in self.categorical
            ),
            labels=(),
            missing=self.missing,
        )
