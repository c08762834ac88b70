"""What answers cost: a table of true labels by predicted ones."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from guards.errors import CallError
from guards.labels import KnownLabel
from guards.text import listed, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["CostTable"]

_MAX_BYTES = 1024 * 1024
_EXPECTED = (
    "expected CSV such as 'true,spam,ham', 'spam,0,1', 'ham,5,0': a column for each predicted "
    "label, a row for each true one"
)


@dataclass(frozen=True, slots=True)
class CostTable:
    """The cost of one document, ``costs`` [true label][predicted label]."""

    costs: Mapping[str, Mapping[str, float]]

    @classmethod
    def read(cls, path: Path, labels: Sequence[str]) -> CostTable:
        """Read the costs of these labels, which may be written otherwise, from CSV in UTF-8.

        The first line has the predicted labels after its first cell, each further one a true label
        and its costs. Raises ``CallError`` where the file cannot be read, is larger than 1 MiB, or
        has not one finite number for each pair of the labels.
        """
        try:
            header, *rows = _cells(path)
            predicted = _known(header[1:], labels, "columns")
            true = _known([row[0] for row in rows], labels, "rows")
            numbers = [_numbers(row, len(predicted)) for row in rows]
        except OSError as error:
            message = f"{path}: cannot be read: {error.strerror}"
            raise CallError(message) from None
        except (ValueError, csv.Error) as error:
            message = f"{path}: {error}; {_EXPECTED}"
            raise CallError(message) from None
        lines = (dict(zip(predicted, line, strict=True)) for line in numbers)
        return cls(dict(zip(true, lines, strict=True)))

    def matrix(self, labels: Sequence[str]) -> list[list[float]] | None:
        """Return costs [predicted][true] in the order of labels; None for others than its own."""
        if {*labels} != self.costs.keys():
            return None
        return [[self.costs[true][predicted] for true in labels] for predicted in labels]


def _cells(path: Path) -> list[list[str]]:
    with path.open("rb") as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        message = "has more than 1 MiB"
        raise ValueError(message)
    lines = data.decode("utf-8-sig").splitlines()
    rows = [row for row in csv.reader(lines) if any(map(str.strip, row))]
    if not rows:
        message = "is empty"
        raise ValueError(message)
    return rows


def _known(names: Sequence[str], labels: Sequence[str], what: str) -> list[str]:
    """Return which labels the names stand for; ``ValueError`` unless each is there once."""
    find = KnownLabel(labels)
    found = [find(name) for name in names]
    unknown = [name for name, label in zip(names, found, strict=True) if label is None]
    missing = [label for label in labels if label not in found]
    known = [label for label in found if label is not None]
    if unknown or missing or len({*known}) < len(known):
        message = (
            f"its {what} are {listed(names)}, and the champion's labels {listed(labels)}: each is "
            "expected once"
        )
        raise ValueError(message)
    return known


def _numbers(row: Sequence[str], count: int) -> list[float]:
    numbers = [_number(cell) for cell in row[1:]]
    if len(numbers) != count:
        message = f"the row of {printable(row[0], 100)!r} has {len(numbers)} costs of {count}"
        raise ValueError(message)
    return numbers


def _number(cell: str) -> float:
    try:
        number = float(cell)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        message = f"{printable(cell, 100)!r} is no finite number"
        raise ValueError(message)
    return number
