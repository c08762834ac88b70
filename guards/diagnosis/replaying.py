"""What a replay restores: how the bundle of the good period answers the documents of the bad one.

Bundle, preprocessing and libraries are undone together, and the documents stay: what is left of the
drop then is theirs. How far the replay of the good period is from what was recorded, because it
runs another engine for example, is taken off.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from guards.diagnosis.blocks import Blocks, draws, interval
from guards.diagnosis.documents import NO_LABEL, Documents, collect
from guards.diagnosis.drop import measured
from guards.diagnosis.restoring import Restored

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from guards.diagnosis.periods import Period
    from guards.events.log_table import LogTable

    Floats = NDArray[np.float64]

__all__ = ["Replayed", "by_one_bundle", "replay_effect", "replay_notes"]

_MIN_DOCUMENTS = 50
_MOST = 0.9
_REPLICATES = 500


@dataclass(frozen=True, slots=True)
class Replayed:
    """Documents of a period with a bundle's answers to them, row by row the same documents."""

    recorded: Documents
    again: Documents

    @classmethod
    def of(
        cls, log: LogTable, fingerprint: str, period: Period, true_labels: Mapping[str, str]
    ) -> Self:
        """Collect what the bundle with this fingerprint answered in replays."""
        batches = list(log.replayed(fingerprint, *astuple(period)))
        # Their runs are those of the replay.
        of_any_run = replace(period, run=None)
        recorded, again = (
            collect(side, of_any_run, true_labels)
            for side in ((each.recorded for each in batches), (each.again for each in batches))
        )
        return cls(recorded, again)

    def __len__(self) -> int:
        """Return the number of documents."""
        return len(self.recorded)


def replay_effect(
    measure: str,
    sides: Sequence[Documents],
    replays: Sequence[Replayed],
    replicas: Collection[str],
    generator: np.random.Generator,
) -> Restored | None:
    """Return the share of the drop that is gone in the replay; None where too little was replayed.

    ``sides`` and ``replays`` are those of the good and of the bad period. In replicas that are not
    named, the answers stay as they were. The interval is that of samples of whole hours.
    """
    if measured(measure, replays[1].recorded)[1].sum() < _MIN_DOCUMENTS:
        return None
    blocks = [
        _two_cells(measure, documents, replayed, replicas)
        for documents, replayed in zip(sides, replays, strict=True)
    ]
    share = float(_share(blocks, [np.ones((1, len(each))) for each in blocks])[0])
    if not np.isfinite(share):
        return None
    weights = [draws(len(each), len(each), _REPLICATES, generator) for each in blocks]
    return Restored(share, *interval(_share(blocks, weights)))


def by_one_bundle(
    sides: tuple[Documents, Documents], replays: Sequence[Replayed]
) -> tuple[tuple[Documents, Documents], tuple[Documents, Documents]]:
    """Return the documents of both periods as they were recorded, and as one bundle answers them.

    They are the same documents row by row: those that were replayed, if most of either period were,
    and otherwise all, as they were recorded.
    """
    pairs = list(zip(sides, replays, strict=True))
    if any(
        len(replayed) < max(_MOST * len(side), _MIN_DOCUMENTS)
        or _labelled(replayed.recorded) < _MOST * _labelled(side)
        for side, replayed in pairs
    ):
        return sides, sides
    good, bad = replays
    return (good.recorded, bad.recorded), (good.again, bad.again)


def _labelled(documents: Documents) -> int:
    return int((documents.right != NO_LABEL).sum())


def replay_notes(
    log: LogTable, fingerprint: str, bad: Documents, replays: Sequence[Replayed]
) -> Iterator[str]:
    """Yield what a replay cannot tell: of another bundle, or of documents that it does not have."""
    good, replayed = replays
    if len(replayed) >= _MIN_DOCUMENTS > len(good):
        yield (
            "the good period was not replayed: where the replay answers otherwise for another "
            "reason, such as another engine, that counts as restored; replay both periods"
        )
    bundles = log.replayed_bundles
    if bundles and all(bundle.fingerprint != fingerprint for bundle in bundles):
        yield "the replay is of another bundle than that of the good period, and tells nothing here"
    elif 0 < len(replayed) < _MIN_DOCUMENTS:
        yield (
            f"{len(replayed)} of {len(bad)} documents of the bad period were replayed: fewer than "
            f"{_MIN_DOCUMENTS} tell nothing"
        )
    elif 0 < len(replayed) < _MOST * len(bad):
        yield (
            f"{len(replayed)} of {len(bad)} documents of the bad period were replayed: what is "
            "restored holds for these"
        )


def _two_cells(
    measure: str, documents: Documents, replayed: Replayed, replicas: Collection[str]
) -> Blocks:
    """Return what is measured of all documents, and how far a replay moves it, by hour."""
    values, rows = measured(measure, documents)
    before, known = measured(measure, replayed.recorded)
    after, _ = measured(measure, replayed.again)
    undone = np.isin(
        replayed.recorded.replicas.codes,
        [code for code, name in enumerate(replayed.recorded.replicas.names) if name in replicas],
    )
    moved = np.where(undone, after - before, 0.0)
    hours = [documents.hours[rows], replayed.recorded.hours[known]]
    return Blocks.of(
        np.concatenate(hours),
        np.concatenate([values[rows], moved[known]]),
        np.repeat([0, 1], [len(each) for each in hours]),
        2,
    )


def _share(blocks: Sequence[Blocks], weights: Sequence[Floats]) -> Floats:
    """Return the share of the drop that the replay takes back, float64 [draws]."""
    means = []
    for side, weight in zip(blocks, weights, strict=True):
        documents, sums = side.resampled(weight)
        means.append(np.divide(sums, documents, out=np.zeros_like(sums), where=documents > 0))
    good, bad = means
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((bad[:, 1] - good[:, 1]) / (good[:, 0] - bad[:, 0]))
