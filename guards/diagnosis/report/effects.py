"""The words and columns that drive the answers differently."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.diagnosis.effect_phrases import EFFECTS, effect_rows, effects_in_words, more_effects
from guards.pages.elements import faint, more, sentence, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guards.diagnosis.effects import Effects

__all__ = ["effects_of_page"]


def effects_of_page(effects: Effects) -> Iterator[str]:
    """Yield which documents were explained, and a table of the effects that differ."""
    yield faint(f"{sentence(effects_in_words(effects))}.")
    rows = effect_rows(effects)
    if rows:
        yield table("mean effects on the answers that differ", EFFECTS, rows)
    yield more(more_effects(effects))
