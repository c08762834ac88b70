"""Files and manifests damaged at random, by the hundred, in this process.

Whatever they say, the guard answers, with findings or with a value. It runs, loads, writes
and sends nothing meanwhile: the interpreter's own audit trail says so.
"""

from __future__ import annotations

import codecs
import importlib
from collections import Counter
from functools import partial
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from artifacts.demo.documents import champion_training
from guards.bundle.layout import COLUMNS, MANIFEST
from guards.bundle.sealed_files import read_sealed
from guards.errors import GuardRefused, PartError
from guards.integrity.state.fingerprint import digest
from guards.integrity.unpickling.allowlist import ESTIMATORS, VALUES
from guards.integrity.unpickling.unpickler import loads
from load_tests.fuzz.columns import fitted
from load_tests.fuzz.damage.documents import damaged_json
from load_tests.fuzz.damage.pickles import damaged_pickle
from load_tests.fuzz.damage.raw_bytes import damaged_bytes
from load_tests.fuzz.resealing import dumped
from tests.faults.watching import watched

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Copy = Callable[[Path], Path]


@pytest.fixture(scope="module")
def columns() -> object:
    """Return the columns to damage, after all that the guard needs for them was imported."""
    fitted_columns = fitted("categories", champion_training(240, seed=1))
    columns = [fitted_columns, np.random.RandomState(0), slice(0, 2), 10**40, np.float32]
    for name in ESTIMATORS | VALUES:
        module, _, _ = name.rpartition(".")
        importlib.import_module(module)
    digest(loads(dumped(columns), COLUMNS))
    return columns


def outcome(act: Callable[[], object], *refusals: type[Exception]) -> str:
    """Say how an attempt ended, after seeing that nothing else came of it."""
    ended = "passed"
    with watched() as heard:
        try:
            act()
        except refusals as error:
            ended = str(error)
    assert heard == []
    assert "MemoryError" not in ended
    return ended


def loads_and_digests(data: bytes) -> str:
    """Do what the guard does with the columns of a bundle."""
    return digest(loads(data, COLUMNS))


def test_damaged_file_neither_runs_nor_hangs(columns: object) -> None:
    """A damaged file gives a value, a digest that is refused, or a finding; and nothing else."""
    ends, whole = Counter[str](), dumped(columns)
    for number in range(400):
        rng = Random(f"pickles {number}")  # noqa: S311 (the same each time)
        if number % 3:
            data, _ = damaged_pickle(rng, columns)
        else:
            data, _ = damaged_bytes(rng, whole)
        act = partial(loads_and_digests, data)
        ends[outcome(act, PartError, TypeError, RecursionError).partition(":")[0]] += 1

    assert ends.keys() >= {"passed", "refused preprocessing/columns.joblib\nunpickling_refused"}


def test_damaged_manifest_is_answered(champion: Path, copied: Copy) -> None:
    """A manifest that is damaged as a file says what was sealed, or it is refused."""
    bundle = copied(champion)
    manifest = (bundle / MANIFEST).read_bytes()
    for encoding in ("utf-16-be", "utf-16-le", "utf-32-be", "utf-32-le"):
        codecs.lookup(encoding)  # JSON may be in any of them
    sealed = read_sealed(bundle).manifest
    for number in range(300):
        rng = Random(f"manifests {number}")  # noqa: S311 (the same each time)
        damage = damaged_bytes if number % 2 else damaged_json
        data, words = damage(rng, manifest)
        (bundle / MANIFEST).write_bytes(data)
        if outcome(partial(read_sealed, bundle), GuardRefused) == "passed":
            assert read_sealed(bundle).manifest == sealed, words
