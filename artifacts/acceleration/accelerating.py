"""Give a bundle that is sealed already a faster engine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from artifacts.acceleration.building import Accelerated, HeldOut, build
from artifacts.sealing import parts_of, with_root, written_beside
from guards.integrity import read_sealed
from guards.integrity.manifest import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from artifacts.opening import Bundle

__all__ = ["accelerate"]


def accelerate(
    bundle: Bundle, documents: Sequence[Mapping[str, Any]] | None, max_flips: float
) -> tuple[Accelerated, str]:
    """Build an engine for a bundle; gives it with the root fingerprint that the bundle has now.

    It is compared on ``documents`` (``text`` and ``features``), on the bundle's own probes where
    there are none. Over its budget the bundle stays as it is. Otherwise the bundle is replaced by
    one with the engine, which is another root fingerprint: a pin changes, and a signature is left
    out. Raises ``GuardRefused`` where the bundle has changed meanwhile, and ``CallError``.
    """
    path, preprocessing = bundle.path, bundle.preprocessing
    compared = bundle.probe_documents if documents is None else documents
    held_out = HeldOut(preprocessing.encode_documents(compared), bundle.probe_documents)
    built = build(bundle.network, bundle.manifest.temperature, preprocessing, held_out, max_flips)
    if not built.parts:
        return built, bundle.manifest.fingerprint
    files = {**read_sealed(path).files, **built.parts}
    manifest = json.loads((path / MANIFEST).read_bytes())
    del manifest["fingerprint"]
    sealed = with_root(
        {
            **manifest,
            "parts": parts_of(files),
            "parity": {**(manifest["parity"] or {}), **built.to_json()},
        }
    )
    with written_beside(path, files, sealed) as whole:
        before = whole.with_name("before")
        path.rename(before)
        try:
            whole.rename(path)
        except OSError:
            before.rename(path)
            raise
    return built, str(sealed["fingerprint"])
