"""Files and manifests damaged at random, by the thousand.

Whatever they say, the guard answers, with findings or with a value. It runs, loads, writes
and sends nothing meanwhile: the interpreter's own audit trail says so.
"""

from __future__ import annotations

import codecs
import importlib
import io
import json
import pickle
import time
from collections import Counter
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Never

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    StandardScaler,
)

from artifacts.bundle.opening import open_bundle
from guards.bundle.layout import COLUMNS, CONFIG, MANIFEST
from guards.bundle.manifest import root_fingerprint
from guards.bundle.sealed_files import SealedFiles, read_sealed
from guards.errors import GuardRefused, PartError
from guards.integrity.state.fingerprint import digest
from guards.integrity.unpickling.allowlist import ESTIMATORS, VALUES
from guards.integrity.unpickling.unpickler import loads
from guards.integrity.verify import verify
from tests.faults.damaging import damaged, edited
from tests.faults.resealing import agree, reseal
from tests.faults.watching import watched

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from guards.json_types import JsonObject

    Copy = Callable[[Path], Path]

BOX_S = 8.0
"""After so long a test lets the rest of its examples pass: a slow machine tries fewer."""


def fuzzing(examples: int) -> settings:
    """Try the same examples every time."""
    return settings(
        max_examples=examples,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def boxed() -> Callable[[], bool]:
    """Return a function that tells whether the time is up."""
    ends = time.monotonic() + BOX_S
    return lambda: time.monotonic() > ends


def corpus(champion: Path) -> list[bytes]:
    """Return files of each form: joblib's own, and plain pickles of three protocols."""
    frame = pd.DataFrame(
        {
            "pages": np.arange(24.0),
            "court": pd.Series(["NDCA", "SDNY", "DDEL"] * 8, dtype=object),
            "text": pd.Series(["a plain text", "another one", "no text"] * 8, dtype=object),
        }
    )
    words = make_pipeline(TfidfVectorizer(), TruncatedSVD(2, random_state=0))
    columns = ColumnTransformer(
        [
            ("scaled", make_pipeline(SimpleImputer(), StandardScaler()), ["pages"]),
            ("ranked", QuantileTransformer(n_quantiles=6, random_state=0), ["pages"]),
            ("binned", KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf"), ["pages"]),
            ("onehot", OneHotEncoder(min_frequency=9, handle_unknown="ignore"), ["court"]),
            ("ordinal", OrdinalEncoder(), ["court"]),
            ("words", words, "text"),
        ]
    ).fit(frame)
    value = [columns, np.random.RandomState(0), slice(0, 2), 10**40, np.float32]
    buffer = io.BytesIO()
    joblib.dump(value, buffer)
    pickles = [pickle.dumps(value, protocol=protocol) for protocol in (3, 4, 5)]
    return [(champion / COLUMNS).read_bytes(), buffer.getvalue(), *pickles]


@pytest.fixture(scope="module")
def files(champion: Path) -> list[bytes]:
    """Return the files to damage, after all that they need was imported."""
    found = corpus(champion)
    for name in ESTIMATORS | VALUES:
        module, _, _ = name.rpartition(".")
        importlib.import_module(module)
    for data in found:
        digest(loads(data, COLUMNS))
    return found


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


def test_damaged_file_neither_runs_nor_hangs(files: Sequence[bytes]) -> None:
    """A damaged file gives a value, a digest that is refused, or a finding; and nothing else."""
    over, ends = boxed(), Counter[str]()

    @fuzzing(2500)
    @given(damaged(files))
    def survives(data: bytes) -> None:
        if not over():
            act = partial(loads_and_digests, data)
            ends[outcome(act, PartError, TypeError, RecursionError).partition(":")[0]] += 1

    survives()

    assert ends.keys() >= {"passed", "refused preprocessing/columns.joblib\nunpickling_refused"}


def loads_and_digests(data: bytes) -> str:
    """Do what the guard does with the columns of a bundle."""
    return digest(loads(data, COLUMNS))


def test_damaged_file_in_a_bundle_is_refused(
    files: Sequence[bytes], champion: Path, copied: Copy
) -> None:
    """With a bundle around it, the file as it was sealed or not, the guard has only findings."""
    bundle, over = copied(champion), boxed()
    with pytest.raises(GuardRefused, match="load_failed"):
        verify(bundle, unloadable)

    @fuzzing(400)
    @given(damaged(files), st.booleans())
    def is_refused(data: bytes, resealed: bool) -> None:  # noqa: FBT001 (drawn)
        if over():
            return
        if resealed:
            reseal(bundle, {COLUMNS: data})
        else:
            (bundle / COLUMNS).write_bytes(data)
        assert outcome(lambda: verify(bundle, unloadable), GuardRefused) != "passed"

    is_refused()


def unloadable(_sealed: SealedFiles, _columns: object) -> Never:
    """Stand for a network that does not load: what comes before is looked at here."""
    message = "no network"
    raise RuntimeError(message)


@pytest.mark.parametrize("agreeing", [False, True], ids=["with its root", "with all digests"])
def test_damaged_manifest_is_answered(
    champion: Path,
    copied: Copy,
    agreeing: bool,  # noqa: FBT001 (a parameter)
) -> None:
    """A manifest with other values is refused with findings, or harmless; its root may fit."""
    bundle, over = copied(champion), boxed()
    manifest = json.loads((bundle / MANIFEST).read_bytes())
    config = (bundle / CONFIG).read_bytes()
    open_bundle(bundle)

    @fuzzing(250)
    @given(edited(manifest))
    def is_answered(document: JsonObject) -> None:
        if over():
            return
        (bundle / CONFIG).write_bytes(config)
        fingerprint = root_fingerprint(document)
        (bundle / MANIFEST).write_text(json.dumps({**document, "fingerprint": fingerprint}))
        if agreeing:
            with suppress(Exception):
                agree(bundle)
        outcome(lambda: open_bundle(bundle), GuardRefused)

    is_answered()


def test_damaged_bytes_of_a_manifest_are_answered(champion: Path, copied: Copy) -> None:
    """A manifest that is damaged as a file is refused as one that is not what was sealed."""
    bundle, over = copied(champion), boxed()
    manifest = (bundle / MANIFEST).read_bytes()
    for encoding in ("utf-16-be", "utf-16-le", "utf-32-be", "utf-32-le"):
        codecs.lookup(encoding)  # JSON may be in any of them

    @fuzzing(800)
    @given(damaged([manifest]))
    def is_refused(data: bytes) -> None:
        if not over():
            (bundle / MANIFEST).write_bytes(data)
            outcome(lambda: read_sealed(bundle), GuardRefused)

    is_refused()
