"""A bundle appears whole or not at all, under the name that its place gives it."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from artifacts.bundle.opening import open_bundle
from artifacts.sealing.seal import Sealable, seal
from guards.bundle.manifest import root_fingerprint
from guards.bundle.probes import Probes
from guards.bundle.sealed_files import read_sealed
from guards.errors import CallError
from guards.integrity.environment import installed_environment
from tests.models import FAMILIES
from tests.once import shared_directory

if TYPE_CHECKING:
    from collections.abc import Callable

    from guards.json_types import JsonObject


@pytest.fixture(scope="module")
def sealable(champion: Path) -> Sealable:
    """Return what the champion was sealed from."""
    bundle = open_bundle(champion)
    return Sealable(
        preprocessing=bundle.preprocessing,
        network=bundle.network,
        temperature=bundle.manifest.temperature,
        reference=bundle.reference,
        probe_documents=Probes.from_files(read_sealed(champion).files).documents,
        lineage=bundle.manifest.lineage,
        metrics=bundle.manifest.metrics,
    )


def manifest_of(bundle: Path) -> JsonObject:
    """Read a manifest as plain JSON."""
    manifest: JsonObject = json.loads((bundle / "manifest.json").read_bytes())
    return manifest


def test_sealing_an_opened_bundle_gives_the_same_bundle(
    champion: Path, sealable: Sealable, tmp_path: Path
) -> None:
    """Open and seal are inverses; only the bytes of joblib's file may change, not its meaning."""
    again = tmp_path / "docs" / "1"

    seal(again, sealable, None, None)

    before, after = manifest_of(champion), manifest_of(again)
    changed = {name for name in before["parts"] if before["parts"][name] != after["parts"][name]}
    assert before["parts"].keys() == after["parts"].keys()
    assert changed <= {"preprocessing/columns.joblib"}
    for name in before.keys() - {"parts", "fingerprint"}:
        assert before[name] == after[name]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("how", ["on", "sealed"])
def test_no_part_tells_where_the_model_was(
    bundle_of: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
    how: str,
    family: str,
) -> None:
    """A bundle is given to others; only the manifest repeats what ``--base`` was called with."""
    directory = str(shared_directory(tmp_path_factory)).encode()
    files = [path for path in bundle_of(f"{how} {family}").rglob("*") if path.is_file()]
    assert {path.name for path in files if directory in path.read_bytes()} <= {"manifest.json"}


def test_manifest_lists_every_file(champion: Path) -> None:
    """Each file but the manifest is listed with its size and digest, and the root covers all."""
    manifest = manifest_of(champion)
    files = {path.relative_to(champion).as_posix(): path for path in champion.rglob("*.*")}
    del files["manifest.json"]

    assert manifest["parts"] == {
        name: {
            "size": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for name, path in files.items()
    }
    assert manifest["fingerprint"] == root_fingerprint(manifest)
    assert manifest["environment"] == installed_environment()
    assert manifest["parity"] is None


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a current directory, with a space in its name and a directory in it."""
    directory = tmp_path / "work here"
    (directory / "a").mkdir(parents=True)
    monkeypatch.chdir(directory)
    return directory


@pytest.mark.parametrize(
    ("where", "given", "identity"),
    [
        ("reviews/7", (None, None), ("reviews", "7")),
        ("reviews/7", ("other", None), ("other", "7")),
        ("reviews/7", (None, "8"), ("reviews", "8")),
        ("7", (None, None), ("work here", "7")),
        ("./a/../b/7", (None, None), ("b", "7")),
    ],
)
def test_name_and_version_come_from_the_path(
    sealable: Sealable,
    work: Path,
    where: str,
    given: tuple[str | None, str | None],
    identity: tuple[str, str],
) -> None:
    """The last two components of the whole path are name and version, unless they are given."""
    seal(Path(where), sealable, *given)

    sealed = open_bundle(work / where).identity
    assert (sealed.name, sealed.version) == identity


def test_existing_destination_is_never_changed(sealable: Sealable, tmp_path: Path) -> None:
    """What is there already stays, were it an empty directory."""
    with pytest.raises(CallError, match="exists already"):
        seal(tmp_path, sealable, None, None)

    assert list(tmp_path.iterdir()) == []


def test_sealing_that_fails_leaves_nothing(sealable: Sealable, tmp_path: Path) -> None:
    """A part that cannot be made leaves neither a bundle nor half of one."""
    destination = tmp_path / "docs" / "1"
    broken = replace(sealable, lineage={"data": object()})

    with pytest.raises(TypeError):
        seal(destination, broken, None, None)

    assert not destination.exists()


def test_sealing_that_is_interrupted_leaves_nothing(
    sealable: Sealable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever happens while files are written, no directory with that name appears."""
    destination = tmp_path / "docs" / "1"
    written: list[int] = []
    sync: Callable[[int], None] = os.fsync

    def interrupted(file: int) -> None:
        sync(file)
        written.append(file)
        if len(written) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)

    with pytest.raises(KeyboardInterrupt):
        seal(destination, sealable, None, None)

    assert len(written) == 3
    assert list((tmp_path / "docs").iterdir()) == []
