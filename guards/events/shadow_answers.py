"""From the tables of a log to sums of what challengers answered in a period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from guards.evidence.pair import ChallengerId
from guards.evidence.pair_sums import UNIT

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SHADOW_ANSWERS", "ShadowAnswers", "shadow_answers"]

SHADOW_ANSWERS = f"""
with entries as (
    select champion, unnest(challengers) as entry from lines
    where observed_at >= $start and observed_at < $end and ($run is null or run = $run)
)
select entry.name, entry.version, entry.ordinal,
    count(*),
    count_if(entry.comparable),
    count_if(entry.comparable and entry.label = champion.label),
    -- Whole numbers add up to the same in any order.
    coalesce(sum(round(champion.confidence * {UNIT})::BIGINT) filter (entry.comparable), 0),
    coalesce(sum(round(entry.confidence * {UNIT})::BIGINT) filter (entry.comparable), 0)
from entries group by 1, 2, 3 order by 1, 2, 3
"""  # noqa: S608 (our own names)
"""Selects the sums of each challenger."""


@dataclass(frozen=True, slots=True)
class ShadowAnswers:
    """A challenger beside the champions of some documents.

    ``documents`` were offered to it; ``compared`` are those that it answered with labels that both
    know. ``agreement`` is the share of these with one label, and the confidences are their means;
    all three are None without any.
    """

    challenger: ChallengerId
    documents: int
    compared: int
    agreement: float | None
    champion_confidence: float | None
    challenger_confidence: float | None


def shadow_answers(row: Sequence[Any]) -> ShadowAnswers:
    """Return a row of ``SHADOW_ANSWERS``."""
    name, version, ordinal, documents, compared, agreed, champion, challenger = row
    means = [
        total / unit / compared if compared else None
        for total, unit in ((agreed, 1), (champion, UNIT), (challenger, UNIT))
    ]
    return ShadowAnswers(ChallengerId(name, version, ordinal), documents, compared, *means)
