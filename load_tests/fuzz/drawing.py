"""Draw a damaged bundle: a copy of a real one, one part of it changed, and all sealed again.

The same seed and number give the same damage of the same bases.
"""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from random import Random
from typing import TYPE_CHECKING

import joblib

from guards.bundle.layout import (
    COLUMNS,
    CONFIG,
    ENGINE_ANSWERS,
    ENGINE_GRAPH,
    MANIFEST,
    PROBE_ARRAYS,
    PROBE_DOCUMENTS,
    REFERENCE,
    TOKENIZER,
    WEIGHTS,
)
from load_tests.fuzz.chance import happens
from load_tests.fuzz.damage.arrays import damaged_npy, damaged_npz, damaged_safetensors
from load_tests.fuzz.damage.attributes import damaged_described, damaged_state
from load_tests.fuzz.damage.directories import damage_directory
from load_tests.fuzz.damage.documents import damaged_document, damaged_json
from load_tests.fuzz.damage.graphs import damaged_graph
from load_tests.fuzz.damage.pickles import damaged_pickle
from load_tests.fuzz.damage.planted import plant
from load_tests.fuzz.damage.raw_bytes import damaged_bytes
from load_tests.fuzz.resealing import agree, agree_with, dumped, reseal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from guards.json_types import JsonObject

    Apply = Callable[[Random, Path], str]

__all__ = ["Damaged", "draw_damaged"]

_DOCUMENTS = (CONFIG, CONFIG, TOKENIZER, TOKENIZER, REFERENCE, PROBE_DOCUMENTS)
_AGREE = 0.8
"""How often a forger makes the declared preprocessing agree with the damaged one."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """What was done to a bundle, to be shown and drawn again."""

    seed: int
    number: int
    base: str
    kind: str
    words: str

    def to_json(self) -> JsonObject:
        """Return it as JSON."""
        return asdict(self)


def draw_damaged(seed: int, number: int, bases: Sequence[Path], destination: Path) -> Damaged:
    """Copy one of the bases to ``destination``, damage it and seal it again."""
    rng = Random(f"{seed}:{number}")  # noqa: S311 (it must give the same again)
    base = rng.choice(bases)
    weights = {
        kind: weight for kind, (_, needed, weight) in _KINDS.items() if any(base.glob(needed))
    }
    (kind,) = rng.choices([*weights], [*weights.values()])
    shutil.copytree(base, destination)
    words = _KINDS[kind][0](rng, destination)
    return Damaged(seed, number, base.parent.name, kind, words)


def _bytes(rng: Random, bundle: Path) -> str:
    part = rng.choice(sorted(json.loads((bundle / MANIFEST).read_bytes())["parts"]))
    data, words = damaged_bytes(rng, (bundle / part).read_bytes())
    reseal(bundle, {part: data})
    return f"{part}: {words}"


def _document(rng: Random, bundle: Path) -> str:
    part = rng.choice(_DOCUMENTS)
    data, words = damaged_json(rng, (bundle / part).read_bytes())
    reseal(bundle, {part: data})
    if part == TOKENIZER and happens(rng, _AGREE):
        with suppress(Exception):  # what cannot be described cannot be forged either
            agree(bundle)
    return f"{part}: {words}"


def _manifest(rng: Random, bundle: Path) -> str:
    path = bundle / MANIFEST
    data = path.read_bytes()
    if happens(rng, 0.1):
        data, words = (damaged_bytes if happens(rng, 0.5) else damaged_json)(rng, data)
        path.write_bytes(data)
        return words
    document, words = damaged_document(rng, json.loads(data))
    path.write_text(json.dumps(document))
    with suppress(Exception):
        reseal(bundle, {})
        if happens(rng, _AGREE):
            agree(bundle)
    return words


def _weights(rng: Random, bundle: Path) -> str:
    data, words = damaged_safetensors(rng, (bundle / WEIGHTS).read_bytes())
    reseal(bundle, {WEIGHTS: data})
    return words


def _probes(rng: Random, bundle: Path) -> str:
    data, words = damaged_npz(rng, (bundle / PROBE_ARRAYS).read_bytes())
    reseal(bundle, {PROBE_ARRAYS: data})
    return words


def _engine(rng: Random, bundle: Path) -> str:
    file = rng.choice((ENGINE_GRAPH, ENGINE_GRAPH, ENGINE_GRAPH, ENGINE_ANSWERS))
    path = next(bundle.glob(f"engines/*/{file}"))
    damage = damaged_graph if file == ENGINE_GRAPH else damaged_npy
    data, words = damage(rng, path.read_bytes())
    reseal(bundle, {path.relative_to(bundle).as_posix(): data})
    return f"{file}: {words}"


def _pickle(rng: Random, bundle: Path) -> str:
    data, words = damaged_pickle(rng, joblib.load(bundle / COLUMNS))
    reseal(bundle, {COLUMNS: data})
    return words


def _state(rng: Random, bundle: Path) -> str:
    damage = damaged_described if happens(rng, 0.5) else damaged_state
    estimator, words = damage(rng, joblib.load(bundle / COLUMNS))
    reseal(bundle, {COLUMNS: dumped(estimator, rng.choice((0, 0, 3)))})
    with suppress(Exception):  # what cannot be described cannot be forged either
        agree_with(bundle, joblib.load(bundle / COLUMNS))
    return words


_KINDS: dict[str, tuple[Apply, str, int]] = {
    "bytes": (_bytes, MANIFEST, 1),
    "document": (_document, MANIFEST, 3),
    "manifest": (_manifest, MANIFEST, 2),
    "weights": (_weights, WEIGHTS, 1),
    "probes": (_probes, PROBE_ARRAYS, 1),
    "directory": (damage_directory, MANIFEST, 1),
    "planted": (plant, COLUMNS, 2),
    "engine": (_engine, f"engines/*/{ENGINE_GRAPH}", 6),
    "pickle": (_pickle, COLUMNS, 2),
    "state": (_state, COLUMNS, 6),
}
"""How each kind of damage is done, the file that it needs, and how often it is drawn."""
