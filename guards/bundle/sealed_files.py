"""Read the files of a bundle once, and compare every byte with the manifest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from guards.bundle.directory import NotAPlainFile, entries, read_plain_file
from guards.bundle.json_parts import parse_json
from guards.bundle.layout import CONFIG, MANIFEST, REFERENCE, SIGNATURE, TOKENIZER, WEIGHTS
from guards.bundle.manifest import invalid_manifest, parse_manifest
from guards.bundle.probes import Probes
from guards.bundle.signature import MAX_BYTES
from guards.bundle.tensors import tensors_in
from guards.errors import Finding, GuardRefused, PartError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from guards.bundle.directory import Entry
    from guards.bundle.manifest import Manifest, PartRecord
    from guards.bundle.tensors import Tensor
    from guards.findings import Code
    from guards.json_types import JsonMapping

__all__ = ["PartsDiffer", "SealedFiles", "read_sealed", "require_manifest"]

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


def read_sealed(path: Path, root: str | None = None) -> SealedFiles:
    """Read a bundle once and compare every byte with its manifest.

    With ``root``, a bundle with another root fingerprint is refused before any part is read. Raises
    ``PartsDiffer`` with a finding for each part that is missing, changed, unexpected or a link, and
    ``PartError`` where ``path`` is not a directory with a manifest.
    """
    try:
        manifest = parse_manifest(_manifest_bytes(path))
        if root is not None and manifest.fingerprint != root:
            raise PartError(_replaced(path, root, manifest.fingerprint))
        files: dict[str, bytes] = {}
        findings = list(_compare_parts(path, manifest, files))
        sealed = SealedFiles(path, manifest, files, _signature_bytes(path / SIGNATURE))
    except OSError as error:
        raise PartError(_not_a_bundle("bundle_unreadable", path, str(error.strerror))) from None
    except RecursionError:
        raise PartError(invalid_manifest("nested too deeply")) from None
    if findings:
        raise PartsDiffer(findings, sealed)
    return sealed


def _signature_bytes(path: Path) -> bytes | None:
    """Read a signature; of a longer file, only enough to see that it is too long."""
    try:
        _, data = read_plain_file(path, MAX_BYTES)
    except (FileNotFoundError, NotAPlainFile):
        return None
    return data


def require_manifest(path: Path) -> None:
    """Refuse what is no bundle by its looks; nothing is read.

    Raises ``PartError`` where ``path`` is not a directory with a manifest, and ``OSError`` where
    the system refuses to look.
    """
    if not path.exists():
        raise PartError(_not_a_bundle("bundle_missing", path, "nothing at this path"))
    if not path.is_dir():
        raise PartError(_not_a_bundle("bundle_not_a_directory", path, "a file"))
    try:
        (path / MANIFEST).lstat()
    except FileNotFoundError:
        observed = "a directory without one" if any(path.iterdir()) else "an empty directory"
        raise PartError(_not_a_bundle("manifest_missing", path, observed)) from None


def _manifest_bytes(path: Path) -> bytes:
    require_manifest(path)
    try:
        size, data = read_plain_file(path / MANIFEST, _MAX_MANIFEST_BYTES)
    except NotAPlainFile as other:
        raise PartError(_not_a_file(MANIFEST, str(other))) from None
    if size > _MAX_MANIFEST_BYTES:
        raise PartError(invalid_manifest(f"more than {_MAX_MANIFEST_BYTES} bytes"))
    return data


def _compare_parts(path: Path, manifest: Manifest, files: dict[str, bytes]) -> Iterator[Finding]:
    found = {entry.name: entry for entry in entries(path)}
    known = {MANIFEST}
    if SIGNATURE in found and found[SIGNATURE].kind == "file":
        known.add(SIGNATURE)
    for name in sorted(found.keys() - manifest.parts.keys() - known):
        kind = found[name].kind
        code: Code = "part_is_a_link" if kind == "link" else "part_unexpected"
        yield Finding(code, name, "no such file in the manifest", f"a {kind}")
    for name, part in sorted(manifest.parts.items()):
        if name in found:
            yield from _compare_part(path, found[name], part, files)
        else:
            yield Finding("part_missing", name, f"{part.size} bytes", "no file")


def _compare_part(
    path: Path, entry: Entry, part: PartRecord, files: dict[str, bytes]
) -> Iterator[Finding]:
    name, size = entry.name, entry.size_bytes
    max_bytes = part.size + _MAX_EXCESS_BYTES
    if entry.kind == "file" and size > max_bytes:
        yield Finding("part_changed", name, f"{part.size} bytes", f"{size} bytes")
        return
    try:
        size, data = read_plain_file(path / name, max_bytes)
    except NotAPlainFile as other:
        yield _not_a_file(name, str(other))
        return
    except OSError as error:
        yield Finding(
            code="part_unreadable",
            subject=name,
            expected="a readable file",
            observed=str(error.strerror),
            remedy="make the file readable by this user, or run as a user who may read it",
        )
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


def _replaced(path: Path, judged: str, observed: str) -> Finding:
    return Finding("bundle_replaced", str(path), f"{judged}, which the guard has passed", observed)


def _not_a_file(name: str, kind: str) -> Finding:
    return Finding("part_is_a_link", name, "a plain file", f"a {kind}")


def _not_json(part: str, observed: str) -> Finding:
    return Finding("part_unreadable", part, "a JSON object", observed)


def _not_a_bundle(code: Code, path: Path, observed: str) -> Finding:
    return Finding(code, str(path), f"a bundle: a directory with a {MANIFEST}", observed)
