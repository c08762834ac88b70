"""The bundle's record: what it is made of, and the comparison with what lies on disk."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from guards.errors import Finding, GuardRefused, PartError
from guards.integrity.parity import Parity  # noqa: TC001 (pydantic reads it at run time)
from guards.integrity.signature import MOST_BYTES, SIGNATURE
from guards.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from guards.errors import Code

__all__ = [
    "FORMAT",
    "MANIFEST",
    "Long",
    "Manifest",
    "Part",
    "SealedFiles",
    "read_sealed",
    "root_fingerprint",
]

Long = Literal["head", "head-tail", "windows"]
"""What is kept of a text that is longer than the network takes."""

FORMAT = 1
"""The version of the bundle's layout that this code writes and reads."""

MANIFEST = "manifest.json"

_TAKE_IT_AGAIN = "copy the bundle again from where it was sealed, or seal it again"
_MOST_MANIFEST_BYTES = 64 * 1024**2
_READ_BEYOND = 1024 * 1024
"""A file larger than sealed by more than this is refused unread."""

_LFS_POINTER = b"version https://git-lfs.github.com/spec/"


def _inner_path(path: str) -> str:
    pure = PurePosixPath(path)
    ours = {".", MANIFEST, SIGNATURE}
    if pure.is_absolute() or ".." in pure.parts or str(pure) != path or path in ours:
        message = "is not a plain path inside the bundle"
        raise ValueError(message)
    return path


def _with_named_columns(frame: dict[str, Any]) -> dict[str, Any]:
    columns = frame.get("columns")
    if not isinstance(columns, list) or not all(
        isinstance(column, dict) and isinstance(column.get("name"), str) for column in columns
    ):
        message = "has no list of columns with names"
        raise ValueError(message)
    return frame


_InnerPath = Annotated[str, AfterValidator(_inner_path)]
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Fingerprint = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Part(_Record):
    """The size and digest of one file."""

    size: int = Field(ge=0)
    sha256: _Sha256


class Preprocessing(_Record):
    """What turns documents into the network's input, and the proof of which one it is."""

    fingerprint: _Fingerprint
    state: dict[str, Any]
    frame: Annotated[dict[str, Any], AfterValidator(_with_named_columns)] | None = None


class Text(_Record):
    """How text is cut to at most ``max_length`` tokens, special tokens included.

    ``overlap`` is the share of a window's text that the one before holds too; it and
    ``most_windows`` are there for ``windows`` alone.
    """

    max_length: int = Field(ge=3)
    long: Long
    overlap: float | None = Field(default=None, ge=0, le=0.5)
    most_windows: int | None = Field(default=None, ge=2, le=256)

    @model_validator(mode="after")
    def _windows_alone_overlap(self) -> Self:
        numbers = [number is not None for number in (self.overlap, self.most_windows)]
        if numbers != [self.long == "windows"] * 2:
            message = "overlap and most_windows belong to windows, and to them alone"
            raise ValueError(message)
        return self

    def to_json(self) -> dict[str, Any]:
        """Give what the preprocessing fingerprint covers."""
        return self.model_dump(exclude_none=True)


class Manifest(_Record):
    """The parsed ``manifest.json``; ``fingerprint`` is the root over everything else in it."""

    format: Literal[1]
    name: str = Field(min_length=1)
    version: str = Field(min_length=1)
    fingerprint: _Fingerprint
    parts: dict[_InnerPath, Part]
    preprocessing: Preprocessing
    inputs: dict[str, Any]
    labels: list[str] = Field(min_length=2)
    text: Text
    temperature: float = Field(gt=0)
    environment: dict[str, str]
    lineage: dict[str, Any]
    metrics: dict[str, Any]
    parity: dict[str, Parity] | None
    trusted: list[str] = []

    @property
    def engines(self) -> list[str]:
        """The names of the faster engines among the parts."""
        found = {part.split("/")[1] for part in self.parts if part.startswith("engines/")}
        return sorted(found)

    @property
    def schema_(self) -> Schema:
        """The inputs that the bundle takes."""
        return Schema.from_json({**self.inputs, "labels": self.labels})


@dataclass(frozen=True, slots=True)
class SealedFiles:
    """A manifest and the bytes that were compared with it; nothing is read from disk after this.

    ``signature`` is what ``signature.json`` holds, unchecked; None where there is no such file.
    """

    path: Path
    manifest: Manifest
    files: Mapping[str, bytes]
    signature: bytes | None = None

    def json(self, part: str) -> dict[str, Any]:
        """Parse one part as a JSON object; raises ``PartError`` when it is none or is not there."""
        try:
            parsed = json.loads(self.files[part])
        except (KeyError, ValueError, RecursionError) as error:
            raise PartError(_no_json(part, type(error).__name__)) from None
        if not isinstance(parsed, dict):
            raise PartError(_no_json(part, type(parsed).__name__))
        return parsed


