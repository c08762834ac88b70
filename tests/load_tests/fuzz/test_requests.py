"""A short part of the fuzz of requests: what a service with keys answers to hostile ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from load_tests.fuzz.report import Report
from load_tests.fuzz.request.service import serving
from load_tests.fuzz.requests import try_requests

if TYPE_CHECKING:
    from pathlib import Path


def test_hostile_requests_are_refused(champion: Path, tmp_path: Path) -> None:
    """No answer without a key, none of 5xx, no text of a body in a log, and it serves on."""
    report = Report("requests", seed=5)
    with serving(champion, tmp_path, with_challenger=False) as service:
        try_requests(service, 5, range(150), report)

    assert report.count == 150
    assert [str(failure) for failure in report.failures] == []
