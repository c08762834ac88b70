"""The table: what was measured, with what it is compared, and whether that is enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Row", "Target", "as_table"]

_HEADINGS = ("what", "measured", "compared with", "ratio", "target", "met")


@dataclass(frozen=True, slots=True)
class Target:
    """A bound for a row's ratio; ``text`` is how it reads where the bound alone says too little."""

    least: float | None = None
    most: float | None = None
    text: str = ""

    def met(self, value: float) -> bool:
        """Whether the value is within it; one that is not a number never is."""
        return (self.least is None or value >= self.least) and (
            self.most is None or value <= self.most
        )

    def __str__(self) -> str:
        """Give it in short."""
        bounds = (("≥", self.least), ("≤", self.most))
        return self.text or ", ".join(f"{sign} {at:g}" for sign, at in bounds if at is not None)


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison.

    ``judged`` is the number that the target is for, where that is not the ratio.
    """

    what: str
    measured: str
    compared: str = ""
    ratio: float | None = None
    target: Target | None = None
    judged: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without a target, or without what it is for."""
        value = self.ratio if self.judged is None else self.judged
        return None if self.target is None or value is None else self.target.met(value)

    def cells(self) -> tuple[str, ...]:
        """Give what is printed."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        met = {None: "", True: "yes", False: "no"}[self.met]
        return self.what, self.measured, self.compared, ratio, str(self.target or ""), met

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "what": self.what,
            "measured": self.measured,
            "compared_with": self.compared,
            "ratio": self.ratio,
            "target": str(self.target or "") or None,
            "met": self.met,
        }


def as_table(rows: list[Row]) -> str:
    """Lay rows out in columns."""
    lines = [_HEADINGS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
