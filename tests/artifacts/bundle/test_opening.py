"""A bundle that the guard has passed answers as it was sealed."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections import Counter
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from artifacts.bundle.opening import open_bundle
from artifacts.bundle.truncation import Truncation
from artifacts.training.options import TrainingOptions
from artifacts.training.train import train
from guards.bundle.layout import MANIFEST, REFERENCE, WEIGHTS
from guards.bundle.sealed_files import read_sealed
from guards.schema import Schema
from tests.bundles import ROLES
from tests.faults.resealing import edit_json, findings_of, the_finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from artifacts.tables import Table
    from guards.json_types import JsonObject


def test_opened_bundle_is_what_its_manifest_says(champion: Path) -> None:
    """Name, version, fingerprint, labels and schema are those of the manifest."""
    bundle = open_bundle(champion)

    manifest = json.loads((champion / "manifest.json").read_bytes())
    assert bundle.identity.to_json() == {
        "name": "docs",
        "version": "1",
        "fingerprint": manifest["fingerprint"],
    }
    assert list(bundle.labels) == manifest["labels"]
    assert bundle.preprocessing.schema.labels == bundle.labels
    assert bundle.preprocessing.truncation == Truncation(64)
    assert not bundle.network.training


def _header(weights: Path) -> bytes:
    """Return the JSON with which a safetensors file begins."""
    data = weights.read_bytes()
    return data[8 : 8 + int.from_bytes(data[:8], "little")]


@pytest.mark.parametrize("kind", ["trained", "in windows", "columns of another team"])
def test_each_part_is_read_and_parsed_once(
    kind: str, bundle_of: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening costs one reading of each file, and one parsing of each part that is parsed."""
    path = bundle_of(kind)
    opened: Counter[str] = Counter()
    parsed: Counter[str] = Counter()
    part_of = {file.read_bytes(): str(file.relative_to(path)) for file in path.rglob("*.json")}
    part_of[_header(path / WEIGHTS)] = "the header of the weights"
    open_file, parse, unzip, build = os.open, json.loads, zipfile.ZipFile, Schema.from_json

    def counting_open(file: Path | str, *arguments: Any, **options: Any) -> int:  # noqa: ANN401 (open's own)
        descriptor = open_file(file, *arguments, **options)
        if Path(file).is_relative_to(path):
            opened[str(Path(file).relative_to(path))] += 1
        return descriptor

    def counting_parse(data: bytes, **options: Any) -> object:  # noqa: ANN401 (json's own)
        parsed[part_of.get(data, "another text")] += 1
        return parse(data, **options)

    def counting_unzip(file: IO[bytes]) -> zipfile.ZipFile:
        parsed["probes.npz"] += 1
        return unzip(file)

    def counting_build(data: JsonObject) -> Schema:
        parsed["schema"] += 1
        return build(data)

    monkeypatch.setattr(os, "open", counting_open)
    monkeypatch.setattr(json, "loads", counting_parse)
    monkeypatch.setattr(zipfile, "ZipFile", counting_unzip)
    monkeypatch.setattr(Schema, "from_json", counting_build)

    bundle = open_bundle(path)

    assert opened == dict.fromkeys([MANIFEST, *bundle.manifest.parts], 1)
    assert parsed == dict.fromkeys([*part_of.values(), "probes.npz", "schema"], 1)


def test_opening_twice_gives_the_same_answers(champion: Path) -> None:
    """Nothing in an answer depends on when or how often a bundle was opened."""
    documents = read_sealed(champion).probes.documents

    once, again = (open_bundle(champion).probe(documents) for _ in range(2))

    np.testing.assert_array_equal(once.probabilities, again.probabilities)
    np.testing.assert_array_equal(once.columns, again.columns)
    np.testing.assert_array_equal(once.token_ids, again.token_ids)


def test_sealed_outputs_are_the_outputs(champion: Path) -> None:
    """The outputs in the bundle are what preprocessing and network give, to the last bit here."""
    probes = read_sealed(champion).probes

    observed = open_bundle(champion).probe(probes.documents)

    np.testing.assert_array_equal(observed.probabilities, probes.expected.probabilities)
    np.testing.assert_array_equal(observed.columns, probes.expected.columns)


