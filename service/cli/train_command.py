"""The ``understudy train`` command for a table of documents that a champion answered."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifacts.tables import ColumnRoles
from artifacts.tables.plain_columns import role_of_values
from guards.text import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from guards.bundle.identity import BundleIdentity
    from guards.comparison.columns_told import ColumnsTold

__all__ = ["FeatureRoles", "next_version", "train_command"]


@dataclass(frozen=True, slots=True)
class FeatureRoles:
    """The features of documents that are columns to train on, and why others are none.

    ``told`` is what the log tells of the champion's columns, None where it tells nothing. ``empty``
    columns have no value, ``extra`` ones the champion does not have, and ``absent`` ones are the
    champion's that no document has.
    """

    roles: ColumnRoles
    told: ColumnsTold | None
    empty: tuple[str, ...]
    extra: tuple[str, ...]
    absent: tuple[str, ...]
    absent_private: tuple[str, ...]

    @classmethod
    def of(cls, features: Mapping[str, Sequence[object]], told: ColumnsTold | None) -> FeatureRoles:
        """Find the role of each feature: as the log tells it, else by its values."""
        by_values = {name: role_of_values(cells) for name, cells in features.items()}
        own = (*told.shown, *told.private) if told else (*features,)
        found = {name: role for name, role in by_values.items() if name in own}
        if told:
            found |= {name: "numeric" for name in told.numeric if found.get(name)}
            found |= {name: "categorical" for name in told.categorical if found.get(name)}
        private = told.private if told else ()
        columns = tuple(name for name, role in found.items() if role)
        return cls(
            roles=ColumnRoles(
                text=("text",),
                label="label",
                numeric=tuple(name for name in columns if found[name] == "numeric"),
                categorical=tuple(name for name in columns if found[name] == "categorical"),
                private=tuple(name for name in columns if name in private),
                time="observed_at",
            ),
            told=told,
            empty=tuple(name for name, role in found.items() if not role),
            extra=tuple(name for name in features if name not in own),
            absent=tuple(name for name in (told.shown if told else ()) if name not in features),
            absent_private=tuple(name for name in private if name not in features),
        )

    def notes(self) -> Iterator[str]:
        """Yield what somebody should know of columns before training."""
        if self.told is None and self.roles.features:
            yield (
                "the log does not describe the champion's columns: which of them are numeric was "
                "found by their values"
            )
        if self.absent_private:
            yield (
                f"the champion's private columns are not captured: {listed(self.absent_private)}; "
                "add them from a table by --documents, or train without them"
            )
        if self.absent:
            yield f"no document has the champion's columns {listed(self.absent)}"
        if self.extra:
            yield f"no columns of the champion, and not in the command: {listed(self.extra)}"
        if self.empty:
            yield f"without a value, and not in the command: {listed(self.empty)}"


def train_command(table: Path, roles: ColumnRoles, champion: BundleIdentity, version: str) -> str:
    """Return the command, quoted for a shell, that trains this version of the champion."""
    options = [
        *(("--text", name) for name in roles.text),
        ("--label", roles.label),
        *(("--numeric", name) for name in roles.numeric),
        *(("--categorical", name) for name in roles.categorical),
        *(("--private", name) for name in roles.private),
        ("--time", str(roles.time)),
        ("--out", f"artifacts/store/{champion.name}/{version}"),
    ]
    words = [word for option in options for word in option]
    return shlex.join(["understudy", "train", str(table), *words])


def next_version(version: str, taken: Collection[str]) -> str:
    """Return a version after this one that is not ``taken``.

    >>> next_version("3", ["4"]), next_version("spring", ["spring-2"])
    ('5', 'spring-3')
    """
    if version.isdecimal():
        return str(1 + max(int(each) for each in (version, *taken) if each.isdecimal()))
    number = 2
    while f"{version}-{number}" in taken:
        number += 1
    return f"{version}-{number}"
