"""What a look may find: an alarm that is raised, or one that is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from guards.drift.alarm.splits import Split

__all__ = ["Cleared", "Direction", "Event", "Raised"]

Direction = Literal["up", "down"]


@dataclass(frozen=True, slots=True, eq=False)
class Raised:
    """A series has moved away from its reference.

    ``log_evidence`` is the natural logarithm of the e-value of the start at ``start_minute``, and
    ``log_threshold`` what it had to reach. Since that start, in ``minutes`` minutes, there were
    ``documents`` documents with the ``counts`` int64 [cells + 2]. The ``split`` that says most had
    a ``share`` of them, against ``reference_share`` (at those hours, where the reference has
    hours).
    """

    series: str
    minute: int
    start_minute: int
    minutes: int
    documents: int
    log_evidence: float
    log_threshold: float
    split: Split
    direction: Direction
    share: float
    reference_share: float
    counts: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Cleared:
    """A series that was raised is back at its reference.

    In the last ``minutes`` minutes, with ``documents`` documents, no share differed from the
    reference by more than half the floor and chance. ``effect`` is the largest difference on the
    arcsine scale, chance included.
    """

    series: str
    minute: int
    minutes: int
    documents: int
    effect: float


Event = Raised | Cleared
