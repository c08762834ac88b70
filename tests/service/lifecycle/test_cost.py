"""A cost table without the champion's labels stops the start; with them, the status has costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from artifacts.bundle.opening import open_bundle
from service.lifecycle.preflight import check_bundles
from service.settings import SettingsError, read_settings

if TYPE_CHECKING:
    from pathlib import Path

    from service.settings import Settings


def settings_with(champion: Path, folder: Path, labels: tuple[str, ...]) -> Settings:
    """Return the settings of a service with a table of these labels, where an error costs 1."""
    table = folder / "costs.csv"
    lines = [",".join([true, *(str(int(true != label)) for label in labels)]) for true in labels]
    table.write_text("\n".join([",".join(["true", *labels]), *lines]) + "\n")
    return read_settings({"UNDERSTUDY_CHAMPION": str(champion), "UNDERSTUDY_COST": str(table)})


def test_a_table_of_other_labels_is_a_wrong_setting(champion: Path, tmp_path: Path) -> None:
    """The message names the setting, the file, its labels and those of the champion."""
    labels = open_bundle(champion).labels
    with pytest.raises(SettingsError) as error:
        check_bundles(settings_with(champion, tmp_path, (*labels[1:], "invoices")))

    complaint = str(error.value)
    assert complaint.startswith(f"UNDERSTUDY_COST: {tmp_path / 'costs.csv'}: its columns are ")
    for label in (*labels, "invoices"):
        assert repr(label) in complaint


def test_a_table_of_the_champions_labels_may_start(
    champion: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever their order."""
    monkeypatch.delenv("_UNDERSTUDY_JUDGED", raising=False)
    labels = open_bundle(champion).labels
    assert check_bundles(settings_with(champion, tmp_path, labels[::-1])) == 0
