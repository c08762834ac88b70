"""A short part of the fuzz of bundles: what the guard makes of eight of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from load_tests.fuzz.bundles import try_bundles
from load_tests.fuzz.drawing import draw_damaged
from load_tests.fuzz.report import Report

if TYPE_CHECKING:
    from pathlib import Path


def test_damaged_bundles_are_refused_or_harmless(bases: list[Path], tmp_path: Path) -> None:
    """Nothing dies, hangs, runs or prints; what passes answers hostile documents with numbers."""
    report = Report("bundles", seed=5)
    drawn = {
        tmp_path / str(number): draw_damaged(5, number, bases, tmp_path / str(number))
        for number in range(8)
    }

    try_bundles(drawn, report, tmp_path / "kept")

    assert report.count == 8
    assert [str(failure) for failure in report.failures] == []
