"""The bundle's manifest: what the bundle is made of, and the fingerprint over all of it."""

from __future__ import annotations

import hashlib
import json
from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from guards.bundle.engines import Parity  # noqa: TC001 (pydantic reads it at run time)
from guards.bundle.format import FORMAT, ReadableFormat
from guards.bundle.identity import MAX_NAME_CHARS, BundleIdentity
from guards.bundle.json_parts import parse_json
from guards.bundle.layout import MANIFEST, SIGNATURE, engine_names
from guards.errors import Finding, PartError
from guards.json_types import JsonMapping, JsonObject  # noqa: TC001 (pydantic reads it at run time)
from guards.schema import Schema

__all__ = [
    "Long",
    "Manifest",
    "PartRecord",
    "PreprocessingRecord",
    "TextRecord",
    "invalid_manifest",
    "parse_manifest",
    "root_fingerprint",
]

Long = Literal["head", "head-tail", "windows"]
"""What is kept of a text that is longer than the network takes."""

_MAX_OBSERVED = 300

_MAX_LABEL_CHARS = 1000
"""Twice those of a canonical label: labels are in every answer and log line."""


def _inner_path(path: str) -> str:
    pure = PurePosixPath(path)
    reserved = {".", MANIFEST, SIGNATURE}
    if pure.is_absolute() or ".." in pure.parts or str(pure) != path or path in reserved:
        message = "is not a plain path inside the bundle"
        raise ValueError(message)
    return path


def _with_named_columns(column_inputs: JsonObject) -> JsonObject:
    columns = column_inputs.get("columns")
    if not isinstance(columns, list) or not all(
        isinstance(column, dict) and isinstance(column.get("name"), str) for column in columns
    ):
        message = "has no list of columns with names"
        raise ValueError(message)
    return column_inputs


_InnerPath = Annotated[str, AfterValidator(_inner_path)]
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Fingerprint = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PartRecord(_Record):
    """The size in bytes and the digest of one file."""

    size: int = Field(ge=0)
    sha256: _Sha256


class PreprocessingRecord(_Record):
    """What turns documents into the network's input: its fingerprint and its fitted values.

    ``column_inputs`` is the form in which the columns take their input, None for canonical values.
    """

    fingerprint: _Fingerprint
    state: JsonObject
    column_inputs: Annotated[JsonObject, AfterValidator(_with_named_columns)] | None = Field(
        default=None, alias="frame"
    )


class TextRecord(_Record):
    """How text is truncated to at most ``max_length`` tokens, special tokens included.

    ``overlap`` is the share of a window's text that the previous one holds too; it and
    ``max_windows`` are set for ``windows`` only.
    """

    max_length: int = Field(ge=3)
    long: Long
    overlap: float | None = Field(default=None, ge=0, le=0.5)
    max_windows: int | None = Field(default=None, alias="most_windows", ge=2, le=256)

    @model_validator(mode="after")
    def _only_windows_overlap(self) -> Self:
        numbers = [number is not None for number in (self.overlap, self.max_windows)]
        if numbers != [self.long == "windows"] * 2:
            message = "overlap and most_windows are for windows only, which need both"
            raise ValueError(message)
        return self

    def to_json(self) -> JsonObject:
        """Return what the preprocessing fingerprint covers."""
        return self.model_dump(by_alias=True, exclude_none=True)


class Manifest(_Record):
    """The parsed ``manifest.json``; ``fingerprint`` is the root over everything else in it.

    Raises ``KeyError`` or ``TypeError``, besides pydantic's own error, where ``inputs`` is not a
    schema.
    """

    format: ReadableFormat
    name: str = Field(min_length=1, max_length=MAX_NAME_CHARS)
    version: str = Field(min_length=1, max_length=MAX_NAME_CHARS)
    fingerprint: _Fingerprint
    parts: dict[_InnerPath, PartRecord]
    preprocessing: PreprocessingRecord
    inputs: JsonObject
    labels: list[Annotated[str, Field(max_length=_MAX_LABEL_CHARS)]] = Field(min_length=2)
    text: TextRecord
    temperature: float = Field(gt=0)
    environment: dict[str, str]
    lineage: JsonObject
    metrics: JsonObject
    parity: dict[str, Parity] | None
    trusted: list[str] = []

    _schema: Schema = PrivateAttr()

    def model_post_init(self, _context: object, /) -> None:
        """Build the schema, once."""
        self._schema = self.build_schema()

    @property
    def schema_(self) -> Schema:
        """The inputs that the bundle takes."""
        return self._schema

    def build_schema(self) -> Schema:
        """Build a schema that is not shared with whoever has ``schema_``."""
        return Schema.from_json({**self.inputs, "labels": self.labels})

    @property
    def identity(self) -> BundleIdentity:
        """Name, version and root fingerprint."""
        return BundleIdentity(self.name, self.version, self.fingerprint)

    @property
    def engines(self) -> list[str]:
        """The names of the faster engines among the parts."""
        return engine_names(self.parts)


def parse_manifest(data: bytes) -> Manifest:
    """Read a manifest from the bytes of its file.

    Raises ``PartError`` where they are not a manifest of a format that is read here, and where the
    content has another fingerprint than the manifest says.
    """
    try:
        document = parse_json(data)
        if not isinstance(document, dict):
            message = f"{type(document).__name__} instead of an object"
            raise TypeError(message)  # noqa: TRY301 (told like everything else that is wrong)
        manifest = Manifest.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise PartError(invalid_manifest(f"{field}: {first['msg']}")) from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise PartError(invalid_manifest(f"{type(error).__name__}: {error}")) from None
    observed = root_fingerprint(document)
    if observed != manifest.fingerprint:
        finding = Finding(
            code="root_changed",
            subject=MANIFEST,
            expected=manifest.fingerprint,
            observed=f"its content gives {observed}",
        )
        raise PartError(finding)
    return manifest


def root_fingerprint(manifest: JsonMapping) -> str:
    """Digest a manifest without its own ``fingerprint``: canonical JSON, SHA-256."""
    body = {key: value for key, value in manifest.items() if key != "fingerprint"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def invalid_manifest(observed: str) -> Finding:
    """Return the finding for a file that is not a manifest."""
    return Finding(
        code="manifest_invalid",
        subject=MANIFEST,
        expected=f"a manifest of format {FORMAT}",
        observed=observed[:_MAX_OBSERVED],
    )
