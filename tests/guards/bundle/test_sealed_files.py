"""Reading a bundle: which bytes are let through, and how its parts are parsed."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from guards.bundle.layout import CONFIG, MANIFEST, REFERENCE, SIGNATURE, TOKENIZER, WEIGHTS
from guards.bundle.sealed_files import PartsDiffer, SealedFiles, read_sealed
from guards.errors import GuardRefused, PartError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_sealed_bundle_reads_whole(champion: Path) -> None:
    """A sound bundle gives every part that its manifest lists, byte by byte."""
    sealed = read_sealed(champion)

    assert sealed.files.keys() == sealed.manifest.parts.keys()
    for name, data in sealed.files.items():
        assert (champion / name).read_bytes() == data


def test_all_parts_are_reported_at_once(champion: Path, copied: Callable[[Path], Path]) -> None:
    """One reading tells everything that is wrong with the files, not the first thing only."""
    bundle = copied(champion)
    (bundle / "probes.npz").unlink()
    (bundle / "reference.json").write_text("{}")
    (bundle / "model" / "notes.txt").touch()

    with pytest.raises(PartsDiffer) as refusal:
        read_sealed(bundle)

    assert {(finding.code, finding.subject) for finding in refusal.value.findings} == {
        ("part_missing", "probes.npz"),
        ("part_changed", "reference.json"),
        ("part_unexpected", "model/notes.txt"),
    }
    assert refusal.value.sealed.manifest.name == "docs"


def test_path_with_a_space_and_an_accent(champion: Path, copied: Callable[[Path], Path]) -> None:
    """A bundle may live anywhere, also behind a link to its directory."""
    bundle = copied(champion)
    there = bundle.parent / "caf\u00e9 bundle"
    bundle.rename(there)
    bundle.symlink_to(there, target_is_directory=True)

    assert read_sealed(bundle).manifest == read_sealed(there).manifest


@pytest.mark.parametrize("name", ["config", "tokenizer", "reference"])
@pytest.mark.parametrize(
    ("data", "observed"),
    [(b"[1]", "list"), (b"{", "JSONDecodeError"), (b"\xff", "UnicodeDecodeError")],
)
def test_part_that_is_not_json(champion: Path, name: str, data: bytes, observed: str) -> None:
    """A part that should be a JSON object and is not is named, each time it is asked for."""
    manifest = read_sealed(champion).manifest
    sealed = SealedFiles(champion, manifest, dict.fromkeys((CONFIG, TOKENIZER, REFERENCE), data))

    for _ in range(2):
        with pytest.raises(PartError) as error:
            getattr(sealed, name)
        assert error.value.findings[0].observed == observed


def test_part_that_is_not_there(champion: Path) -> None:
    """A manifest that does not list a part that every bundle has is a refusal too."""
    sealed = SealedFiles(champion, read_sealed(champion).manifest, {})

    with pytest.raises(PartError, match="part_unreadable"):
        _ = sealed.config


def test_parts_are_parsed_once(champion: Path) -> None:
    """Whoever asks for a part gets the same object."""
    sealed = read_sealed(champion)

    assert sealed.config is sealed.config
    assert sealed.config == json.loads(sealed.files[CONFIG])
    assert sealed.tokenizer is sealed.tokenizer
    assert sealed.probes is sealed.probes
    assert sealed.manifest.schema_ is sealed.manifest.schema_


@pytest.mark.parametrize(
    ("part", "code"),
    [
        (MANIFEST, "part_is_a_link"),
        (WEIGHTS, "part_is_a_link"),
        (SIGNATURE, "part_unexpected"),
        ("preprocessing/pipe", "part_unexpected"),
    ],
)
def test_a_fifo_is_never_waited_for(
    champion: Path, copied: Callable[[Path], Path], part: str, code: str
) -> None:
    """In the place of a manifest, a part or a signature, or beside them, it is a finding."""
    bundle = copied(champion)
    (bundle / part).unlink(missing_ok=True)
    os.mkfifo(bundle / part)

    with pytest.raises(GuardRefused) as refusal:
        read_sealed(bundle)

    (finding,) = refusal.value.findings
    assert (finding.code, finding.subject) == (code, part)
    assert finding.observed == "a special file"


def test_a_link_to_the_signature_is_not_followed(
    champion: Path, copied: Callable[[Path], Path]
) -> None:
    """What it leads to may be any file of the machine."""
    bundle = copied(champion)
    (bundle / SIGNATURE).symlink_to(champion / MANIFEST)

    with pytest.raises(PartsDiffer) as refusal:
        read_sealed(bundle)

    assert refusal.value.sealed.signature is None
    assert [finding.code for finding in refusal.value.findings] == ["part_is_a_link"]


@pytest.mark.parametrize("depth", [200, 990, 100_000])
def test_a_manifest_nested_deeply_is_refused(
    champion: Path, copied: Callable[[Path], Path], depth: int
) -> None:
    """Brackets that a parser or a serialiser would follow too far."""
    bundle = copied(champion)
    manifest = json.loads((bundle / MANIFEST).read_bytes())
    text = json.dumps({**manifest, "metrics": "here"})
    (bundle / MANIFEST).write_text(text.replace('"here"', "[" * depth + "]" * depth))

    with pytest.raises(PartError) as refusal:
        read_sealed(bundle)

    assert refusal.value.findings[0].code in {"manifest_invalid", "root_changed"}


def test_another_root_is_refused_before_a_part_is_read(
    champion: Path, challenger: Path, copied: Callable[[Path], Path]
) -> None:
    """What was put in the place of a judged bundle is not looked at."""
    root = read_sealed(challenger).manifest.fingerprint
    assert read_sealed(challenger, root).manifest.fingerprint == root
    replaced = copied(champion)
    (replaced / WEIGHTS).write_bytes(b"not read")

    with pytest.raises(PartError) as refusal:
        read_sealed(replaced, root)

    (finding,) = refusal.value.findings
    assert (finding.code, finding.subject) == ("bundle_replaced", str(replaced))
    assert root in finding.expected
    assert finding.observed == read_sealed(champion).manifest.fingerprint
