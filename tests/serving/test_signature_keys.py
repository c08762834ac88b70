"""A service that requires signatures: what it serves, and what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults.signing import make_keys, sign_bundle
from tests.patience import PATIENCE_S, wait_until
from tests.serving.server import UNDERSTUDY, serving

if TYPE_CHECKING:
    from collections.abc import Callable
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


def test_every_process_requires_the_signature(
    champion: Path, challenger: Path, copied: Callable[[Path], Path], tmp_path: Path
) -> None:
    """A signed champion serves; an unsigned challenger is left out, by its own process too."""
    keys = make_keys(tmp_path, "ours")
    signed = copied(champion)
    sign_bundle(signed, keys)
    roles = ("--champion", str(signed), "--challenger", str(challenger), "--challenger-optional")
    command = (*SERVE, *roles)
    with serving(command, tmp_path / "log", SIGNATURE_KEYS=str(keys.public)) as server:
        wait_until(lambda: server.status()["challengers"][0]["state"] == "refused", "the refusal")
        assert server.classify([{"text": "an invoice"}]).status_code == 200
    (refusal,) = server.events("guard.refused")
    assert [finding["code"] for finding in refusal["findings"]] == ["signature_missing"]
