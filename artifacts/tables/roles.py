"""The role of each column of a table."""

from __future__ import annotations

from dataclasses import dataclass

from guards.errors import TableError
from guards.schema import MISSING, CategoricalColumn, NumericColumn, Schema, canonical_category

__all__ = ["ColumnRoles"]


@dataclass(frozen=True, slots=True)
class ColumnRoles:
    """The role of each column of a table; several text columns are joined in this order.

    ``label`` is empty where there is no label column.

    ``missing`` are texts and numbers that stand for a missing value of any feature column or label.
    One that is written ``COLUMN=VALUE``, where the column is a feature or the label, is of this
    column alone, and becomes one of the ``own_missing`` pairs of column and value.
    """

    text: tuple[str, ...]
    label: str
    numeric: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    time: str | None = None
    missing: tuple[str, ...] = ()
    own_missing: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Raise ``TableError`` for a column with two roles, or a private one that is no feature.

        The missing markers are brought into canonical form; an empty one is refused, too.
        """
        label = [self.label] if self.label else []
        named = [*self.text, *label, *self.numeric, *self.categorical]
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            message = f"column {twice[0]!r} is given two roles; give it one"
            raise TableError(message)
        stray = sorted({*self.private} - {*self.numeric, *self.categorical})
        if stray:
            message = f"--private {stray[0]!r} is neither a --numeric nor a --categorical column"
            raise TableError(message)
        pairs = {self._marker(text) for text in self.missing}
        own = {(name, marker) for name, marker in pairs if name is not None}
        markers = {marker for name, marker in pairs if name is None}
        object.__setattr__(self, "missing", tuple(sorted(markers - {MISSING})))
        object.__setattr__(self, "own_missing", tuple(sorted({*self.own_missing, *own})))

    def _marker(self, text: str) -> tuple[str | None, str]:
        """Return the column that a marker is for, None for all of them, and its canonical form."""
        name, equals, value = text.partition("=")
        if equals and name in self.text:
            message = f"--missing {text!r}: a text column has no missing values"
            raise TableError(message)
        of_one = bool(equals) and name in (self.label, *self.features)
        marker = value if of_one else text
        if not marker.strip():
            message = (
                f"--missing {text!r}: an empty cell is missing anyway; name a text or a number"
            )
            raise TableError(message)
        return name if of_one else None, canonical_category(marker) or MISSING

    def markers_of(self, name: str) -> tuple[str, ...]:
        """Return the markers that stand for a missing value of a feature column or the label."""
        return (*self.missing, *self.own_markers(name))

    def own_markers(self, name: str) -> tuple[str, ...]:
        """Return the markers of this column alone."""
        return tuple(marker for column, marker in self.own_missing if column == name)

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the feature columns, numeric ones first."""
        return (*self.numeric, *self.categorical)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns that have a role."""
        others = (name for name in (self.label, self.time) if name)
        return (*self.text, *self.features, *others)

    def open_schema(self) -> Schema:
        """Return a schema without ranges and categories."""
        return Schema(
            text=self.text,
            numeric=tuple(
                NumericColumn(
                    name,
                    None,
                    None,
                    private=name in self.private,
                    missing=self.own_markers(name),
                )
                for name in self.numeric
            ),
            categorical=tuple(
                CategoricalColumn(
                    name, (), private=name in self.private, missing=self.own_markers(name)
                )
                for name in self.categorical
            ),
            labels=(),
            missing=self.missing,
        )
