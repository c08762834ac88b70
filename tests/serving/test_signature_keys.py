"""A service that requires signatures and cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.patience import PATIENCE_S
from tests.serving.server import UNDERSTUDY, serving

if TYPE_CHECKING:
    from pathlib import Path

SERVE = (*UNDERSTUDY, "serve")


def test_an_unreadable_key_is_a_wrong_call(champion: Path, tmp_path: Path) -> None:
    """A missing key file stops the start with one line and exit code 2."""
    key = tmp_path / "key.pem"
    command = (*SERVE, "--champion", str(champion))
    with serving(command, tmp_path / "log", wait=False, SIGNATURE_KEYS=str(key)) as server:
        assert server.process.wait(PATIENCE_S) == 2
    expected = f"understudy: {key}: the key cannot be read: No such file or directory\n"
    assert [line for line in server.complaints if line.startswith("understudy:")] == [expected]
    assert "Traceback" not in "".join(server.complaints)
