"""What challengers answered beside the champion, in the good period and in the bad one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.events.shadow_answers import ShadowAnswers
    from guards.evidence.pair import ChallengerId
    from guards.json_types import JsonObject

__all__ = ["Shadow", "shadows"]


class Shadow(NamedTuple):
    """A challenger, and what it answered in each period; None where it was offered nothing."""

    challenger: ChallengerId
    good: ShadowAnswers | None
    bad: ShadowAnswers | None

    def to_json(self) -> JsonObject:
        """Return both periods as plain JSON."""
        return {
            **self.challenger.to_json(),
            **{
                name: None if side is None else _json(side)
                for name, side in (("good", self.good), ("bad", self.bad))
            },
        }


def shadows(good: Sequence[ShadowAnswers], bad: Sequence[ShadowAnswers]) -> tuple[Shadow, ...]:
    """Return the challengers of two periods in the order of their ids."""
    sides = [{each.challenger: each for each in side} for side in (good, bad)]
    ids = sorted({*sides[0], *sides[1]})
    return tuple(Shadow(each, sides[0].get(each), sides[1].get(each)) for each in ids)


def _json(side: ShadowAnswers) -> JsonObject:
    return {
        "documents": side.documents,
        "compared": side.compared,
        "agreement": side.agreement,
        "confidence": {
            "champion": side.champion_confidence,
            "challenger": side.challenger_confidence,
        },
    }
