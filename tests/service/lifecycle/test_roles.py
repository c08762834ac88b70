"""The judgement of all roles, and how it reaches the worker."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from guards.bundle.identity import BundleIdentity
from guards.bundle.sealed_files import read_sealed
from guards.errors import Finding
from service.lifecycle.judging import Judgement
from service.lifecycle.preflight import check_bundles
from service.lifecycle.roles import JUDGED, hand_over, handed_over, judge_roles
from service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IDENTITY = BundleIdentity("docs", "1", "sha256:ab")
FINDING = Finding("part_changed", "x" * 1000, "y" * 1000, "z" * 1000)
SETTINGS = Settings(champion="a", challengers=("b", "c"))
JUDGEMENTS = [
    Judgement("a", identity=IDENTITY, labels=("x", "y")),
    Judgement("b", (FINDING,) * 50),
    Judgement("c", identity=IDENTITY, tolerated=(FINDING,)),
]


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """Leave the environment as it was."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(JUDGED, "")
        yield


def test_a_worker_gets_what_it_needs() -> None:
    """Who passed, by fingerprint, and some of the findings, cut."""
    hand_over(JUDGEMENTS)

    judgements = handed_over(SETTINGS)
    assert judgements is not None
    champion, refused, tolerated = judgements

    assert champion == Judgement("a", identity=IDENTITY)
    assert refused.identity is None
    assert [finding.code for finding in refused.findings] == ["part_changed"] * 8
    assert refused.findings[0].subject == "x" * 300 + "… (1000 characters)"
    assert tolerated == Judgement("c", identity=IDENTITY)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[", "{}", "[1]", "null", '[{"path": "a"}]'),
        json.dumps([judgement.to_json() for judgement in JUDGEMENTS[:2]]),
        json.dumps([judgement.to_json() for judgement in JUDGEMENTS[::-1]]),
    ],
)
def test_what_was_not_left_for_these_settings_does_not_count(text: str) -> None:
    """Malformed, of fewer bundles, or in another order: the bundles are judged again."""
    os.environ[JUDGED] = text

    assert handed_over(SETTINGS) is None


def test_too_much_is_not_handed_over() -> None:
    """The system would refuse to start any process; what was there before is gone too."""
    hand_over(JUDGEMENTS)

    hand_over([JUDGEMENTS[0], *JUDGEMENTS[1:2] * 50])

    assert JUDGED not in os.environ


def test_only_a_start_that_may_go_on_hands_over(champion: Path, tmp_path: Path) -> None:
    """The root fingerprint of what was judged; nothing where the start ends."""
    settings = Settings(champion=str(champion), log_file=tmp_path / "log.jsonl", replica="here")
    assert check_bundles(settings) == 0
    judgements = handed_over(settings)
    assert judgements is not None
    (judgement,) = judgements
    assert judgement.identity == read_sealed(champion).manifest.identity

    refused = Settings(
        champion=str(tmp_path / "nothing"), log_file=tmp_path / "log.jsonl", replica="here"
    )
    assert check_bundles(refused) == 78
    assert handed_over(refused) is None


def test_a_refusal_is_logged_where_documents_will_be(tmp_path: Path) -> None:
    """To a file that nobody else may read, under a setting that captures documents."""
    log = tmp_path / "log.jsonl"
    refused = Settings(
        champion=str(tmp_path / "nothing"), log_file=log, replica="here", capture="all"
    )
    assert check_bundles(refused) == 78
    assert "guard.refused" in log.read_text(encoding="utf-8")
    assert log.stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("in_a_child")
def test_one_child_judges_all_roles(
    champion: Path, challenger: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The roles in their order, each by its own requirements; nothing is printed."""
    pin = read_sealed(champion).manifest.fingerprint
    settings = Settings(
        champion=str(champion),
        challengers=(str(challenger), str(tmp_path / "nothing")),
        pin=pin,
        engine="torch",
    )

    judgements = judge_roles(settings)

    names = [judgement.identity and judgement.identity.version for judgement in judgements]
    assert names == ["1", "2", None]
    assert judgements[0].labels == judgements[1].labels
    assert [finding.code for finding in judgements[2].findings] == ["bundle_missing"]
    assert capfd.readouterr() == ("", "")
