"""Seal a bundle again with a reference that has learnt from live windows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from artifacts.sealing.destination import check_destination
from artifacts.sealing.seal import parts_of, with_root, written_beside
from guards.bundle.layout import REFERENCE
from guards.bundle.sealed_files import read_sealed

if TYPE_CHECKING:
    from pathlib import Path

    from artifacts.bundle.opening import Bundle
    from guards.drift.reference import Reference

__all__ = ["seal_taught"]


def seal_taught(bundle: Bundle, reference: Reference, destination: Path) -> str:
    """Write the bundle with another reference, and return its root fingerprint.

    Every other part is the same to the byte. Name and version are the last two components of
    ``destination``, the bundle that was opened is the ``parent`` in the lineage, and a signature is
    left out. Raises ``CallError`` if ``destination`` exists, and ``GuardRefused`` if the bundle has
    changed meanwhile.
    """
    check_destination(destination)
    judged = read_sealed(bundle.path, bundle.manifest.fingerprint)
    # Hours are some hundred thousand counts: without a space after each.
    text = json.dumps(reference.to_json(), ensure_ascii=False, separators=(",", ":"))
    files = {**judged.files, REFERENCE: text.encode()}
    manifest = judged.manifest.model_dump(by_alias=True, exclude_unset=True)
    del manifest["fingerprint"]
    path = destination.resolve()
    sealed = with_root(
        {
            **manifest,
            "name": path.parent.name or path.name,
            "version": path.name,
            "parts": parts_of(files),
            "lineage": {**manifest["lineage"], "parent": judged.manifest.fingerprint},
        }
    )
    destination.parent.mkdir(parents=True, exist_ok=True)
    with written_beside(destination, files, sealed) as unfinished:
        unfinished.rename(destination)
    return str(sealed["fingerprint"])
