"""How a feature differs from training, in sentences for whoever is on call.

Everything comes from the counts of a reference and of a window, or of windows that were merged. A
share that moved is told where ``Movement`` finds it visible, so that chance is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.drift.feature_reference import CategoricalReference, NumericReference
from guards.drift.movement import Movement
from guards.drift.numeric_wording import number_phrases
from guards.drift.rounding import share_pair, share_text
from guards.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guards.drift.feature_reference import FeatureReference
    from guards.json_types import JsonMapping

__all__ = ["changes_in_words"]

_MAX_MOVES = 3
_MAX_VALUE_CHARS = 40


def changes_in_words(
    name: str, reference: FeatureReference, snapshot: JsonMapping, *, private: bool = False
) -> tuple[str, ...]:
    """Return a sentence for each visible difference of a feature, the largest first.

    ``snapshot`` is what the sketch of this reference returns. Missing and infinite values are
    shares of all documents, numbers those of finite values, and categories shares of the documents
    that have one. Of a feature that is ``private``, or whose reference says so, no value is named.
    Without documents on both sides, or a visible difference, there is no sentence. Raises
    ``ValueError`` for a snapshot over other cells.

    >>> reference = CategoricalReference.of(["a"] * 200 + ["b"] * 800, ["a", "b"])
    >>> snapshot = {"counts": [590, 410], "missing": 0, "unknown": 0, "new": {}, "new_other": 0}
    >>> changes_in_words("form", reference, snapshot)
    ('form: a 20 % → 59 %, b 80 % → 41 %',)
    """
    # The reference of a number may not say whether it is private.
    private = private or getattr(reference, "private", False)
    changes = [*_absences(name, reference, snapshot)]
    if isinstance(reference, NumericReference):
        change = number_phrases(reference, snapshot, private=private)
        if change is not None:
            changes.append((change.effect, f"{name}: {', '.join(change.phrases)}"))
    else:
        changes += _categories(name, reference, snapshot, private=private)
    return tuple(sentence for _, sentence in sorted(changes, key=lambda change: -change[0]))


def _absences(
    name: str, reference: FeatureReference, snapshot: JsonMapping
) -> Iterator[tuple[float, str]]:
    """Yield (effect, sentence) for missing values, and for infinite ones of numbers."""
    before = reference.to_json()
    outside = "infinite" if isinstance(reference, NumericReference) else "unknown"
    documents = [
        sum(each["counts"]) + each["missing"] + each[outside] for each in (before, snapshot)
    ]
    for kind in ("missing", "infinite"):
        if kind in before and all(documents):
            moved = Movement(before[kind], documents[0], snapshot[kind], documents[1])
            if moved.is_visible:
                yield moved.effect, f"{name} {_absence(kind, moved)}"


def _absence(kind: str, moved: Movement) -> str:
    before, now = share_pair(moved.share_before, moved.share_now)
    return (
        f"{kind} {now}, {before} in training"
        if moved.now
        else f"never {kind}, {before} in training"
    )


def _categories(
    name: str, reference: CategoricalReference, snapshot: JsonMapping, *, private: bool
) -> Iterator[tuple[float, str]]:
    """Yield (effect, sentence) for the categories that moved, and for those that are new."""
    before = sum(reference.counts) + reference.unknown
    now = sum(snapshot["counts"]) + snapshot["unknown"]
    if not before or not now:
        return
    moves = [
        (category, Movement(known, before, seen, now))
        for category, known, seen in zip(
            reference.categories, reference.counts, snapshot["counts"], strict=True
        )
    ]
    visible = sorted(
        (move for move in moves if move[1].is_visible),
        # Rounded, so that equal moves stay in the order of the dictionary.
        key=lambda move: -round(abs(move[1].points), 9),
    )
    if visible:
        told = (
            f"{'one' if private else _shown(category)} {moved.text}"
            for category, moved in visible[:_MAX_MOVES]
        )
        yield max(moved.effect for _, moved in visible), f"{name}: {', '.join(told)}"
    unknown = Movement(reference.unknown, before, snapshot["unknown"], now)
    if unknown.is_visible:
        yield unknown.effect, f"{name}: {_unknown(unknown, {} if private else snapshot['new'])}"


def _unknown(moved: Movement, named: JsonMapping) -> str:
    before, now = share_pair(moved.share_before, moved.share_now)
    largest = sorted(named.items(), key=lambda item: (-item[1], item[0]))[:_MAX_MOVES]
    values = [f"{_shown(value)} {share_text(n / moved.documents_now)}" for value, n in largest]
    if values and moved.now > sum(n for _, n in largest):
        values.append("…")
    listed = f" ({', '.join(values)})" if values else ""
    earlier = f", {before} before" if moved.before else ""
    return f"{now} in categories that training did not have{listed}{earlier}"


def _shown(category: str) -> str:
    return printable(category, _MAX_VALUE_CHARS)
