"""The labels of the rows of a table."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from artifacts.tables.cells import holds_several, kind_of
from artifacts.tables.markers import marker_notes
from guards.errors import TableError
from guards.labels import canonical_label

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

__all__ = ["check_classes", "label_notes", "labels_of_cells", "unknown_labels"]

_MAX_CHARS = 500
_FEW_CLASSES = 20
_MAX_NOTES = 5
_MAX_NAMED = 5
_LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455", "aeopcyxijs"
)
"""Cyrillic letters, and the Latin ones that they look like."""


def labels_of_cells(
    cells: Sequence[object],
    column: str,
    name: str,
    missing: Collection[str] = (),
    find: Callable[[object], str | None] | None = None,
) -> list[str]:
    """Return the label of each row in canonical form, or the one that ``find`` has for its cell.

    Raises ``TableError`` with the row of a cell that is no label, or that is missing: empty, or one
    of the ``missing`` markers.
    """
    labels: list[str] = []
    known: dict[str, str] = {}
    for row, cell in enumerate(cells, 1):
        label = known.get(cell) if isinstance(cell, str) else None
        if label is None:
            label = find(cell) if find else None
            label = label or _label(cell, missing, f"{name}: row {row} of {column!r}")
            if isinstance(cell, str):
                known[cell] = label
        labels.append(label)
    return labels


def _label(cell: object, missing: Collection[str], place: str) -> str:
    label = canonical_label(cell)
    if holds_several(cell):
        message = (
            f"{place} holds several labels; Understudy's classifiers give one label a document, "
            "so train one bundle a label"
        )
    elif label is None:
        message = f"{place} is {kind_of(cell)}, which is no label; write it as a text"
    elif not label or label in missing:
        message = f"{place} has no label; drop or label such rows first"
    elif len(str(cell).strip()) > _MAX_CHARS:
        message = f"{place} has a label of more than {_MAX_CHARS} characters"
    else:
        return label
    raise TableError(message)


def check_classes(labels: Sequence[str], column: str, name: str) -> None:
    """Raise ``TableError`` if the labels of a table are no classes that can be learnt.

    That is where there is only one, and where most rows have a label that no other row has.
    """
    counts = Counter(labels)
    single = sum(count == 1 for count in counts.values())
    if len(counts) == 1:
        message = (
            f"{name}: column {column!r} holds one class only, {labels[0]!r}; a classifier needs two"
        )
        raise TableError(message)
    if len(counts) > _FEW_CLASSES and single > len(labels) / 2:
        example = next(label for label, count in counts.items() if count == 1)
        message = (
            f"{name}: column {column!r} has {len(counts)} different labels in {len(labels)} rows, "
            f"and {single} of them once, such as {example[:40]!r}: identifiers, texts or "
            "measurements are no classes; name another column by --label"
        )
        raise TableError(message)


def unknown_labels(labels: Iterable[str], known: Collection[str]) -> str | None:
    """Say in words which labels are not ``known``, and in how many rows; None without any."""
    unknown = Counter(label for label in labels if label not in known)
    if not unknown:
        return None
    named = [f"{label!r} ({_rows(count)})" for label, count in unknown.most_common(_MAX_NAMED)]
    rest = len(unknown) - len(named)
    more = f" and {rest} more" if rest else ""
    return f"{_rows(unknown.total())} with unknown labels: {', '.join(named)}{more}"


def label_notes(labels: Sequence[str], column: str) -> Iterator[str]:
    """Yield a note for labels that look missing, and for labels that look the same."""
    counts = Counter(labels)
    yield from marker_notes(
        column, labels, (), "is a class of its own; declare it by --missing if it is none"
    )
    alike: dict[str, list[str]] = {}
    for label in counts:
        alike.setdefault(_look(label), []).append(label)
    pairs = [(first, other) for first, *others in alike.values() for other in others]
    for pair in pairs[:_MAX_NOTES]:
        first, second = (f"{_shown(label)} ({_rows(counts[label])})" for label in pair)
        yield f"{column}: labels {first} and {second} look the same, and are two classes"
    if len(pairs) > _MAX_NOTES:
        yield f"{column}: {len(pairs) - _MAX_NOTES} more pairs of labels look the same"


def _look(label: str) -> str:
    """Return what is left of a label without case, spaces, invisible characters and widths."""
    text = unicodedata.normalize("NFKC", label).casefold().translate(_LOOKALIKES)
    return "".join(c for c in text if not c.isspace() and unicodedata.category(c) != "Cf")


def _shown(label: str) -> str:
    return repr(label) if label.isascii() else f"{label!r} = {label!a}"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
