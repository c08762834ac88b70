"""Differences between descriptions as text, for findings and for ``understudy diff``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

from guards.integrity.differences.row_diff import RowChanges, row_changes
from guards.integrity.differences.state_diff import is_digest, same
from guards.integrity.state.description import VOCABULARY
from guards.integrity.state.fingerprint import digest_of_json
from guards.integrity.state.jsonable import SHA256
from guards.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from guards.json_types import JsonObject

__all__ = ["LABELS", "Words", "difference_in_words", "digest_in_words"]

LABELS = "labels"
"""The name of the labels in the order of the network's outputs."""

_MAX_SHOWN = 5
_MAX_TEXT = 160
_MAX_DEPTH = 4
_NUMBERS = {"NaN", "Infinity", "-Infinity"}
"""The numbers that JSON lacks, as a description writes them."""


@dataclass(frozen=True, slots=True)
class Words:
    """A difference: what each side has, for a finding, and both in one sentence."""

    expected: str
    observed: str
    sentence: str


def difference_in_words(  # noqa: PLR0911 (one return a kind of difference)
    name: str, expected: object, observed: object, *, private: bool = False
) -> Words:
    """Describe how two different values of a description differ; ``private`` ones are not shown.

    Takes anything that JSON can hold; None stands for a value that is not there.
    """
    if private:
        return _private(name, expected, observed)
    if is_digest(name):
        return _digests(name, str(expected), str(observed))
    if isinstance(expected, list) and isinstance(observed, list):
        if name == LABELS:
            return _labels(expected, observed)
        if name == VOCABULARY or name.endswith(".vocabulary_"):
            return _vocabulary(_subject(name), expected, observed)
        if _are_numbers([*expected, *observed]) and "categories" not in name:
            return _numbers(_subject(name), expected, observed)
        return _members(name, expected, observed)
    if _is_table(expected) and _is_table(observed):
        changed = [
            key
            for key in {**expected, **observed}
            if not same(expected.get(key), observed.get(key))
        ]
        expected = {key: expected.get(key) for key in changed}
        observed = {key: observed.get(key) for key in changed}
    return _values(_subject(name), expected, observed)


def digest_in_words(value: object) -> str:
    """Return a digest to show in place of a private value; equal values have equal digests."""
    return f"private, {digest_of_json(value)[:23]}…"


def _private(name: str, expected: object, observed: object) -> Words:
    left, right = digest_in_words(expected), digest_in_words(observed)
    return Words(left, right, f"{_subject(name)} differs (private)")


def _digests(name: str, expected: str, observed: str) -> Words:
    holder = _subject(name.removesuffix(f".{SHA256}"))
    left, right = f"{expected:.23}…", f"{observed:.23}…"
    return Words(left, right, f"{holder} differs in its digest alone, {left} → {right}")


def _subject(name: str) -> str:
    return printable(name.removeprefix("tokenizer."))


def _is_table(value: object) -> TypeGuard[JsonObject]:
    return isinstance(value, dict) and SHA256 not in value


def _values(subject: str, expected: object, observed: object) -> Words:
    left, right = _value_text(expected), _value_text(observed)
    if left == right:
        digests = (f"({digest_of_json(value)[:23]}…)" for value in (expected, observed))
        left, right = map("{} {}".format, (left, right), digests)
    short = _shortened(expected, observed) or (left, right)
    return Words(left, right, f"{subject} {short[0]} → {short[1]}")


def _shortened(expected: object, observed: object) -> tuple[str, str] | None:
    """Write two numbers with as many digits as show their difference, and six at least."""
    if not _are_numbers([expected, observed]):
        return None
    for digits in (6, 9, 12, 17):
        try:
            pair = (f"{expected:.{digits}g}", f"{observed:.{digits}g}")
        except OverflowError:  # a whole number beyond all floats
            return None
        if pair[0] != pair[1]:
            return pair
    return None


def _value_text(value: object, depth: int = 0) -> str:
    if value is None:
        return "none"
    if isinstance(value, str):
        return value if value in _NUMBERS else _quoted(value)
    if isinstance(value, list | dict):
        return _truncated(_container_text(value, depth + 1)) if depth < _MAX_DEPTH else "…"
    return json.dumps(value)


def _container_text(value: list[object] | JsonObject, depth: int) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value_text(item, depth) for item in value)}]"
    if SHA256 in value:
        return _summary_text(value)
    items = [f"{printable(key)} {_value_text(item, depth)}" for key, item in value.items()]
    return ", ".join(items) or "{}"


def _summary_text(summary: JsonObject) -> str:
    length, shape = summary.get("length"), summary.get("shape")
    size = " by ".join(map(str, shape)) if isinstance(shape, list) else length
    lowest, highest = summary.get("lowest"), summary.get("highest")
    span = "" if lowest is None else f" from {lowest!s:.23} to {highest!s:.23}"
    return f"{size!s:.23} values{span}, {summary[SHA256]!s:.23}…"


def _quoted(text: str) -> str:
    return _truncated(json.dumps(printable(text), ensure_ascii=False).replace("\\\\", "\\"))


def _truncated(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…"


def _are_numbers(values: Iterable[object]) -> bool:
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)


def _numbers(subject: str, expected: list[object], observed: list[object]) -> Words:
    """Describe the first pair of numbers that differ, and count the others."""
    if len(expected) != len(observed) or len(expected) <= _MAX_SHOWN:
        return _values(subject, expected, observed)
    rows = row_changes(expected, observed).in_place
    first = rows[0]
    left, right = _shortened(expected[first], observed[first]) or ("", "")
    return Words(
        f"{_value_text(expected[first])} at place {first} of {len(expected)}",
        f"{_value_text(observed[first])}; {len(rows)} of {len(observed)} differ",
        f"{subject} {left} → {right} at place {first}; {len(rows)} of {len(observed)} differ",
    )


