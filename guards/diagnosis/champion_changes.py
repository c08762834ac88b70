"""When another bundle, or another engine of it, answered in a replica."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from guards.moments import from_microseconds, rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from guards.bundle.identity import BundleIdentity
    from guards.diagnosis.documents import Documents
    from guards.events.service_events import ServiceStarted
    from guards.json_types import JsonObject

__all__ = ["ChampionChange", "champion_changes"]

_FINGERPRINT_CHARS = 15


class ChampionChange(NamedTuple):
    """A replica's first document that was answered by something else than the one before it.

    ``at_us`` is in microseconds since 1970, UTC; ``before`` and ``now`` are name, version,
    fingerprint and engine in words.
    """

    at_us: int
    replica: str
    before: str
    now: str

    def to_json(self) -> JsonObject:
        """Return the change as plain JSON."""
        return {
            "at": rfc3339(from_microseconds(self.at_us)),
            "replica": self.replica,
            "from": self.before,
            "to": self.now,
        }


class _Answered(NamedTuple):
    """From when on documents of a replica were answered by a bundle in a run."""

    at_us: int
    replica: str
    fingerprint: str
    run: str


def champion_changes(
    periods: Iterable[Documents],
    identities: Iterable[BundleIdentity],
    starts: Mapping[str, ServiceStarted],
) -> tuple[ChampionChange, ...]:
    """Return the changes of what answered, in the order of their moments.

    The engine is told by the start of the run; where the log does not hold it, a change of the
    engine alone is none.
    """
    names = {each.fingerprint: f"{each.name}/{each.version}" for each in identities}
    last: dict[str, _Answered] = {}
    changes = []
    for each in sorted(answered for documents in periods for answered in _answered(documents)):
        before = last.get(each.replica)
        if before is not None and _differ(before, each, starts):
            words = [_words(side, names, starts) for side in (before, each)]
            changes.append(ChampionChange(each.at_us, each.replica, words[0], words[1]))
        last[each.replica] = each
    return tuple(changes)


def _answered(documents: Documents) -> Iterator[_Answered]:
    """Yield the first document of each stretch that one bundle answered in one run."""
    replicas, runs, champions = documents.replicas, documents.runs, documents.champions
    for code, replica in enumerate(replicas.names):
        rows = np.flatnonzero(replicas.codes == code)
        keys = np.stack([champions.codes[rows], runs.codes[rows]])
        differ = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
        for row in rows[np.append(True, differ)[: len(rows)]].tolist():
            yield _Answered(
                int(documents.observed_at[row]),
                replica,
                champions.names[champions.codes[row]],
                runs.names[runs.codes[row]],
            )


def _differ(before: _Answered, now: _Answered, starts: Mapping[str, ServiceStarted]) -> bool:
    if before.fingerprint != now.fingerprint:
        return True
    engines = {starts[run].champion.engine for run in (before.run, now.run) if run in starts}
    return len(engines) > 1


def _words(
    answered: _Answered, names: Mapping[str, str], starts: Mapping[str, ServiceStarted]
) -> str:
    start = starts.get(answered.run)
    engine = "" if start is None else f", {start.champion.engine}"
    fingerprint = answered.fingerprint[:_FINGERPRINT_CHARS]
    return f"{names[answered.fingerprint]} ({fingerprint}{engine})"
