"""What changed in a preprocessing, value by value, as findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.errors import Finding
from guards.integrity.differences.state_diff import Privacy, differences
from guards.integrity.differences.text import difference_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guards.json_types import JsonMapping
    from guards.schema import Schema

__all__ = ["changed_values"]

_MAX_DIFFERENCES = 20


def changed_values(
    schema: Schema, expected: JsonMapping, observed: JsonMapping, remedy: str = ""
) -> Iterator[Finding]:
    """Yield a finding for each value on which two descriptions differ, and one for those beyond 20.

    Of what ``schema`` declares private no value is shown. ``remedy`` is by default that of the
    code.
    """
    privacy = Privacy.of([schema], [expected, observed])
    changed = list(differences(expected, observed))
    for name, left, right in changed[:_MAX_DIFFERENCES]:
        words = difference_in_words(name, left, right, private=privacy.hides(name, left, right))
        yield Finding("preprocessing_changed", name, words.expected, words.observed, remedy)
    if len(changed) > _MAX_DIFFERENCES:
        more = f"{len(changed) - _MAX_DIFFERENCES} more values differ"
        yield Finding("preprocessing_changed", "…", "as sealed", more, remedy)
