"""Where two descriptions of a preprocessing differ, and which of the values are private."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from guards.integrity.state.description import TAKES, VERSION, VOCABULARY
from guards.integrity.state.fingerprint import digest_of_json
from guards.integrity.state.jsonable import SHA256

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from guards.json_types import JsonMapping
    from guards.schema import Schema

__all__ = ["Privacy", "differences", "is_digest", "same"]

_NAMES_ALONE = (TAKES, "columns", "feature_names_in_", "steps", "transformer_list", "transformers_")
"""The last part of the names under which nothing stands but the names of columns and steps."""

_MAX_DOTS = 64
"""A name with more is not looked into: where anything is private, so is what stands under it."""


def differences(
    expected: JsonMapping, observed: JsonMapping
) -> Iterator[tuple[str, object, object]]:
    """Yield ``(name, expected, observed)`` for each name on which two descriptions differ.

    A name that one side lacks is None there. A digest is reported only if no named value of that
    part differs, and a constructor parameter only if the fitted attribute derived from it does not
    differ identically. If the descriptions name their values in different ways, only the names that
    both have are compared.
    """
    names = {*expected, *observed}
    if expected.get(VERSION) != observed.get(VERSION):
        names = {*expected} & {*observed}
        expected, observed = _with_digests(expected, observed), _with_digests(observed, expected)
    pairs = {name: (expected.get(name), observed.get(name)) for name in names - {VERSION}}
    changed = {name: pair for name, pair in pairs.items() if not same(*pair)}
    explained = {_part(name) for name in changed if not is_digest(name)}
    for name in sorted(changed, key=lambda name: (_is_inner(name), name)):
        is_explained = is_digest(name) and _part(name) in explained
        if not is_explained and changed.get(f"{name}_") != changed[name]:
            yield name, *changed[name]


def _with_digests(state: JsonMapping, other: JsonMapping) -> JsonMapping:
    """Return a state with the digest of its vocabulary where the other has no more than that."""
    tokens, digested = state.get(VOCABULARY), state.get(f"{VOCABULARY}.{SHA256}")
    if not isinstance(tokens, list) or isinstance(other.get(VOCABULARY), list):
        return state
    length = sum(token is not None for token in tokens)
    return {**state, VOCABULARY: {"length": length, SHA256: digested}}


def same(expected: object, observed: object) -> bool:
    """Tell whether two JSON values are equal, or one is the summary of the other."""
    if _is_summary(expected) or _is_summary(observed):
        return _sha256(expected) == _sha256(observed)
    # Compared as text, because in Python 1 equals True and 1.0.
    return json.dumps(expected, sort_keys=True) == json.dumps(observed, sort_keys=True)


def _is_summary(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get(SHA256), str)


def _sha256(value: object) -> object:
    if isinstance(value, dict):
        return value.get(SHA256)
    return digest_of_json(value) if isinstance(value, list) else None


def is_digest(name: str) -> bool:
    """Tell whether a digest stands under this name, which says nothing to people."""
    return f".{SHA256}" in name


def _is_inner(name: str) -> bool:
    last = name.rpartition(".")[2]
    return last.startswith("_") or last == "dtype" or name.startswith("columns.")


def _part(name: str) -> str:
    if name.startswith(VOCABULARY):
        return "vocabulary"
    return "tokenizer" if name.startswith("tokenizer.") else "columns"


@dataclass(frozen=True, slots=True)
class Privacy:
    """Which values of a description came out of a private column.

    ``columns`` are the private columns, and those that no schema knows. ``takes`` are the columns
    that each step takes, by the step's name.
    """

    columns: frozenset[str]
    takes: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, schemas: Iterable[Schema], states: Iterable[JsonMapping]) -> Privacy:
        """Collect what any of the schemas declares private.

        A step that takes columns that no schema knows, by position for example, may take a private
        one: those columns count as private too.
        """
        schemas = list(schemas)
        private = {str(column) for schema in schemas for column in schema.private}
        takes: dict[str, frozenset[str]] = {}
        for name, value in (item for state in states for item in state.items()):
            if name.endswith(f".{TAKES}") and isinstance(value, list):
                step = name.removesuffix(f".{TAKES}")
                takes[step] = takes.get(step, frozenset()) | {str(column) for column in value}
        known = {str(name) for schema in schemas for name in (*schema.columns, *schema.text)}
        unknown = {column for columns in takes.values() for column in columns} - known
        return cls(frozenset(private | unknown) if private else frozenset(), takes)

    def hides(self, name: str, *values: object) -> bool:
        """Tell whether a value under this name must not be shown.

        That is so if the name is a private column's, and if the value is a list or an object of a
        step that takes a private column.
        """
        if not self.columns or name.startswith("tokenizer.") or name.endswith(_NAMES_ALONE):
            return False
        if all(value is None or isinstance(value, bool) for value in values):
            return False
        if name.count(".") > _MAX_DOTS:
            return True
        parts = list(accumulate(name.split("."), "{}.{}".format))
        if not self.columns.isdisjoint(parts[:-1]):
            return True
        return any(isinstance(value, list | dict) for value in values) and not (
            self.columns.isdisjoint(self._inputs(parts))
        )

    def _inputs(self, steps: Sequence[str]) -> frozenset[str]:
        """Return the columns of the innermost of some steps, each in the one before."""
        innermost = next((step for step in reversed(steps) if step in self.takes), "columns")
        return self.takes.get(innermost, frozenset())
