"""``understudy sign``: what it writes, what it replaces, and what it will not sign."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from guards.bundle.layout import SIGNATURE
from guards.bundle.sealed_files import read_sealed
from tests.faults.signing import KeyPair, make_keys
from tests.service.cli.running import exit_code

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def bundle(champion: Path, copied: Callable[[Path], Path]) -> Path:
    """Return a sound bundle that nobody signed."""
    return copied(champion)


@pytest.fixture
def keys(tmp_path: Path) -> KeyPair:
    """Return a key."""
    return make_keys(tmp_path, "ours")


def contents(directory: Path) -> set[str]:
    """Name everything in a directory."""
    return {str(path.relative_to(directory)) for path in directory.rglob("*")}


def test_what_was_signed_verifies(
    bundle: Path, keys: KeyPair, capsys: pytest.CaptureFixture[str]
) -> None:
    """One JSON document says what was signed and with which key; nothing but the file is new."""
    before = contents(bundle.parent)

    assert exit_code("sign", bundle, "--key", keys.private, "--json") == 0

    printed = capsys.readouterr()
    report = json.loads(printed.out)
    root = read_sealed(bundle).manifest.fingerprint
    signature = json.loads((bundle / SIGNATURE).read_bytes())
    assert report == {"bundle": str(bundle), "fingerprint": root, "key": signature["key"]}
    assert root in printed.err
    assert signature["key"] in printed.err
    assert contents(bundle.parent) - before == {f"{bundle.name}/{SIGNATURE}"}
    assert exit_code("verify", bundle, "--signature-key", keys.public) == 0


def test_another_user_can_read_it(bundle: Path, keys: KeyPair) -> None:
    """The signature has the mode that any new file has, so that a service may read it."""
    assert exit_code("sign", bundle, "--key", keys.private) == 0

    new = bundle / "new"
    new.touch()
    assert (bundle / SIGNATURE).stat().st_mode == new.stat().st_mode


def test_an_older_signature_is_replaced_at_once(
    bundle: Path, keys: KeyPair, tmp_path: Path
) -> None:
    """The old file is not written into: whoever reads it meanwhile reads the old one whole."""
    (bundle / SIGNATURE).write_bytes(b"old")
    os.link(bundle / SIGNATURE, tmp_path / "old")

    assert exit_code("sign", bundle, "--key", keys.private) == 0

    assert (tmp_path / "old").read_bytes() == b"old"
    assert exit_code("verify", bundle, "--signature-key", keys.public) == 0


def test_a_link_to_a_bundle_is_followed(bundle: Path, keys: KeyPair, tmp_path: Path) -> None:
    """A store may be reached by a link; the signature lands in the bundle."""
    link = tmp_path / "current"
    link.symlink_to(bundle, target_is_directory=True)

    assert exit_code("sign", link, "--key", keys.private) == 0

    assert (bundle / SIGNATURE).is_file()


def test_changed_bytes_are_not_signed(
    bundle: Path, keys: KeyPair, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who signs says that the bundle is whole, so that it must be: 78, and no file."""
    (bundle / "reference.json").write_text("{}")

    assert exit_code("sign", bundle, "--key", keys.private, "--json") == 78

    printed = capsys.readouterr()
    assert "part_changed: reference.json" in printed.err
    assert printed.out == ""
    assert not (bundle / SIGNATURE).exists()


def test_a_key_that_is_none_is_one_line_and_2(
    bundle: Path, keys: KeyPair, capsys: pytest.CaptureFixture[str]
) -> None:
    """An older signature stays as it was."""
    (bundle / SIGNATURE).write_bytes(b"old")

    for key in (keys.public, bundle / "missing.pem"):
        assert exit_code("sign", bundle, "--key", key) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"understudy: {key}: ")

    assert (bundle / SIGNATURE).read_bytes() == b"old"


def test_a_signature_that_cannot_be_written_is_one_line_and_2(
    bundle: Path, keys: KeyPair, capsys: pytest.CaptureFixture[str]
) -> None:
    """The system's own reason is in the line, and nothing is left beside the bundle."""
    (bundle / SIGNATURE).mkdir()
    before = contents(bundle.parent)

    assert exit_code("sign", bundle, "--key", keys.private) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"understudy: {bundle}: the signature cannot be written: Is a directory"
    assert contents(bundle.parent) == before
