"""What is said of words and columns that drive answers, on a terminal as on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.diagnosis.mean_effects import MIN_DOCUMENTS
from guards.text import counted, printable

if TYPE_CHECKING:
    from collections import Counter

    from guards.diagnosis.effects import DifferingEffect, Effects

__all__ = [
    "EFFECTS",
    "MAX_EFFECTS",
    "effect_rows",
    "effects_in_words",
    "more_effects",
    "not_fitting",
    "too_few_documents",
]

EFFECTS = ("drives the answers", "good", "bad", "p")
"""The heads of a table of effects."""

MAX_EFFECTS = 20

_MAX_NAME_CHARS = 60


def effects_in_words(effects: Effects) -> str:
    """Return how many effects differ, and in which documents of both periods they were tested."""
    good, bad = effects.documents
    sample = " (a sample with a fixed seed)" * effects.sampled
    number = f"{len(effects.differing):,}" if effects.differing else "none"
    return (
        f"words and columns that drive the answers of {effects.bundle} differently: {number} of "
        f"{effects.tested:,} tested, in {good:,} good and {bad:,} bad documents{sample}, at a "
        f"false discovery rate of {effects.rate:.0%}".replace("%", " %")
    )


def effect_rows(effects: Effects) -> list[tuple[str, str, str, str]]:
    """Return up to twenty effects that differ: what it is, its means, good and bad, and p."""
    return list(map(_row, effects.differing[:MAX_EFFECTS]))


def more_effects(effects: Effects) -> int:
    """Return how many effects that differ have no row."""
    return max(0, len(effects.differing) - MAX_EFFECTS)


def _row(effect: DifferingEffect) -> tuple[str, str, str, str]:
    name = printable(effect.subject, _MAX_NAME_CHARS)
    label = printable(effect.label or "", _MAX_NAME_CHARS)
    told = f"{name} ({label})" if effect.kind == "word" else f"column {name}"
    return told, f"{effect.before:+.3g}", f"{effect.after:+.3g}", f"{effect.p_value:.2g}"


def not_fitting(reasons: Counter[str]) -> str:
    """Return how many documents a bundle does not take, and the most frequent reason."""
    ((reason, _),) = reasons.most_common(1)
    number = counted(reasons.total(), "document")
    return f"{number} not explained, for want of what the bundle takes; most often: {reason}"


def too_few_documents(documents: tuple[int, int], table: str | None, *, piped: bool) -> str:
    """Return what to do where a period has too few documents that could be explained.

    ``documents`` are the numbers of those that could be, in a ``table`` or without it in the log,
    which was ``piped`` or is a file.
    """
    if piped and table is None:
        return (
            "what drives the answers is not compared: a pipe is read once, and documents take a "
            "second time; give the log as a file"
        )
    good, bad = documents
    told = (
        f"what drives the answers is not compared: {good} good and {bad} bad documents with text "
        f"and columns, and {MIN_DOCUMENTS} of each or more are needed"
    )
    if table is not None:
        return f"{told}; name a table with more of their request_id than {table} by --documents"
    return (
        f"{told}; serve with UNDERSTUDY_CAPTURE=all from now on, or name a table with request_id, "
        "text and columns by --documents"
    )
