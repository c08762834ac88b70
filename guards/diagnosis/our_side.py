"""What changed on our side: what the services of two periods ran, by their first log lines."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.diagnosis.blocks import Blocks, draws, interval
from guards.diagnosis.drop import measured
from guards.diagnosis.restoring import Restored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from guards.diagnosis.documents import Documents
    from guards.events.service_events import ServiceStarted

    Floats = NDArray[np.float64]

__all__ = ["SideChange", "event_study", "side_changes"]

_NOT_TOLD = frozenset({"champion", "challengers", "log_file", "replica", "roles_file"})
"""Settings that say where a service finds something; the bundle is told by its fingerprint."""

_Where = tuple[tuple[str, ...], tuple[str, ...]]
_ByReplica = dict[str, dict[str, int]]
_BeforeAndNow = tuple[tuple[str, ...], tuple[str, ...]]

_REPLICATES = 500


@dataclass(frozen=True, slots=True)
class SideChange:
    """What differs between two periods in the same replicas, and so cannot be told apart.

    ``values`` map what differs to its values in the good and in the bad period. ``replicas`` are
    those where it differs, and ``others`` those with documents in both periods where nothing of it
    does. ``since_us`` is when the first bad document was answered with a value that is new there.
    """

    values: Mapping[str, _BeforeAndNow]
    replicas: tuple[str, ...]
    others: tuple[str, ...]
    since_us: int


def side_changes(
    good: Documents, bad: Documents, starts: Mapping[str, ServiceStarted]
) -> list[SideChange]:
    """Return what differs between the runs of two periods, in the order of its replicas.

    A run whose start the logs do not hold tells its bundle alone, and is compared in nothing else.
    """
    before, now = _values(good, starts), _values(bad, starts)
    together: defaultdict[_Where, dict[str, _BeforeAndNow]] = defaultdict(dict)
    since: defaultdict[_Where, list[int]] = defaultdict(list)
    for name in sorted(before.keys() & now.keys()):
        replicas = _differing(before[name], now[name])
        if replicas:
            others = (before[name].keys() & now[name].keys()) - set(replicas)
            where = replicas, tuple(sorted(others))
            together[where][name] = (_distinct(before[name]), _distinct(now[name]))
            since[where] += _first_us(before[name], now[name], replicas)
    return [
        SideChange(together[where], *where, since_us=min(since[where]))
        for where in sorted(together)
    ]


def event_study(
    measure: str,
    good: Documents,
    bad: Documents,
    change: SideChange,
    generator: np.random.Generator,
) -> Restored | None:
    """Return the share of the drop that is there only where something changed; None if it is all.

    The difference of differences (Card and Krueger 1994): how much further what is measured fell in
    the replicas where it changed than in the others at the same time, times their share of the bad
    documents. The interval is that of samples of whole hours.
    """
    if not change.others:
        return None
    sides = [_two_groups(measure, documents, change) for documents in (good, bad)]
    ones = [np.ones((1, len(side))) for side in sides]
    share = float(_difference(sides, ones)[0])
    if not np.isfinite(share):
        return None
    weights = [draws(len(side), len(side), _REPLICATES, generator) for side in sides]
    return Restored(share, *interval(_difference(sides, weights)))


def _values(documents: Documents, starts: Mapping[str, ServiceStarted]) -> dict[str, _ByReplica]:
    """Return for everything, by its name and the replica, its values, and when they came first."""
    found: defaultdict[str, defaultdict[str, dict[str, int]]]
    found = defaultdict(lambda: defaultdict(dict))
    for run, replica, fingerprint, first_us in _runs(documents):
        for name, value in _told(fingerprint, starts.get(run)).items():
            values = found[name][replica]
            values[value] = min(first_us, values.get(value, first_us))
    return {name: dict(by_replica) for name, by_replica in found.items()}


def _runs(documents: Documents) -> Iterator[tuple[str, str, str, int]]:
    """Yield each run with its replica, its bundle's fingerprint, and its first moment."""
    columns = (documents.runs, documents.replicas, documents.champions)
    codes = np.stack([column.codes for column in columns])
    distinct, first = np.unique(codes, axis=1, return_index=True)
    for numbers, row in zip(distinct.T.tolist(), first.tolist(), strict=True):
        run, replica, champion = (
            column.names[number] for column, number in zip(columns, numbers, strict=True)
        )
        yield run, replica, champion, int(documents.observed_at[row])


def _told(fingerprint: str, started: ServiceStarted | None) -> dict[str, str]:
    """Return everything that a run answers with, as texts by name."""
    found = {"bundle": fingerprint}
    if started is None:
        return found
    environment = started.environment
    found |= {
        "engine": str(started.engine.get("name")),
        "columns": str(started.columns),
        "git commit": str(started.git_commit),
    }
    for kind, values in (
        ("library", environment.get("libraries", {})),
        ("cpu", environment.get("cpu", {})),
        ("setting", started.settings),
    ):
        for name, value in values.items():
            if name not in _NOT_TOLD:
                found[f"{kind} {name}"] = str(value)
    return found


def _differing(before: _ByReplica, now: _ByReplica) -> tuple[str, ...]:
    """Return the replicas where values differ; of those that are new, where they are new."""
    known = set(_distinct(before))
    differ = {
        replica
        for replica, values in now.items()
        if (
            values.keys() != before[replica].keys()
            if replica in before
            else not values.keys() <= known
        )
    }
    return tuple(sorted(differ))


def _first_us(before: _ByReplica, now: _ByReplica, replicas: Iterable[str]) -> list[int]:
    """Return when values came that a replica had not before; if none did, when it answered."""
    firsts = []
    for replica in replicas:
        new = [at for value, at in now[replica].items() if value not in before.get(replica, ())]
        firsts.append(min(new or now[replica].values()))
    return firsts


def _distinct(by_replica: _ByReplica) -> tuple[str, ...]:
    return tuple(sorted({value for values in by_replica.values() for value in values}))


def _two_groups(measure: str, documents: Documents, change: SideChange) -> Blocks:
    """Return the documents of replicas where something changed, and of the others, by hour."""
    values, rows = measured(measure, documents)
    groups = np.array([_group(name, change) for name in documents.replicas.names], dtype=np.int64)
    cells = groups[documents.replicas.codes]
    rows = rows & (cells >= 0)
    return Blocks.of(documents.hours[rows], values[rows], cells[rows], 2)


def _group(replica: str, change: SideChange) -> int:
    if replica in change.replicas:
        return 0
    return 1 if replica in change.others else -1


def _difference(sides: Sequence[Blocks], weights: Sequence[Floats]) -> Floats:
    """Return the share of the drop by the difference of differences, float64 [draws]."""
    means, whole, changed = [], [], np.zeros(0)
    for side, weight in zip(sides, weights, strict=True):
        documents, sums = side.resampled(weight)
        with np.errstate(invalid="ignore", divide="ignore"):
            means.append(sums / documents)
            whole.append(sums.sum(axis=1) / documents.sum(axis=1))
            changed = documents[:, 0] / documents.sum(axis=1)
    shift = means[1] - means[0]
    # Replicas that are new have no good documents: the others tell what they would have been.
    further = np.where(
        np.isnan(shift[:, 0]), means[1][:, 0] - means[1][:, 1], shift[:, 0] - shift[:, 1]
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(further * changed / (whole[1] - whole[0]))
