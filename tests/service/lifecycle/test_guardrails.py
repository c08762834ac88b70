"""A guardrail for a class that the champion does not know stops the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifacts.bundle.opening import open_bundle
from service.lifecycle import preflight
from service.settings import PREFIX

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_an_unknown_class_is_a_wrong_setting(
    champion: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the setting, the guardrail and the labels; the exit code is 2."""
    monkeypatch.setenv(f"{PREFIX}CHAMPION", str(champion))
    monkeypatch.setenv(f"{PREFIX}GUARDRAILS", "class:invoices=.03")
    assert preflight.main() == 2
    expected = (
        "understudy: UNDERSTUDY_GUARDRAILS: guardrail class:invoices=0.03: 'invoices' is none of "
        "the champion's labels: "
    )
    (complaint,) = capsys.readouterr().err.splitlines()
    assert complaint.startswith(expected)
    for label in open_bundle(champion).labels:
        assert repr(label) in complaint


def test_a_known_class_and_any_segment_may_start(
    champion: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which segments there will be, nobody knows before."""
    monkeypatch.setenv(f"{PREFIX}CHAMPION", str(champion))
    monkeypatch.setenv(f"{PREFIX}GUARDRAILS", "class:invoice=.03,segment:emea=.05")
    assert preflight.main() == 0
