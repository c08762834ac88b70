"""Damage a bundle the way a careful hand would: parts, sizes, digests and root all fit again."""

from __future__ import annotations

import hashlib
import io
import json
from typing import TYPE_CHECKING, Any

import joblib
import pytest

from artifacts.opening import open_bundle
from guards.errors import Finding, GuardRefused
from guards.integrity import Demands, describe, loads, root_fingerprint
from guards.integrity.fingerprint import preprocessing_fingerprint
from guards.integrity.manifest import MANIFEST
from guards.integrity.verify import COLUMNS, CONFIG, TOKENIZER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

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

    def record(manifest: dict[str, Any]) -> None:
        for name, data in parts.items():
            digest = hashlib.sha256(data).hexdigest()
            manifest["parts"][name] = {"size": len(data), "sha256": digest}

    edit_manifest(bundle, record)


def edit_manifest(bundle: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    """Change the manifest and give it the root fingerprint that its new content has."""
    path = bundle / MANIFEST
    manifest = json.loads(path.read_bytes())
    edit(manifest)
    path.write_text(json.dumps({**manifest, "fingerprint": root_fingerprint(manifest)}))


def edit_json(bundle: Path, part: str, edit: Callable[[dict[str, Any]], None]) -> None:
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
    """Give a value as the bytes of a joblib file."""
    buffer = io.BytesIO()
    joblib.dump(value, buffer, compress=compress)
    return buffer.getvalue()


def findings_of(bundle: Path, demands: Demands | None = None) -> list[Finding]:
    """Open a bundle that must be refused, and give the findings."""
    with pytest.raises(GuardRefused) as refusal:
        open_bundle(bundle, demands or Demands())
    assert all(finding.remedy for finding in refusal.value.findings)
    return list(refusal.value.findings)


def the_finding(findings: list[Finding], code: str, subject: str) -> Finding:
    """Give the only finding with this code and subject."""
    found = [one for one in findings if (one.code, one.subject) == (code, subject)]
    assert len(found) == 1, findings
    return found[0]