@pytest.mark.parametrize("kind", ["trained", "columns of another team"])
def test_columns_are_compiled(kind: str, bundle_of: Callable[[str], Path]) -> None:
    """A bundle of common columns answers the probes without scikit-learn, to the last bit."""
    path = bundle_of(kind)
    bundle = open_bundle(path)
    columns = bundle.preprocessing.columns
    assert columns is not None
    assert columns.compiled
    probes = read_sealed(path).probes

    with columns.estimator_lock:  # what waits for the estimator would wait for ever
        observed = bundle.probe(probes.documents)

    np.testing.assert_array_equal(observed.columns, probes.expected.columns)


def test_library_that_fails_one_probe_alone_is_refused(
    champion: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The probes judge the installed library, also where compiled columns would know better."""
    documents = read_sealed(champion).probes.documents
    amounts = [document["features"]["amount"] for document in documents[:8]]
    odd = next(amount for amount in amounts if amount > 0)
    transform = StandardScaler.transform

    def otherwise(scaler: StandardScaler, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(transform(scaler, numbers) + 1e-6 * (numbers == odd))

    monkeypatch.setattr(StandardScaler, "transform", otherwise)

    the_finding(findings_of(champion), "probe_failed", "probes: columns")


def test_bundle_may_be_moved(champion: Path, tmp_path: Path) -> None:
    """A sealed bundle may be copied anywhere, under any name, and keeps its identity."""
    there = tmp_path / "elsewhere \u00e9" / "renamed"
    shutil.copytree(champion, there)

    assert open_bundle(there).identity == open_bundle(champion).identity


def test_opening_leaves_the_bundle_alone(champion: Path, copied: Callable[[Path], Path]) -> None:
    """Judging a bundle writes nothing into it."""
    bundle = copied(champion)
    before = {path: path.stat().st_mtime_ns for path in bundle.rglob("*")}

    open_bundle(bundle)

    assert {path: path.stat().st_mtime_ns for path in bundle.rglob("*")} == before


def test_reference_is_that_of_the_held_out_rows(champion: Path) -> None:
    """The reference counts the rows that training held out, over every watched value."""
    bundle = open_bundle(champion)

    reference = bundle.reference

    assert reference.documents == bundle.manifest.metrics["rows"] == 36
    assert {"pages", "amount", "court", "sender", "text.tokens"} < reference.features.keys()
    assert {"answer.label", "answer.confidence", "answer.margin", "answer.entropy"} < (
        reference.features.keys()
    )
    assert reference.calibration.keys() == set(bundle.labels)
    assert sum(sum(one.documents) for one in reference.calibration.values()) == 36


def _negative(reference: JsonObject) -> None:
    reference["documents"] = -1


def _other_schema(reference: JsonObject) -> None:
    reference["schema"] = 99


def _without_features(reference: JsonObject) -> None:
    del reference["features"]


@pytest.mark.parametrize("damage", [_negative, _other_schema, _without_features])
def test_malformed_reference_is_refused(
    champion: Path, copied: Callable[[Path], Path], damage: Callable[[JsonObject], None]
) -> None:
    """A resealed reference that is none is refused with the field that is wrong."""
    bundle = copied(champion)
    edit_json(bundle, REFERENCE, damage)

    finding = the_finding(findings_of(bundle), "part_unreadable", REFERENCE)

    assert finding.observed


def test_bundle_of_text_alone(small_table: Table, tmp_path: Path) -> None:
    """A bundle without feature columns has no columns file, opens, and answers."""
    roles = type(ROLES)(text=("text",), label="label")
    documents = [{**document, "features": {}} for document in small_table.documents]
    table = type(small_table)("text", documents, small_table.labels, small_table.rows)
    path = tmp_path / "texts" / "1"
    train(
        table.take(range(60)),
        roles,
        path,
        TrainingOptions(epochs=1, max_length=16, accelerate=False),
    )

    bundle = open_bundle(path)

    assert bundle.preprocessing.columns is None
    assert not (path / "preprocessing" / "columns.joblib").exists()
    assert bundle.probe([{"text": "hello", "features": {}}]).probabilities.sum() == pytest.approx(1)


def test_a_reference_of_other_columns_is_refused(
    champion: Path, copied: Callable[[Path], Path]
) -> None:
    """A reference that does not watch every column would fail the first request."""
    bundle = copied(champion)
    edit_json(bundle, REFERENCE, lambda reference: reference["features"].pop("court"))
    finding = the_finding(findings_of(bundle), "reference_mismatch", REFERENCE)
    assert "'court'" in finding.observed
