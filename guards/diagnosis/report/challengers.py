"""What challengers answered beside the champion in both periods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.diagnosis.report.sides import PERIODS
from guards.pages.bars import BarRow, bar_table
from guards.pages.elements import escaped, faint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from guards.diagnosis.shadows import Shadow

__all__ = ["challengers_of"]


def challengers_of(shadows: Sequence[Shadow]) -> Iterator[str]:
    """Yield a table of agreement and confidences for each challenger."""
    for shadow in shadows:
        name, sides = str(shadow.challenger), (shadow.good, shadow.bad)
        yield f"<h3>{escaped(name)}</h3>"
        offered, compared = (
            [0 if side is None else getattr(side, field) for side in sides]
            for field in ("documents", "compared")
        )
        yield faint(
            f"Compared {compared[0]} of {offered[0]} good documents that it was offered, "
            f"and {compared[1]} of {offered[1]} bad ones."
        )
        rows = []
        for told, field in (
            ("agrees with the champion", "agreement"),
            ("confidence of the champion", "champion_confidence"),
            (f"confidence of {name}", "challenger_confidence"),
        ):
            good, bad = (None if side is None else getattr(side, field) for side in sides)
            rows.append(BarRow(told, (good, bad), (_told(good), _told(bad))))
        yield bar_table(f"{name} in both periods", ("what", *PERIODS), rows, largest=1.0)


def _told(value: float | None) -> str:
    return "none" if value is None else f"{value:.4f}"