def _members(name: str, expected: list[object], observed: list[object]) -> Words:
    """Describe which members a list has lost and gained, else how their order differs."""
    changes = row_changes(expected, observed)
    removed = [expected[row] for row in sorted((*changes.removed, *changes.replaced))]
    added = [observed[row] for row in sorted((*changes.added, *changes.replaced))]
    holder, _, attribute = _subject(name).rpartition(".")
    attribute = attribute.strip("_")
    noun = "categories" if attribute == "categories" else "values"
    if not removed and not added:
        return _order(f"{holder} {attribute}".strip(), expected, observed, changes)
    lost = f"{_some(removed)} removed" if removed else ""
    gained = f"{_some(added)} added" if added else ""
    return Words(
        _joined(_counted(len(expected), noun), f"with {_some(removed)}" if removed else ""),
        _joined(
            _counted(len(observed), noun),
            f"with {_some(added)}" if added else "",
            f"without {_some(removed)}" if removed else "",
        ),
        f"{holder} {attribute}: {_joined(lost, gained)}".strip(),
    )


def _order(
    subject: str, expected: list[object], observed: list[object], changes: RowChanges
) -> Words:
    if len(expected) != len(observed):
        return _values(subject, expected, observed)
    moved = slice(changes.in_place[0], changes.in_place[-1] + 1)
    left, right = _some(expected[moved]), _some(observed[moved])
    return Words(f"order {left}", f"order {right}", f"{subject}: order {left} → {right}")


def _vocabulary(subject: str, expected: list[object], observed: list[object]) -> Words:
    changes = row_changes(expected, observed)
    rows = changes.in_place
    describe_rows = _few_rows if len(rows) <= _MAX_SHOWN else _many_rows
    sizes = [_counted(len(tokens), "rows") for tokens in (expected, observed)]
    if len(expected) == len(observed):
        sizes = ["", ""]
    return Words(
        _joined(sizes[0], _rows_text(expected, rows, changes.removed)),
        _joined(sizes[1], _rows_text(observed, rows, changes.added)),
        f"{subject} {_joined(*describe_rows(expected, observed, changes))}",
    )


def _few_rows(expected: list[object], observed: list[object], changes: RowChanges) -> list[str]:
    return [
        *(
            f"row {row} {_value_text(expected[row])} ↔ {_value_text(expected[other])}"
            for row, other in changes.swapped
        ),
        *(
            f"row {row} {_value_text(expected[row])} → {_value_text(observed[row])}"
            for row in sorted((*changes.replaced, *changes.moved))
        ),
        *_rows_counted("removed", expected, changes.removed),
        *_rows_counted("added", observed, changes.added),
    ]


def _many_rows(expected: list[object], observed: list[object], changes: RowChanges) -> list[str]:
    rows = changes.in_place
    first = (
        f": row {rows[0]} {_value_text(expected[rows[0]])} → {_value_text(observed[rows[0]])} …"
        if rows
        else ""
    )
    return [
        f"{len(expected)} → {_counted(len(observed), 'rows')}",
        *_rows_counted("removed", expected, (*changes.removed, *changes.replaced)),
        *_rows_counted("added", observed, (*changes.added, *changes.replaced)),
        f"{_counted(len(rows), 'rows')} with another token{first}",
    ]


def _rows_counted(what: str, tokens: list[object], rows: Sequence[int]) -> list[str]:
    named = _some([tokens[row] for row in sorted(rows)])
    return [f"{_counted(len(rows), 'rows')} {what}: {named}"] if rows else []


def _rows_text(items: list[object], *rows: Iterable[int]) -> str:
    chosen = sorted({row for several in rows for row in several})
    return _first([f"row {row} {_value_text(items[row])}" for row in chosen])


def _labels(expected: list[object], observed: list[object]) -> Words:
    left, right = (
        _first(list(map(_value_text, labels)), 20) or "none" for labels in (expected, observed)
    )
    sentence = f"id2label {_labels_moved(expected, observed)}"
    return Words(left, f"{right} ({sentence})" if observed else right, sentence)


def _labels_moved(expected: list[object], observed: list[object]) -> str:
    as_strings = sorted(range(len(expected)), key=str)
    if observed == [expected[row] for row in as_strings]:
        return f"sorted as strings: {', '.join(map(str, as_strings[:_MAX_SHOWN]))} …"
    changes = row_changes(expected, observed)
    row_of = {_value_text(label): row for row, label in enumerate(expected)}
    parts = [
        *(f"{row} ↔ {other}" for row, other in changes.swapped),
        *(
            f"{row} {_value_text(expected[row])} → {_value_text(observed[row])}"
            for row in changes.replaced
        ),
        *(f"{_value_text(expected[row])} removed" for row in changes.removed),
        *(f"{_value_text(observed[row])} added" for row in changes.added),
        *(
            f"{_value_text(observed[row])} {row_of[_value_text(observed[row])]} → {row}"
            for row in changes.moved
            if _value_text(observed[row]) in row_of
        ),
    ]
    return _first(parts, 2 * _MAX_SHOWN) or f"{len(expected)} → {len(observed)} labels"


def _some(values: Sequence[object]) -> str:
    return _first(list(map(_value_text, values[: _MAX_SHOWN + 1])), more=len(values) - _MAX_SHOWN)


def _first(parts: list[str], most: int = _MAX_SHOWN, more: int | None = None) -> str:
    left = len(parts) - most if more is None else more
    return ", ".join(parts[:most]) + (f" and {left} more" if left > 0 else "")


def _counted(number: int, noun: str) -> str:
    singular = "category" if noun == "categories" else noun.removesuffix("s")
    return f"{number} {singular if number == 1 else noun}"


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
