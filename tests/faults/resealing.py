"""Damage a bundle the way a careful hand would: parts, sizes, digests and root all fit again."""

from __future__ import annotations

import hashlib
import io
import json
from typing import TYPE_CHECKING

import joblib
import pytest

from artifacts.bundle.opening import open_bundle
from guards.bundle.layout import COLUMNS, CONFIG, MANIFEST, TOKENIZER
from guards.bundle.manifest import root_fingerprint
from guards.errors import Finding, GuardRefused
from guards.integrity.requirements import Requirements
from guards.integrity.state.description import describe
from guards.integrity.state.fingerprint import preprocessing_fingerprint
from guards.integrity.unpickling.unpickler import loads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from guards.json_types import JsonObject

__all__ = [
    "agree",
    "dumped",
    "edit_json",
    "edit_manifest",
    "findings_of",
    "reseal",
    "the_finding",
]


def reseal(bundle: Path, parts: Mapping[str, bytes]) -> None:
    """Write parts and bring the manifest into line with them."""
    for name, data in parts.items():
        (bundle / name).write_bytes(data)

    def record(manifest: JsonObject) -> None:
        for name, data in parts.items():
            digest = hashlib.sha256(data).hexdigest()
            manifest["parts"][name] = {"size": len(data), "sha256": digest}

    edit_manifest(bundle, record)


def edit_manifest(bundle: Path, edit: Callable[[JsonObject], None]) -> None:
    """Change the manifest and give it the root fingerprint that its new content has."""
    path = bundle / MANIFEST
    manifest = json.loads(path.read_bytes())
    edit(manifest)
    path.write_text(json.dumps({**manifest, "fingerprint": root_fingerprint(manifest)}))


def edit_json(bundle: Path, part: str, edit: Callable[[JsonObject], None]) -> None:
    """Change a JSON part and reseal the bundle around it."""
    document = json.loads((bundle / part).read_bytes())
    edit(document)
    reseal(bundle, {part: json.dumps(document).encode()})


def agree(bundle: Path) -> None:
    """Make manifest and network declare the preprocessing that the files are, as a forger would."""
    manifest = json.loads((bundle / MANIFEST).read_bytes())
    columns = bundle / COLUMNS
    estimator = loads(columns.read_bytes(), COLUMNS) if columns.exists() else None
    tokenizer = json.loads((bundle / TOKENIZER).read_bytes())
    declared = preprocessing_fingerprint(
        estimator,
        tokenizer,
        {**manifest["inputs"], "labels": manifest["labels"]},
        manifest["text"],
        manifest["preprocessing"]["frame"],
    )
    state = json.loads(json.dumps(describe(estimator, tokenizer)))
    edit_manifest(
        bundle, lambda one: one["preprocessing"].update(fingerprint=declared, state=state)
    )
    edit_json(bundle, CONFIG, lambda config: config.update(preprocessing_fingerprint=declared))


def dumped(value: object, compress: int | tuple[str, int] = 0) -> bytes:
    """Return a value as the bytes of a joblib file."""
    buffer = io.BytesIO()
    joblib.dump(value, buffer, compress=compress)
    return buffer.getvalue()


def findings_of(bundle: Path, requirements: Requirements | None = None) -> list[Finding]:
    """Open a bundle that must be refused, and give the findings."""
    with pytest.raises(GuardRefused) as refusal:
        open_bundle(bundle, requirements or Requirements())
    assert all(finding.remedy for finding in refusal.value.findings)
    return list(refusal.value.findings)


def the_finding(findings: list[Finding], code: str, subject: str) -> Finding:
    """Return the only finding with this code and subject."""
    found = [one for one in findings if (one.code, one.subject) == (code, subject)]
    assert len(found) == 1, findings
    return found[0]
