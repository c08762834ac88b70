"""The labels of the rows of a table."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from artifacts.tables.cells import holds_several, kind_of
from artifacts.tables.lookalikes import look_of
from artifacts.tables.markers import marker_notes
from guards.errors import TableError
from guards.labels import canonical_label
from guards.plain_values import plain_value
from guards.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

__all__ = ["check_classes", "class_notes", "label_notes", "labels_of_cells", "unknown_labels"]

_MAX_CHARS = 500
_UNLABELLED = "-1"
_FEW_CLASSES = 20
_FEW_ROWS = 3
_MAX_NOTES = 5
_MAX_NAMED = 5


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
    elif label is None and _is_finite_float(cell):
        message = (
            f"{place} is a number so large that it has lost digits as a decimal fraction; write "
            "labels as whole numbers or texts"
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
    named = [
        f"{label!r} ({counted(count, 'row')})" for label, count in unknown.most_common(_MAX_NAMED)
    ]
    rest = len(unknown) - len(named)
    more = f" and {rest} more" if rest else ""
    return f"{counted(unknown.total(), 'row')} with unknown labels: {', '.join(named)}{more}"


def label_notes(labels: Sequence[str], column: str) -> Iterator[str]:
    """Yield a note for labels that look missing, and for labels that look the same."""
    counts = Counter(labels)
    yield from marker_notes(
        column, labels, (), "is a class of its own; declare it by --missing if it is none"
    )
    alike: dict[str, list[str]] = {}
    for label in counts:
        alike.setdefault(look_of(label), []).append(label)
    pairs = [(first, other) for first, *others in alike.values() for other in others]
    for pair in pairs[:_MAX_NOTES]:
        first, second = (f"{_shown(label)} ({counted(counts[label], 'row')})" for label in pair)
        yield f"{column}: labels {first} and {second} look the same, and are two classes"
    if len(pairs) > _MAX_NOTES:
        yield f"{column}: {len(pairs)} pairs of labels look the same; these are the first"


def class_notes(labels: Sequence[str], column: str) -> Iterator[str]:
    """Yield a note for classes to learn that may be none.

    That is ``-1`` beside the numbers from 0 on, and many classes of which half have hardly any
    rows.
    """
    counts = Counter(labels)
    numbers = {*counts} - {_UNLABELLED}
    if _UNLABELLED in counts and len(numbers) > 1 and numbers == {*map(str, range(len(numbers)))}:
        yield (
            f"{column}: {counted(counts[_UNLABELLED], 'row')} with the label '-1' beside 0 to "
            f"{len(numbers) - 1}, the usual mark of rows without a label; it is a class of its "
            "own, so drop such rows if it is none"
        )
    rare = sum(count < _FEW_ROWS for count in counts.values())
    if len(counts) > _FEW_CLASSES and rare >= len(counts) / 2:
        yield (
            f"{column}: {rare} of {len(counts)} classes have fewer than {_FEW_ROWS} rows; are "
            "they identifiers or measurements?"
        )


def _is_finite_float(cell: object) -> bool:
    value = plain_value(cell)
    return isinstance(value, float) and math.isfinite(value)


def _shown(label: str) -> str:
    return repr(label) if label.isascii() else f"{label!r} = {label!a}"
