"""Calls of the benchmark that cannot be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from load_tests import bench
from load_tests.environments import NotInstalled, environment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "options", [["--data", "t.csv"], ["--text", "body"], ["--model", "m"], ["--what"]]
)
def test_a_wrong_option_is_a_wrong_call(options: list[str]) -> None:
    """Nothing is started."""
    with pytest.raises(SystemExit) as stopped:
        bench.main(options)

    assert stopped.value.code == 2


@pytest.mark.parametrize("rows", ["", "no,label\n", "some text,good\n" * 399])
def test_a_table_without_enough_rows_is_a_wrong_call(
    rows: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows without a label do not count, and the table is named."""
    table = tmp_path / "few.csv"
    table.write_text("body,verdict\n" + rows)

    code = bench.main(["--data", str(table), "--text", "body", "--label", "verdict"])

    assert code == 2
    assert "few.csv" in capsys.readouterr().err


def test_a_peer_that_cannot_be_installed_says_what_the_installer_said(tmp_path: Path) -> None:
    """The reason is the installer's own, and the next call tries again."""
    requirements = tmp_path / "nobody.txt"
    requirements.write_text("./not-there\n")

    for _ in range(2):
        with pytest.raises(NotInstalled, match="not-there"):
            environment(requirements, tmp_path / "cache")