def root_fingerprint(manifest: Mapping[str, Any]) -> str:
    """Digest a manifest without its own ``fingerprint``: canonical JSON, SHA-256."""
    body = {key: value for key, value in manifest.items() if key != "fingerprint"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def read_sealed(path: Path) -> SealedFiles:
    """Read a bundle once and compare every byte with its manifest.

    Raises ``GuardRefused`` with a finding for each part that is missing, changed, unexpected or a
    link, and for a directory or manifest that is none.
    """
    try:
        return _read_sealed(path)
    except OSError as error:
        raise PartError(_not_a_bundle("bundle_unreadable", path, str(error.strerror))) from None


def _read_sealed(path: Path) -> SealedFiles:
    manifest = _parse_manifest(_manifest_bytes(path))
    files: dict[str, bytes] = {}
    findings = list(_compare_parts(path, manifest, files))
    sealed = SealedFiles(path, manifest, files, _signature_bytes(path / SIGNATURE))
    if findings:
        raise GuardRefused(str(path), findings, sealed)
    return sealed


def _signature_bytes(path: Path) -> bytes | None:
    """Read a signature, and of a longer file what shows that it is none."""
    if path.is_symlink() or not path.is_file():
        return None
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


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
    if (path / MANIFEST).stat().st_size > _MOST_MANIFEST_BYTES:
        raise PartError(_invalid_manifest(f"more than {_MOST_MANIFEST_BYTES} bytes"))
    return (path / MANIFEST).read_bytes()


def _parse_manifest(data: bytes) -> Manifest:
    try:
        document = json.loads(data, object_pairs_hook=_without_duplicates)
        manifest = Manifest.model_validate(document)
        manifest.schema_  # noqa: B018 (parsing it is the check)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise PartError(_invalid_manifest(f"{where}: {first['msg']}")) from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise PartError(_invalid_manifest(f"{type(error).__name__}: {error}")) from None
    observed = root_fingerprint(document)
    if observed != manifest.fingerprint:
        raise PartError(
            _finding(
                "root_changed", MANIFEST, manifest.fingerprint, f"its content gives {observed}"
            )
        )
    return manifest


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        message = "a name stands twice in one object"
        raise ValueError(message)
    return dict(pairs)


def _compare_parts(path: Path, manifest: Manifest, files: dict[str, bytes]) -> Iterator[Finding]:
    found = dict(_walk(path))
    ours = {MANIFEST, SIGNATURE} if found.get(SIGNATURE) == "file" else {MANIFEST}
    for name in sorted(found.keys() - manifest.parts.keys() - ours):
        code: Code = "part_is_a_link" if found[name] == "link" else "part_unexpected"
        yield _finding(code, name, "no such file in the manifest", f"a {found[name]}")
    for name, part in sorted(manifest.parts.items()):
        kind = found.get(name)
        if kind is None:
            yield _finding("part_missing", name, f"{part.size} bytes", "no file")
        elif kind != "file":
            yield _not_a_file(name, kind)
        else:
            yield from _compare_part(path, name, part, files)


def _walk(path: Path, below: str = "") -> Iterator[tuple[str, str]]:
    """Yield each entry below ``path`` that is no plain directory, with what it is."""
    with os.scandir(path) as entries:
        for entry in entries:
            name, kind = below + entry.name, _kind(entry)
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


def _compare_part(path: Path, name: str, part: Part, files: dict[str, bytes]) -> Iterator[Finding]:
    try:
        size = (path / name).stat().st_size
        data = b"" if size > part.size + _READ_BEYOND else (path / name).read_bytes()
    except OSError as error:
        yield _finding("part_unreadable", name, "a readable file", str(error.strerror))
        return
    if len(data) < size:
        yield _finding("part_changed", name, f"{part.size} bytes", f"{size} bytes")
        return
    if data.startswith(_LFS_POINTER):
        yield Finding(
            code="part_is_an_lfs_pointer",
            subject=name,
            expected=f"{part.size} bytes",
            observed="a git-lfs pointer instead of the file",
            remedy="run `git lfs pull` where the bundle was checked out, then copy it again",
        )
        return
    files[name] = data
    observed = hashlib.sha256(data).hexdigest()
    if (len(data), observed) != (part.size, part.sha256):
        yield _finding(
            "part_changed",
            name,
            f"{part.size} bytes, sha256 {part.sha256[:16]}…",
            f"{len(data)} bytes, sha256 {observed[:16]}…",
        )


def _finding(code: Code, subject: str, expected: str, observed: str) -> Finding:
    return Finding(code, subject, expected, observed, _TAKE_IT_AGAIN)


def _not_a_file(name: str, kind: str) -> Finding:
    return _finding("part_is_a_link", name, "a plain file", f"a {kind}")


def _no_json(part: str, observed: str) -> Finding:
    return _finding("part_unreadable", part, "a JSON object", observed)


def _not_a_bundle(code: Code, path: Path, observed: str) -> Finding:
    return Finding(
        code=code,
        subject=str(path),
        expected=f"a bundle: a directory with a {MANIFEST}",
        observed=observed,
        remedy="give the directory that `understudy train … --out` made, readable by this user",
    )


def _invalid_manifest(observed: str) -> Finding:
    return _finding("manifest_invalid", MANIFEST, f"a manifest of format {FORMAT}", observed[:300])
