"""What changed in a preprocessing, value by value, as findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guards.errors import Finding
from guards.integrity.differences import Privacy, differences
from guards.integrity.wording import difference_in_words, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from guards.schema import Schema

__all__ = ["changed_values"]

_MOST_DIFFERENCES = 20


def changed_values(
    schema: Schema, expected: Mapping[str, Any], observed: Mapping[str, Any], remedy: str
) -> Iterator[Finding]:
    """Yield a finding for each value on which two descriptions differ, and one for those beyond 20.

    Of what ``schema`` declares private no value is shown.
    """
    privacy = Privacy.of([schema], [expected, observed])
    changed = list(differences(expected, observed))
    for name, left, right in changed[:_MOST_DIFFERENCES]:
        words = difference_in_words(name, left, right, private=privacy.hides(name, left, right))
        yield Finding(
            "preprocessing_changed", printable(name), words.expected, words.observed, remedy
        )
    if len(changed) > _MOST_DIFFERENCES:
        more = f"{len(changed) - _MOST_DIFFERENCES} more values differ"
        yield Finding("preprocessing_changed", "…", "as sealed", more, remedy)
