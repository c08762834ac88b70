"""Bundles of format 1, sealed by the code of commit b68a475: they verify, answer, diff and serve.

``documents/1`` was trained, on a base of its own, with texts in windows. The columns of
``documents/2`` were fitted by another team under scikit-learn 1.6, with a remainder that is passed
through: the manifest has a frame, and the pickle names a function of ours where it stood then.
``diff.json`` and ``diff.txt`` are what ``understudy diff`` printed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from artifacts.bundle.opening import open_bundle
from guards.bundle.layout import COLUMNS
from guards.bundle.sealed_files import read_sealed
from guards.integrity.differences.bundle_diff import diff_bundles
from guards.integrity.unpickling.unpickler import loads
from service.cli.diff import diff
from service.settings import Settings
from tests.faults.resealing import dumped, reseal
from tests.service.http.endpoint import running
from tests.serving.server import read_log

if TYPE_CHECKING:
    from collections.abc import Callable

    from guards.json_types import JsonObject

SEALED = Path(__file__).parent / "sealed" / "format-1"
TRAINED, IMPORTED = SEALED / "documents" / "1", SEALED / "documents" / "2"
FINGERPRINTS = {
    TRAINED: "sha256:4f8f10284b1be5659509ed8832fd5fbe3914f518c6f0cffd6740da54b0d9487a",
    IMPORTED: "sha256:021c1db2437cccea95b4cbe0dedb0261c905fdd980fba3450e3131f93c7001fd",
}
DOCUMENT: JsonObject = {
    "text": "an invoice",
    "features": {"pages": 2, "amount": 10.5, "court": "NDCA", "sender": "nobody"},
}
THEN, NOW = (b"guards.integrity.rebuilding", b"guards.integrity.unpickling.numpy_state")
"""The modules in which the function that makes remainder columns stood and stands."""


@pytest.mark.parametrize("path", [TRAINED, IMPORTED], ids=["trained", "imported"])
def test_bundle_opens_and_answers_as_sealed(path: Path) -> None:
    """The root is the one that was sealed, and every probe is answered as it was then."""
    bundle = open_bundle(path)

    assert bundle.identity.fingerprint == FINGERPRINTS[path]
    assert bundle.tolerated == ()
    probes = read_sealed(path).probes
    observed = bundle.probe(probes.documents)
    np.testing.assert_array_equal(observed.token_ids, probes.expected.token_ids)
    np.testing.assert_allclose(observed.columns, probes.expected.columns, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(observed.probabilities, probes.expected.probabilities, atol=1e-4)


def test_diff_is_the_same_json() -> None:
    """The difference is reported value by value as before, under the same names."""
    expected = json.loads((SEALED / "diff.json").read_text(encoding="utf-8"))

    observed = diff_bundles(read_sealed(TRAINED), read_sealed(IMPORTED)).to_json()

    assert json.loads(json.dumps(observed)) == expected


@pytest.mark.parametrize(("options", "file"), [(["--json"], "diff.json"), ([], "diff.txt")])
def test_diff_prints_the_same_bytes(options: list[str], file: str) -> None:
    """Scripts and people read what they read before."""
    result = CliRunner().invoke(diff, [*options, str(TRAINED), str(IMPORTED)])

    assert result.exit_code == 1
    assert result.stdout == (SEALED / file).read_text(encoding="utf-8")


def test_pickle_names_the_function_by_its_old_or_new_module(copied: Callable[[Path], Path]) -> None:
    """What was dumped then loads, and so does what is dumped now; both have one fingerprint."""
    bundle = copied(IMPORTED)
    sealed = (bundle / COLUMNS).read_bytes()
    data = dumped(loads(sealed, COLUMNS))
    assert (THEN in sealed, NOW in sealed) == (True, False)
    assert (THEN in data, NOW in data) == (False, True)

    reseal(bundle, {COLUMNS: data})

    sealed_now = open_bundle(bundle).manifest
    assert sealed_now.preprocessing == open_bundle(IMPORTED).manifest.preprocessing


def test_both_serve_together(tmp_path: Path) -> None:
    """One is the champion and the other its challenger, and a request is answered by both."""
    log = tmp_path / "log.jsonl"
    settings = Settings(champion=str(TRAINED), challengers=(str(IMPORTED),), log_file=log)
    with running(settings) as endpoint:
        endpoint.answer(DOCUMENT["text"], **DOCUMENT["features"])
    started, *_, stopped = read_log(log)
    assert started["champion"]["fingerprint"] == FINGERPRINTS[TRAINED]
    assert stopped["coverage"]["compared"] == 1
