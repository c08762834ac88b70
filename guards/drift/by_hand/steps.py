"""A number of a score, and how it comes about."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Step", "noise_of", "noise_text", "number"]


@dataclass(frozen=True, slots=True)
class Step:
    """A number, or a truth, and its formula with the numbers put in; None without any value."""

    name: str
    value: float | None
    formula: str


def number(value: float) -> str:
    """Return a number with the six digits that a calculator needs."""
    return f"{value:.6g}"


def noise_of(rows: int, documents: int) -> float:
    """Return 1/m + 1/n over rows and documents, neither of which is 0."""
    return 1 / rows + 1 / documents


def noise_text(rows: int, documents: int) -> str:
    """Return the formula of ``noise_of``."""
    return f"s = 1/{rows} + 1/{documents} = {number(noise_of(rows, documents))}"
