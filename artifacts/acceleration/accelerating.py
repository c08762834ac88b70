"""Give a bundle that is sealed already a faster engine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifacts.acceleration.building import (
    Accelerated,
    HeldOut,
    build,
    build_if_possible,
    parity_records,
)
from artifacts.sealing import parts_of, with_root, written_beside
from guards.integrity import read_sealed
from guards.integrity.manifest import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from artifacts.opening import Bundle

__all__ = ["Acceleration", "accelerate"]


@dataclass(frozen=True, slots=True)
class Acceleration:
    """What was built and compared, a note for each engine, and what the bundle is now."""

    built: Sequence[Accelerated]
    notes: Sequence[str]
    added: bool
    fingerprint: str


def accelerate(
    bundle: Bundle,
    documents: Sequence[Mapping[str, Any]] | None,
    max_flips: float,
    engines: Sequence[str] = (),
) -> Acceleration:
    """Build engines for a bundle, where none is named the fastest that is within its budget.

    They are compared on ``documents`` (``text`` and ``features``), on the bundle's own probes where
    there are none. Where all are over the budget the bundle stays as it is. Otherwise the bundle is
    replaced by one with the engines that are not, which is another root fingerprint: a pin changes,
    and a signature is left out. Raises ``GuardRefused`` where the bundle has changed meanwhile, and
    ``CallError`` where an engine that was named cannot be built.
    """
    path, preprocessing = bundle.path, bundle.preprocessing
    compared = bundle.probe_documents if documents is None else documents
    held_out = HeldOut(preprocessing.encode_documents(compared), bundle.probe_documents)
    what = (bundle.network, bundle.manifest.temperature, preprocessing, held_out)
    if engines:
        built = [build(engine, *what, max_flips=max_flips) for engine in engines]
        notes = [str(one) for one in built]
    else:
        built, notes = build_if_possible(*what, max_flips=max_flips)
    added = [one for one in built if one.parts]
    if not added:
        return Acceleration(built, notes, added=False, fingerprint=bundle.manifest.fingerprint)
    files = dict(read_sealed(path).files)
    for one in added:
        files |= one.parts
    # An engine that the bundle carries already keeps the report that it was built with.
    reported = [one for one in built if one.parts or one.engine not in bundle.engines]
    manifest = json.loads((path / MANIFEST).read_bytes())
    del manifest["fingerprint"]
    sealed = with_root(
        {
            **manifest,
            "parts": parts_of(files),
            "parity": {**(manifest["parity"] or {}), **parity_records(reported)},
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
    return Acceleration(built, notes, added=True, fingerprint=str(sealed["fingerprint"]))
