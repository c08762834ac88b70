"""A day of replicas is merged to the same sum in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.drift.sketch import merge
from load_tests.drift.merging import merge_logs, sample_windows, write_log

if TYPE_CHECKING:
    from pathlib import Path


def test_logs_merge_to_the_sum_of_their_windows(tmp_path: Path) -> None:
    """Windows that were written in parts come back whole, and each is counted once."""
    windows = sample_windows(2)
    logs = [tmp_path / "1.log", tmp_path / "2.log"]
    write_log(logs[0], "1", windows, 3)
    write_log(logs[1], "2", windows[1:], 1)

    merged, turned = merge_logs(logs), merge_logs(reversed(logs))

    first, second = (window.counts for window in windows)
    assert merged.windows == 4
    assert merged.counts == turned.counts == merge(first, second, first, second)
    assert sum(merged.counts["features"]["number_0"]["counts"]) == 200
