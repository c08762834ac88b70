"""Seal a changed bundle again, so that sizes, digests and root fit what it holds now."""

from __future__ import annotations

import hashlib
import io
import json
from typing import TYPE_CHECKING, Any

import joblib

from guards.bundle.layout import COLUMNS, CONFIG, MANIFEST, TOKENIZER
from guards.bundle.manifest import root_fingerprint
from guards.integrity.state.description import describe
from guards.integrity.state.fingerprint import preprocessing_fingerprint
from guards.integrity.unpickling.unpickler import loads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from guards.json_types import JsonObject

__all__ = ["agree", "agree_with", "dumped", "edit_json", "edit_manifest", "reseal"]


def reseal(bundle: Path, parts: Mapping[str, bytes]) -> None:
    """Write parts and bring the manifest into line with them."""
    for name, data in parts.items():
        (bundle / name).parent.mkdir(parents=True, exist_ok=True)
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
    columns = bundle / COLUMNS
    agree_with(bundle, loads(columns.read_bytes(), COLUMNS) if columns.exists() else None)


def agree_with(bundle: Path, estimator: Any) -> None:  # noqa: ANN401 (scikit-learn is untyped)
    """Make manifest and network declare these columns and the tokenizer's file."""
    manifest = json.loads((bundle / MANIFEST).read_bytes())
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
