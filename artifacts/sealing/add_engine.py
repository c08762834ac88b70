"""Add faster engines to a sealed bundle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifacts.acceleration.building import (
    Accelerated,
    HeldOut,
    build,
    build_if_possible,
    parity_records,
)
from artifacts.sealing.seal import parts_of, with_root, written_beside
from guards.bundle.layout import ENGINE_ANSWERS, ENGINE_GRAPH, engine_part
from guards.bundle.sealed_files import read_sealed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from artifacts.bundle.opening import Bundle
    from guards.json_types import JsonMapping, JsonObject

__all__ = ["Acceleration", "accelerate"]

_FILES = (ENGINE_GRAPH, ENGINE_ANSWERS)


@dataclass(frozen=True, slots=True)
class Acceleration:
    """The engines that were built, notes on them, and the bundle's fingerprint after that.

    ``sealed`` tells whether the bundle was replaced. ``removed`` are the engines that were left out
    when it was opened, and that no other took the place of.
    """

    built: Sequence[Accelerated]
    notes: Sequence[str]
    sealed: bool
    fingerprint: str
    removed: Sequence[str] = ()


def accelerate(
    bundle: Bundle,
    documents: Sequence[JsonMapping] | None,
    max_flips: float,
    engines: Sequence[str] = (),
) -> Acceleration:
    """Build the named engines for a bundle; without names, the first that is within its budget.

    They are compared on ``documents`` (``text`` and ``features``), or on the probes of the bundle.
    If all are over the budget, the bundle stays as it is. Otherwise it is replaced by one with the
    engines that are not, and without those that were left out when it was opened. Its root
    fingerprint is another then: pins have to change, and a signature is left out. Raises
    ``GuardRefused`` if the bundle has changed meanwhile, and ``CallError`` if a named engine cannot
    be built.
    """
    path, preprocessing = bundle.path, bundle.preprocessing
    compared = bundle.probe_documents if documents is None else documents
    held_out = HeldOut(preprocessing.encode_documents(compared), bundle.probe_documents)
    parts = (bundle.network, bundle.manifest.temperature, preprocessing, held_out)
    if engines:
        built = [build(engine, *parts, max_flips=max_flips) for engine in engines]
        notes = [str(engine) for engine in built]
    else:
        built, notes = build_if_possible(*parts, max_flips=max_flips)
    added = [engine for engine in built if engine.parts]
    left_out = {*bundle.manifest.engines} - {*bundle.engines}
    if not added and not left_out:
        return Acceleration(built, notes, sealed=False, fingerprint=bundle.manifest.fingerprint)
    removed = {engine_part(name, part) for name in left_out for part in _FILES}
    judged = read_sealed(path, bundle.manifest.fingerprint)
    files = {name: data for name, data in judged.files.items() if name not in removed}
    for engine in added:
        files |= engine.parts
    # An engine that is in the bundle already, and is not replaced, keeps its report.
    reported = [each for each in built if each.parts or each.engine not in bundle.engines]
    manifest = judged.manifest.model_dump(by_alias=True, exclude_unset=True)
    del manifest["fingerprint"]
    parity = _without(left_out, manifest["parity"]) | parity_records(reported)
    sealed = with_root({**manifest, "parts": parts_of(files), "parity": parity})
    _replace(path, files, sealed)
    return Acceleration(
        built,
        notes,
        sealed=True,
        fingerprint=str(sealed["fingerprint"]),
        removed=sorted(left_out - {engine.engine for engine in added}),
    )


def _without(engines: Collection[str], parity: JsonMapping | None) -> JsonObject:
    return {name: report for name, report in (parity or {}).items() if name not in engines}


def _replace(path: Path, files: Mapping[str, bytes], manifest: JsonMapping) -> None:
    """Put another bundle in the place of the one at ``path``, which stays if that fails."""
    with written_beside(path, files, manifest) as unfinished:
        before = unfinished.with_name("before")
        path.rename(before)
        try:
            unfinished.rename(path)
        except OSError:
            before.rename(path)
            raise
