"""A guardrail for a class that the champion does not know stops the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from artifacts.bundle.opening import open_bundle
from service.lifecycle.preflight import check_bundles
from service.settings import SettingsError, read_settings

if TYPE_CHECKING:
    from pathlib import Path

    from service.settings import Settings


def settings_with(champion: Path, guardrails: str) -> Settings:
    """Return the settings of a service with these guardrails."""
    return read_settings(
        {"UNDERSTUDY_CHAMPION": str(champion), "UNDERSTUDY_GUARDRAILS": guardrails}
    )


def test_an_unknown_class_is_a_wrong_setting(champion: Path) -> None:
    """The message names the setting, the guardrail and the labels."""
    with pytest.raises(SettingsError) as error:
        check_bundles(settings_with(champion, "class:invoices=.03"))

    complaint = str(error.value)
    assert complaint.startswith(
        "UNDERSTUDY_GUARDRAILS: guardrail class:invoices=0.03: 'invoices' is none of the "
        "champion's labels: "
    )
    for label in open_bundle(champion).labels:
        assert repr(label) in complaint


def test_a_known_class_and_any_segment_may_start(
    champion: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which segments there will be, nobody knows before."""
    monkeypatch.delenv("_UNDERSTUDY_JUDGED", raising=False)
    assert check_bundles(settings_with(champion, "class:invoice=.03,segment:emea=.05")) == 0
