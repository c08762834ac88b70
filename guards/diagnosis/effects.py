"""Words and columns that drive a bundle's answers to the documents of two periods differently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from guards.json_types import JsonObject

__all__ = ["DifferingEffect", "Effects"]


@dataclass(frozen=True, slots=True)
class DifferingEffect:
    """A word or a column whose mean effect on the answers differs between two periods.

    ``before`` and ``after`` are the means over the documents of the good and of the bad period: of
    a word, what it adds to the logit of the answer ``label``; of a column, by how much the
    probability of the answer falls where its values are permuted, and its ``label`` is None.
    """

    subject: str
    kind: Literal["word", "column"]
    label: str | None
    before: float
    after: float
    p_value: float

    def to_json(self) -> JsonObject:
        """Return it as plain JSON."""
        return {
            "subject": self.subject,
            "kind": self.kind,
            "class": self.label,
            "before": self.before,
            "after": self.after,
            "p_value": self.p_value,
        }


@dataclass(frozen=True, slots=True)
class Effects:
    """The effects that differ, those of the smallest p-value first, and of these the largest.

    ``bundle`` is the name and version of the one that answered, ``documents`` are the numbers of
    those that it explained, of the good and of the bad period, and ``sampled`` says that there are
    others. Of the ``tested`` words and columns the ``differing`` ones are discoveries at a false
    discovery rate of ``rate``.
    """

    bundle: str
    documents: tuple[int, int]
    sampled: bool
    rate: float
    tested: int
    differing: tuple[DifferingEffect, ...]

    def to_json(self) -> JsonObject:
        """Return them as plain JSON."""
        return {
            "bundle": self.bundle,
            "documents": {"good": self.documents[0], "bad": self.documents[1]},
            "sampled": self.sampled,
            "rate": self.rate,
            "tested": self.tested,
            "differing": [each.to_json() for each in self.differing],
        }
