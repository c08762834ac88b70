"""Read the files of a bundle once, and compare every byte with the manifest."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from guards.bundle.json_parts import parse_json
from guards.bundle.layout import CONFIG, MANIFEST, REFERENCE, SIGNATURE, TOKENIZER, WEIGHTS
from guards.bundle.manifest import invalid_manifest, parse_manifest
from guards.bundle.probes import Probes
from guards.bundle.signature import MAX_BYTES
from guards.bundle.tensors import tensors_in
from guards.errors import Finding, GuardRefused, PartError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from guards.bundle.manifest import Manifest, PartRecord
    from guards.bundle.tensors import Tensor
    from guards.findings import Code
    from guards.json_types import JsonMapping

__all__ = ["PartsDiffer", "SealedFiles", "read_sealed"]

_MAX_MANIFEST_BYTES = 64 * 1024**2
_MAX_EXCESS_BYTES = 1024 * 1024
"""A file larger than sealed by more than this is refused unread."""

_LFS_POINTER = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True)
class SealedFiles:
    """A manifest and the bytes that were compared with it; nothing is read from disk after this.

    ``signature`` is what ``signature.json`` holds, unchecked; None where there is no such file.
    Each part is parsed when it is first asked for, and once. The properties raise ``PartError`` for
    a part that is missing or malformed.
    """

    path: Path
    manifest: Manifest
    files: Mapping[str, bytes]
    signature: bytes | None = None

    @cached_property
    def config(self) -> JsonMapping:
        """The network's ``config.json``."""
        return self._json(CONFIG)

    @cached_property
    def tensors(self) -> Mapping[str, Tensor]:
        """What the weights announce: the type and shape of each by its name."""
        return tensors_in(self.part(WEIGHTS))

    @cached_property
    def tokenizer(self) -> JsonMapping:
        """The parsed ``tokenizer.json``."""
        return self._json(TOKENIZER)

    @cached_property
    def reference(self) -> JsonMapping:
        """The reference as JSON."""
        return self._json(REFERENCE)

    @cached_property
    def probes(self) -> Probes:
        """The golden documents and their expected outputs."""
        return Probes.from_files(self.files)

    def part(self, name: str) -> bytes:
        """Return the bytes of a part; raises ``PartError`` for one that the manifest lacks."""
        if name not in self.files:
            raise PartError(
                Finding("part_unreadable", name, "a part that the manifest lists", "no such part")
            )
        return self.files[name]

    def _json(self, part: str) -> JsonMapping:
        try:
            parsed = parse_json(self.part(part))
        except ValueError as error:
            observed = str(error) if type(error) is ValueError else type(error).__name__
            raise PartError(_not_json(part, observed)) from None
        if not isinstance(parsed, dict):
            raise PartError(_not_json(part, type(parsed).__name__))
        return parsed


class PartsDiffer(GuardRefused):
    """Parts of a bundle are not what its manifest lists; ``sealed`` holds what could be read."""

    def __init__(self, findings: Iterable[Finding], sealed: SealedFiles) -> None:
        """Refuse the bundle that ``sealed`` was read from."""
        self.sealed = sealed
        super().__init__(str(sealed.path), findings)


def read_sealed(path: Path) -> SealedFiles:
    """Read a bundle once and compare every byte with its manifest.

    Raises ``PartsDiffer`` with a finding for each part that is missing, changed, unexpected or a
    link, and ``PartError`` where ``path`` is not a directory with a manifest.
    """
    try:
        manifest = parse_manifest(_manifest_bytes(path))
        files: dict[str, bytes] = {}
        findings = list(_compare_parts(path, manifest, files))
        sealed = SealedFiles(path, manifest, files, _signature_bytes(path / SIGNATURE))
    except OSError as error:
        raise PartError(_not_a_bundle("bundle_unreadable", path, str(error.strerror))) from None
    if findings:
        raise PartsDiffer(findings, sealed)
    return sealed


