"""Files that are not the files that were sealed."""

from __future__ import annotations

import io
import os
import struct
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import joblib
import numpy as np
import pytest

from guards.bundle.layout import COLUMNS, CONFIG, MANIFEST, TOKENIZER, WEIGHTS
from tests.faults.resealing import dumped, findings_of, reseal, the_finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guards.errors import Finding
    from guards.json_types import JsonObject

    Copy = Callable[[Path], Path]

_NOBODY = 65534
LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"


def only(findings: list[Finding]) -> Finding:
    """Return the finding that is the only one."""
    assert len(findings) == 1, findings
    return findings[0]


def test_flipped_bit_in_an_uncompressed_array(champion: Path, copied: Copy) -> None:
    """One flipped bit in the scaler's mean names the file, the column and both numbers."""
    bundle = copied(champion)
    path = bundle / COLUMNS
    mean = float(joblib.load(path).named_transformers_["numeric"]["scale"].mean_[0])
    data = bytearray(path.read_bytes())
    data[data.index(struct.pack("<d", mean)) + 6] ^= 1
    path.write_bytes(data)

    findings = findings_of(bundle)

    changed = the_finding(findings, "part_changed", COLUMNS)
    assert changed.expected != changed.observed
    named = the_finding(findings, "preprocessing_changed", "pages.mean_")
    assert named.expected == str(mean)
    assert named.observed == str(
        float(joblib.load(path).named_transformers_["numeric"]["scale"].mean_[0])
    )


def test_flipped_bit_in_the_weights(champion: Path, copied: Copy) -> None:
    """One flipped bit in the last weight is a changed part, told by its digest."""
    bundle = copied(champion)
    data = bytearray((bundle / WEIGHTS).read_bytes())
    data[-1] ^= 1
    (bundle / WEIGHTS).write_bytes(data)

    finding = only(findings_of(bundle))

    assert (finding.code, finding.subject) == ("part_changed", WEIGHTS)
    size = f"{len(data)} bytes, sha256 "
    assert finding.expected.startswith(size)
    assert finding.observed.startswith(size)
    assert finding.expected != finding.observed


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: data + b"junk", id="trailing junk"),
        pytest.param(lambda data: data[: len(data) // 2], id="truncated"),
        pytest.param(lambda _: b"", id="empty"),
    ],
)
@pytest.mark.parametrize("part", [COLUMNS, TOKENIZER, WEIGHTS, "reference.json", "probes.npz"])
def test_longer_shorter_and_empty_files(
    champion: Path, copied: Copy, part: str, damage: Callable[[bytes], bytes]
) -> None:
    """A file of another length is named with the size that it has and the one it should have."""
    bundle = copied(champion)
    sealed = (bundle / part).read_bytes()
    (bundle / part).write_bytes(damage(sealed))

    finding = the_finding(findings_of(bundle), "part_changed", part)

    assert finding.expected.startswith(f"{len(sealed)} bytes")
    assert finding.observed.startswith(f"{len(damage(sealed))} bytes")


def test_git_lfs_pointer(champion: Path, copied: Copy) -> None:
    """A git-lfs pointer is called one, and the remedy is the command that fetches the file."""
    bundle = copied(champion)
    (bundle / WEIGHTS).write_bytes(LFS_POINTER)

    finding = only(findings_of(bundle))

    assert (finding.code, finding.subject) == ("part_is_an_lfs_pointer", WEIGHTS)
    assert "git lfs pull" in finding.remedy


@pytest.mark.parametrize("part", [WEIGHTS, MANIFEST])
def test_symlink_to_the_very_same_bytes(champion: Path, copied: Copy, part: str) -> None:
    """A link is refused though it leads to the right bytes: its target can change any time."""
    bundle = copied(champion)
    (bundle / part).unlink()
    (bundle / part).symlink_to(champion / part)

    finding = only(findings_of(bundle))

    assert (finding.code, finding.subject) == ("part_is_a_link", part)
    assert finding.observed == "a link"


@pytest.mark.parametrize("name", ["model/modeling.py", "preprocessing/vocab.txt", ".hidden"])
def test_file_that_was_not_sealed(champion: Path, copied: Copy, name: str) -> None:
    """A file that the manifest does not list is refused, wherever it lies."""
    bundle = copied(champion)
    (bundle / name).write_text("print('hello')\n")

    finding = only(findings_of(bundle))

    assert (finding.code, finding.subject) == ("part_unexpected", name)


def test_link_that_was_not_sealed(champion: Path, copied: Copy) -> None:
    """A directory that is a link is refused as one, and not entered."""
    bundle = copied(champion)
    (bundle / "engines").symlink_to(champion.parent, target_is_directory=True)

    finding = only(findings_of(bundle))

    assert (finding.code, finding.subject) == ("part_is_a_link", "engines")


@pytest.mark.parametrize("part", [COLUMNS, TOKENIZER, WEIGHTS, CONFIG, "probes.json"])
def test_missing_file(champion: Path, copied: Copy, part: str) -> None:
    """A missing file is named, with the size that it should have."""
    bundle = copied(champion)
    size = (bundle / part).stat().st_size
    (bundle / part).unlink()

    finding = only(findings_of(bundle))

    assert (finding.code, finding.subject) == ("part_missing", part)
    assert finding.expected == f"{size} bytes"
    assert finding.observed == "no file"


