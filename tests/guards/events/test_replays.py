"""Replays in logs: apart from what services answered, and by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guards.bundle.identity import BundleIdentity
from guards.diagnosis.periods import EVERYTHING
from guards.events.log_table import LogTable
from tests.guards.diagnosis.traffic import Traffic, write_log, write_replay

if TYPE_CHECKING:
    from pathlib import Path

TRAFFIC = Traffic(per_hour=2, less={"replica-1": 0.6})
SPAN = EVERYTHING.start_us, EVERYTHING.end_us


@pytest.fixture
def logs(tmp_path: Path) -> list[Path]:
    """Return the log of a service, and that of a replay."""
    return [
        write_log(TRAFFIC, tmp_path / "log.jsonl"),
        write_replay(TRAFFIC, tmp_path / "replayed.jsonl"),
    ]


def test_what_a_replay_answered_is_no_traffic(logs: list[Path]) -> None:
    """Beside the log that it replays it changes nothing that is told of the services."""
    with LogTable.read(logs[:1]) as log:
        alone = [ids for columns in log.observed(*SPAN) for ids in columns.request_ids]
        champions, runs = log.champions, log.runs
    with LogTable.read(logs[::-1]) as log:
        assert [ids for columns in log.observed(*SPAN) for ids in columns.request_ids] == alone
        assert (log.champions, log.runs) == (champions, runs)
        assert log.account.lines == 2 * len(alone) + 5


def test_documents_are_joined_with_their_replay(logs: list[Path]) -> None:
    """Row by row: the same document, once as it was answered and once as in the replay."""
    with LogTable.read([*logs, write_replay(TRAFFIC, logs[0].with_name("again.jsonl"))]) as log:
        (columns,) = log.replayed("sha256:1f", *SPAN)
        (observed,) = log.observed(*SPAN)
        assert log.replayed_bundles == (BundleIdentity("docs", "1", "sha256:1f"),)
        assert list(log.replayed("sha256:2e", *SPAN)) == []
    recorded, again = columns
    assert recorded.request_ids == observed.request_ids
    assert recorded.runs.names == observed.runs.names
    half = len(observed.request_ids) // 2
    assert (again.confidence[: half // 2] == recorded.confidence[: half // 2]).all()
    assert (again.confidence[-half // 2 :] > recorded.confidence[-half // 2 :]).all()
    assert (again.observed_at == recorded.observed_at).all()


def test_a_replay_by_itself_is_what_there_is_to_look_at(logs: list[Path]) -> None:
    """So that periods of it can be compared."""
    with LogTable.read(logs[1:]) as log:
        assert sum(len(columns.request_ids) for columns in log.observed(*SPAN)) > 0
        assert log.replayed_bundles == ()