def _signature_bytes(path: Path) -> bytes | None:
    """Read a signature; of a longer file, only enough to see that it is too long."""
    if path.is_symlink() or not path.is_file():
        return None
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _manifest_bytes(path: Path) -> bytes:
    if not path.exists():
        raise PartError(_not_a_bundle("bundle_missing", path, "nothing at this path"))
    if not path.is_dir():
        raise PartError(_not_a_bundle("bundle_not_a_directory", path, "a file"))
    with os.scandir(path) as entries:
        kinds = {entry.name: _kind(entry) for entry in entries}
    if MANIFEST not in kinds:
        observed = "a directory without one" if kinds else "an empty directory"
        raise PartError(_not_a_bundle("manifest_missing", path, observed))
    if kinds[MANIFEST] != "file":
        raise PartError(_not_a_file(MANIFEST, kinds[MANIFEST]))
    if (path / MANIFEST).stat().st_size > _MAX_MANIFEST_BYTES:
        raise PartError(invalid_manifest(f"more than {_MAX_MANIFEST_BYTES} bytes"))
    return (path / MANIFEST).read_bytes()


def _compare_parts(path: Path, manifest: Manifest, files: dict[str, bytes]) -> Iterator[Finding]:
    kinds = dict(_walk(path))
    known = {MANIFEST, SIGNATURE} if kinds.get(SIGNATURE) == "file" else {MANIFEST}
    for name in sorted(kinds.keys() - manifest.parts.keys() - known):
        code: Code = "part_is_a_link" if kinds[name] == "link" else "part_unexpected"
        yield Finding(code, name, "no such file in the manifest", f"a {kinds[name]}")
    for name, part in sorted(manifest.parts.items()):
        kind = kinds.get(name)
        if kind is None:
            yield Finding("part_missing", name, f"{part.size} bytes", "no file")
        elif kind != "file":
            yield _not_a_file(name, kind)
        else:
            yield from _compare_part(path, name, part, files)


def _walk(path: Path, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the name and kind of each entry below ``path`` that is not a plain directory."""
    with os.scandir(path) as entries:
        for entry in entries:
            name, kind = prefix + entry.name, _kind(entry)
            if kind == "directory":
                yield from _walk(Path(entry.path), name + "/")
            else:
                yield name, kind


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return "link"
    if entry.is_dir():
        return "directory"
    return "file" if entry.is_file() else "special file"


def _compare_part(
    path: Path, name: str, part: PartRecord, files: dict[str, bytes]
) -> Iterator[Finding]:
    try:
        size = (path / name).stat().st_size
        data = b"" if size > part.size + _MAX_EXCESS_BYTES else (path / name).read_bytes()
    except OSError as error:
        yield Finding(
            code="part_unreadable",
            subject=name,
            expected="a readable file",
            observed=str(error.strerror),
            remedy="make the file readable by this user, or run as a user who may read it",
        )
        return
    if len(data) < size:
        yield Finding("part_changed", name, f"{part.size} bytes", f"{size} bytes")
        return
    if data.startswith(_LFS_POINTER):
        yield Finding(
            code="part_is_an_lfs_pointer",
            subject=name,
            expected=f"{part.size} bytes",
            observed="a git-lfs pointer instead of the file",
        )
        return
    files[name] = data
    observed = hashlib.sha256(data).hexdigest()
    if (len(data), observed) != (part.size, part.sha256):
        yield Finding(
            code="part_changed",
            subject=name,
            expected=f"{part.size} bytes, sha256 {part.sha256[:16]}…",
            observed=f"{len(data)} bytes, sha256 {observed[:16]}…",
        )


def _not_a_file(name: str, kind: str) -> Finding:
    return Finding("part_is_a_link", name, "a plain file", f"a {kind}")


def _not_json(part: str, observed: str) -> Finding:
    return Finding("part_unreadable", part, "a JSON object", observed)


def _not_a_bundle(code: Code, path: Path, observed: str) -> Finding:
    return Finding(code, str(path), f"a bundle: a directory with a {MANIFEST}", observed)
