"""What services ran in two periods, and whether it mattered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.diagnosis.documents import collect
from guards.diagnosis.our_side import event_study, side_changes
from guards.diagnosis.periods import parse_period
from guards.events.log_table import LogTable
from tests.guards.diagnosis.traffic import BAD, GOOD, Replica, Traffic, write_log

if TYPE_CHECKING:
    from pathlib import Path

    from guards.diagnosis.documents import Documents
    from guards.diagnosis.our_side import SideChange
    from guards.diagnosis.restoring import Restored


def changes(
    path: Path, *replicas: Replica, less: dict[str, float] | None = None
) -> list[tuple[SideChange, Restored | None]]:
    """Return what changed in invented traffic of these replicas, with its event study."""
    log_path = write_log(
        Traffic(per_hour=20, replicas=replicas, less=less or {}), path / "log.jsonl"
    )
    with LogTable.read([log_path]) as log:
        before, now = (_documents(log, text) for text in (GOOD, BAD))
        return [
            (each, event_study("confidence", before, now, each, np.random.default_rng(1)))
            for each in side_changes(before, now, log.starts)
        ]


def _documents(log: LogTable, text: str) -> Documents:
    period = parse_period(text, "--good", ())
    return collect(log.observed(period.start_us, period.end_us), period, {})


def test_nothing_changed(tmp_path: Path) -> None:
    """Runs are others, and so are the names that the replicas have; that is no change."""
    assert changes(tmp_path, Replica("a"), Replica("b")) == []


def test_one_replica_with_another_library_is_held_against_the_others(tmp_path: Path) -> None:
    """The difference of differences is all of the drop; the library is told, and where."""
    ((change, restores),) = changes(
        tmp_path, Replica("a", now={"torch": "2.14.0"}), Replica("b"), less={"a": 0.6}
    )
    assert change.values == {"library torch": (("2.13.0",), ("2.13.0", "2.14.0"))}
    assert (change.replicas, change.others) == (("a",), ("b",))
    assert restores is not None
    assert restores.low < 1 < restores.high
    assert restores.share == pytest.approx(1, abs=0.2)


def test_a_library_that_does_not_matter_restores_nothing(tmp_path: Path) -> None:
    """The confidence fell on both replicas, of which one has another library."""
    ((_, restores),) = changes(
        tmp_path,
        Replica("a", now={"torch": "2.14.0"}),
        Replica("b"),
        less={"a": 0.6, "b": 0.6},
    )
    assert restores is not None
    assert abs(restores.share) < 0.2


def test_what_changed_everywhere_has_nothing_to_be_held_against(tmp_path: Path) -> None:
    """A new bundle on every replica, and what came with it, is one change."""
    now = {"bundle": "sha256:2e", "torch": "2.14.0"}
    ((change, restores),) = changes(
        tmp_path, Replica("a", now=now), Replica("b", now=now), less={"a": 0.6, "b": 0.6}
    )
    assert set(change.values) == {"bundle", "library torch"}
    assert change.values["bundle"] == (("sha256:1f",), ("sha256:2e",))
    assert (change.replicas, change.others) == (("a", "b"), ())
    assert restores is None


def test_changes_of_different_replicas_are_told_apart(tmp_path: Path) -> None:
    """Each with its own study; the one that matters restores the drop."""
    found = changes(
        tmp_path,
        Replica("a", now={"torch": "2.14.0"}),
        Replica("b", now={"bundle": "sha256:2e"}),
        Replica("c"),
        less={"b": 0.9},
    )
    shares = {
        next(iter(change.values)): restores.share
        for change, restores in found
        if restores is not None
    }
    assert shares["bundle"] == pytest.approx(1, abs=0.3)
    assert abs(shares["library torch"]) < 0.6
