"""What undoing changes on our side restores: by a replay, or by replicas without the change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from guards.diagnosis.findings import served_finding, side_finding
from guards.diagnosis.our_side import event_study, side_changes
from guards.diagnosis.replaying import replay_effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np

    from guards.diagnosis.documents import Documents
    from guards.diagnosis.findings import DiagnosisFinding
    from guards.diagnosis.our_side import SideChange
    from guards.diagnosis.replaying import Replayed
    from guards.diagnosis.restoring import Restored
    from guards.events.service_events import ServiceStarted

__all__ = ["OurSide"]

_MIN_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class OurSide:
    """The changes, each with what undoing it restores, None where nothing tells.

    ``served`` is the share of the drop that a replay takes back although nothing is said to have
    changed: services answer otherwise than the bundle that they name. It is None where they do not,
    or there is no replay.
    """

    changes: Sequence[tuple[SideChange, Restored | None]]
    served: Restored | None

    @classmethod
    def of(
        cls,
        starts: Mapping[str, ServiceStarted],
        sides: tuple[Documents, Documents],
        replays: Sequence[Replayed],
        measure: str,
        generator: np.random.Generator,
    ) -> Self:
        """Compare the runs of the good and the bad period; ``starts`` are by run."""
        changes = side_changes(*sides, starts)
        undone = [
            replay_effect(measure, sides, replays, change.replicas, generator)
            or event_study(measure, *sides, change, generator)
            for change in changes
        ]
        served = None
        if not changes:
            everywhere = sides[1].replicas.names
            served = replay_effect(measure, sides, replays, everywhere, generator)
            if served is not None and (served.low <= 0 or served.share < _MIN_SHARE):
                served = None
        return cls(list(zip(changes, undone, strict=True)), served)

    @property
    def other_model(self) -> bool:
        """Whether another model answers, so that its labels are no input."""
        return self.served is not None or any("bundle" in each.values for each, _ in self.changes)

    @property
    def restored(self) -> list[Restored] | None:
        """What is restored; None where that is not known of each change."""
        found = [restores for _, restores in self.changes]
        if self.served is not None:
            found.append(self.served)
        known = [restores for restores in found if restores is not None]
        return known if len(known) == len(found) else None

    def findings(self, left: float, bad: Documents) -> Iterator[DiagnosisFinding]:
        """Yield what there is to say; ``left`` is the share of the drop that no input holds."""
        for change, restores in self.changes:
            yield side_finding(change, restores, left)
        if self.served is not None:
            yield served_finding(self.served, sorted(bad.replicas.names))