@pytest.mark.parametrize("part", [CONFIG, TOKENIZER])
@pytest.mark.parametrize(
    "data", [b"[]", b"3", b"{", b"[" * 200_000], ids=["list", "3", "{", "deep"]
)
def test_part_that_is_not_a_json_object(
    champion: Path, copied: Copy, part: str, data: bytes
) -> None:
    """A resealed part that is no JSON object is refused, without a traceback."""
    bundle = copied(champion)
    reseal(bundle, {part: data})

    finding = only(findings_of(bundle))

    assert (finding.code, finding.subject) == ("part_unreadable", part)


def _nothing(_: Path) -> None:
    pass


def _file(path: Path) -> None:
    path.write_text("{}")


def _without_manifest(path: Path) -> None:
    path.mkdir()
    (path / "columns.joblib").touch()


def _manifest_directory(path: Path) -> None:
    (path / MANIFEST).mkdir(parents=True)


@pytest.mark.parametrize(
    ("make", "code", "observed"),
    [
        (_nothing, "bundle_missing", "nothing at this path"),
        (_file, "bundle_not_a_directory", "a file"),
        (Path.mkdir, "manifest_missing", "an empty directory"),
        (_without_manifest, "manifest_missing", "a directory without one"),
    ],
)
def test_path_that_is_not_a_bundle(
    tmp_path: Path, make: Callable[[Path], None], code: str, observed: str
) -> None:
    """What is no bundle is named by its path, and by what lies there instead."""
    path = tmp_path / "bundle"
    make(path)

    finding = only(findings_of(path))

    assert (finding.code, finding.subject, finding.observed) == (code, str(path), observed)
    assert "--out" in finding.remedy


def test_manifest_that_is_a_directory(tmp_path: Path) -> None:
    """A directory in the manifest's place is refused like any other entry that is no file."""
    _manifest_directory(tmp_path)

    finding = only(findings_of(tmp_path))

    assert (finding.subject, finding.observed) == (MANIFEST, "a directory")


def test_path_that_cannot_be_read(tmp_path: Path) -> None:
    """A path that the system refuses to look at is refused with the system's own reason."""
    path = tmp_path / ("x" * 300)

    finding = only(findings_of(path))

    assert (finding.code, finding.subject) == ("bundle_unreadable", str(path))
    assert finding.observed == "File name too long"


@contextmanager
def _without_permission(path: Path) -> Iterator[None]:
    """Take away the right to read a path, also from the superuser."""
    path.chmod(0)
    is_superuser = os.geteuid() == 0
    if is_superuser:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        if is_superuser:
            os.seteuid(0)
        path.chmod(0o700)


def test_directory_without_permission(champion: Path, copied: Copy) -> None:
    """A bundle that this user may not read is refused with the system's own reason."""
    bundle = copied(champion)

    with _without_permission(bundle):
        finding = only(findings_of(bundle))

    assert (finding.code, finding.subject) == ("bundle_unreadable", str(bundle))
    assert finding.observed == "Permission denied"
    assert "readable by this user" in finding.remedy


def test_file_without_permission(
    champion: Path, copied: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part that this user may not read is refused with the system's own reason."""
    monkeypatch.chdir(copied(champion))  # whose parents may be closed to other users

    with _without_permission(Path(WEIGHTS)):
        finding = only(findings_of(Path()))

    assert (finding.code, finding.subject) == ("part_unreadable", WEIGHTS)
    assert finding.observed == "Permission denied"
    assert "readable by this user" in finding.remedy


def test_file_far_too_large(champion: Path, copied: Copy) -> None:
    """A part that grew by gigabytes (of nothing, here) is refused by its size alone."""
    bundle = copied(champion)
    with (bundle / WEIGHTS).open("r+b") as file:
        file.truncate(1 << 40)

    finding = only(findings_of(bundle))

    assert (finding.code, finding.subject) == ("part_changed", WEIGHTS)
    assert finding.observed == f"{1 << 40} bytes"


def _compressed(arrays: JsonObject) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _without_tokens(arrays: JsonObject) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **{**arrays, "token_ids": arrays["token_ids"][:0]})
    return buffer.getvalue()


@pytest.mark.parametrize("write", [_compressed, _without_tokens])
def test_malformed_probes(
    champion: Path, copied: Copy, write: Callable[[JsonObject], bytes]
) -> None:
    """Probes that unfold in memory, or lack what they count, are refused as unreadable."""
    bundle = copied(champion)
    with np.load(bundle / "probes.npz") as arrays:
        reseal(bundle, {"probes.npz": write(dict(arrays))})

    finding = only(findings_of(bundle))

    assert (finding.code, finding.subject) == ("part_unreadable", "probes.json, probes.npz")


def test_fitted_number_of_thousands_of_digits(champion: Path, copied: Copy) -> None:
    """A fitted value of thousands of digits is named like any other, without a traceback."""
    bundle = copied(champion)
    columns = joblib.load(bundle / COLUMNS)
    columns.named_transformers_["numeric"]["scale"].n_samples_seen_ = 10**6000
    reseal(bundle, {COLUMNS: dumped(columns)})

    codes = {finding.code for finding in findings_of(bundle)}

    assert codes == {"preprocessing_changed"}
