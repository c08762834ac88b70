"""What is likely not meant in what a diagnosis was given: it goes on, and says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from guards.bundle.identity import BundleIdentity
    from guards.diagnosis.documents import Documents
    from guards.diagnosis.drop import Drop
    from guards.events.reading import LogAccount

__all__ = ["bundle_notes", "exchanged_notes", "log_notes"]

_MAX_TOLD = 4


def log_notes(account: LogAccount) -> Iterator[str]:
    """Yield what of the lines of a log was left out, and what to do."""
    if account.torn:
        yield (
            f"left out: {counted(account.torn, 'torn line')}, as at the end of a file that was "
            "copied while it was written; copy it again to have all of it"
        )
    if account.malformed:
        yield (
            f"left out: {counted(account.malformed, 'malformed line')}, which no Understudy wrote "
            "so; look what else writes into the file"
        )
    if account.duplicates:
        yield (
            f"left out: {counted(account.duplicates, 'line')} that others are copies of, as where "
            "a file is given twice: each counts once; nothing is to be done"
        )
    if account.newer_schema:
        yield (
            f"left out: {counted(account.newer_schema, 'line')} of a newer schema; read the log "
            "with a newer Understudy"
        )
    for broken in account.broken:
        yield (
            f"{broken.path} could be read in part only ({broken.reason}); copy it again to have "
            "all of it"
        )


def bundle_notes(
    sides: tuple[Documents, Documents], identities: Collection[BundleIdentity]
) -> Iterator[str]:
    """Yield a note where bundles of several names answered, or several of one name in a period.

    ``identities`` are those of all bundles that answered.
    """
    known = {each.fingerprint: each for each in identities}
    names = [_counts(side, {key: each.name for key, each in known.items()}) for side in sides]
    if len({*names[0], *names[1]}) > 1:
        yield (
            f"bundles of several names answered ({_told(names)}): if these are several services, "
            "diagnose the logs of each by themselves"
        )
        return
    told = {key: f"{each.name}/{each.version} {key[:15]}" for key, each in known.items()}
    bundles = [_counts(side, told) for side in sides]
    if any(len(side) > 1 for side in bundles):
        yield (
            f"several bundles answered in one period ({_told(bundles)}): to compare one with "
            "another, name their runs by --good and --bad, or the moment from one to the other"
        )


def exchanged_notes(drop: Drop) -> Iterator[str]:
    """Yield a note where the answers of the bad period are better than those of the good one."""
    change = drop.changes[drop.measure]
    better = -change.size if drop.measure == "boundary" else change.size
    if better > 0 and drop.is_beyond_chance(drop.measure) and not drop.fell("accuracy"):
        yield (
            f"{drop.measure} is better in the bad period than in the good one "
            f"({change.before:.4f} → {change.now:.4f}): exchange --good and --bad if they were "
            "mixed up"
        )


def _counts(documents: Documents, names: Mapping[str, str]) -> dict[str, int]:
    """Return how many documents bundles of each name answered, by the names of fingerprints."""
    found: dict[str, int] = {}
    for fingerprint, count in documents.champions.counts().items():
        name = names[fingerprint]
        found[name] = found.get(name, 0) + count
    return found


def _told(sides: Sequence[Mapping[str, int]]) -> str:
    good, bad = (", ".join(_largest(side)) for side in sides)
    return f"good: {good}; bad: {bad}"


def _largest(counts: Mapping[str, int]) -> Iterator[str]:
    by_size = sorted(counts, key=lambda name: (-counts[name], name))
    for name in by_size[:_MAX_TOLD]:
        yield f"{printable(name)} {counted(counts[name], 'document')}"
    if len(by_size) > _MAX_TOLD:
        yield f"and {len(by_size) - _MAX_TOLD} more"
