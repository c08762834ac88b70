"""Calls of the benchmark that cannot be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from load_tests import bench
from load_tests.environments import CommandError, environment

if TYPE_CHECKING:
    from pathlib import Path


def test_a_wrong_option_is_a_wrong_call() -> None:
    """Nothing is started."""
    with pytest.raises(SystemExit) as stopped:
        bench.main(["--what"])

    assert stopped.value.code == 2


def test_a_peer_that_cannot_be_installed_says_what_the_installer_said(tmp_path: Path) -> None:
    """The reason is the installer's own, and the next call tries again."""
    requirements = tmp_path / "nobody.txt"
    requirements.write_text("./not-there\n")

    with pytest.raises(CommandError, match="not-there"):
        environment(requirements, tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*/.installed"))
