"""A preprocessing that the weights were not trained with: rows 1, 3 to 5, 15 to 18, 22."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from artifacts.columns import fit_columns
from artifacts.opening import open_bundle
from artifacts.sealing import fingerprint_of
from guards.integrity import describe
from tests.faults.resealing import (
    dumped,
    edit_json,
    edit_manifest,
    findings_of,
    reseal,
    the_finding,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from artifacts.opening import Bundle
    from artifacts.tables import Table

    Copy = Callable[[Path], Path]

COLUMNS = "preprocessing/columns.joblib"
TOKENIZER = "preprocessing/tokenizer.json"
CONFIG = "model/config.json"


def scaler_of(columns: Any) -> StandardScaler:  # noqa: ANN401 (scikit-learn is untyped)
    """Give the scaler inside a ColumnTransformer."""
    return columns.named_transformers_["numeric"]["scale"]


def refitted(bundle: Bundle, table: Table) -> Any:  # noqa: ANN401 (scikit-learn is untyped)
    """Fit a bundle's columns again, on other rows."""
    preprocessing = bundle.preprocessing
    return fit_columns(preprocessing.schema, preprocessing.canonical(table.documents))


def test_row_01_transform_of_another_library_version(
    champion: Path, copied: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same parameters under a library whose transform differs fail a probe."""
    bundle = copied(champion)
    transform = StandardScaler.transform
    monkeypatch.setattr(
        StandardScaler, "transform", lambda scaler, rows: transform(scaler, rows) + 1e-6
    )

    finding = the_finding(findings_of(bundle), "probe_failed", "probes: columns")

    expected, observed = finding.expected.split()[0], finding.observed
    assert float(observed) - float(expected) == pytest.approx(1e-6, rel=1e-2)


def test_row_03_transform_that_raises(
    champion: Path, copied: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An artifact that loads, and raises at its first transform, is refused with what it raised."""

    def fail(_scaler: StandardScaler, _rows: object) -> None:
        message = "no attribute '_fill_dtype'"
        raise AttributeError(message)

    monkeypatch.setattr(StandardScaler, "transform", fail)

    finding = the_finding(findings_of(copied(champion)), "probe_failed", "probes")

    assert finding.observed == "AttributeError: no attribute '_fill_dtype'"


@pytest.mark.parametrize("resealed", [False, True])
def test_row_04_scaler_fitted_again(
    champion: Path, copied: Copy, small_table: Table, *, resealed: bool
) -> None:
    """A scaler fitted on other rows is told by column, with both values, resealed or not."""
    bundle = copied(champion)
    opened = open_bundle(bundle)
    columns = refitted(opened, small_table)
    if resealed:
        reseal(bundle, {COLUMNS: dumped(columns)})
    else:
        (bundle / COLUMNS).write_bytes(dumped(columns))

    findings = findings_of(bundle)

    before, after = scaler_of(opened.preprocessing.columns), scaler_of(columns)
    for place, column in enumerate(("pages", "amount")):
        finding = the_finding(findings, "preprocessing_changed", f"{column}.mean_")
        assert finding.expected == str(before.mean_[place])
        assert finding.observed == str(after.mean_[place])
    assert ("part_changed" in {finding.code for finding in findings}) is not resealed


def test_row_04_private_values_stay_private(
    champion: Path, copied: Copy, small_table: Table
) -> None:
    """Of a private column a finding says that it changed, and none of its values."""
    bundle = copied(champion)
    columns = refitted(open_bundle(bundle), small_table)
    encoder = columns.named_transformers_["categorical"]["encode"]
    encoder.categories_[0] = np.array(["Secret Court"], dtype=object)

    def make_private(manifest: dict[str, Any]) -> None:
        for column in (*manifest["inputs"]["numeric"], *manifest["inputs"]["categorical"]):
            column["private"] = True

    edit_manifest(bundle, make_private)
    reseal(bundle, {COLUMNS: dumped(columns)})

    findings = findings_of(bundle)

    finding = the_finding(findings, "preprocessing_changed", "court.categories_")
    assert finding.expected.startswith("private, sha256:")
    assert finding.observed.startswith("private, sha256:")
    assert finding.expected != finding.observed
    assert not any("Secret" in str(one) or "NDCA" in str(one) for one in findings)


def test_row_05_columns_of_another_run(champion: Path, challenger: Path, copied: Copy) -> None:
    """Two valid files that are not the pair are refused, by column."""
    bundle = copied(champion)
    reseal(bundle, {COLUMNS: (challenger / COLUMNS).read_bytes()})

    findings = findings_of(bundle)

    whole = the_finding(findings, "preprocessing_changed", "preprocessing")
    assert whole.expected == open_bundle(champion).manifest.preprocessing.fingerprint
    named = the_finding(findings, "preprocessing_changed", "amount.scale_")
    assert named.expected != named.observed


def test_row_05_columns_and_declaration_of_another_run(
    champion: Path, copied: Copy, small_table: Table
) -> None:
    """When the manifest is made to agree with the columns, the weights still do not."""
    bundle = copied(champion)
    opened = open_bundle(bundle)
    columns = refitted(opened, small_table)
    tokenizer = json.loads((bundle / TOKENIZER).read_bytes())
    trained_with = opened.manifest.preprocessing.fingerprint
    declared = fingerprint_of(replace(opened.preprocessing, columns=columns))
    reseal(bundle, {COLUMNS: dumped(columns)})

    def agree(manifest: dict[str, Any]) -> None:
        state = describe(columns, tokenizer)
        manifest["preprocessing"] = {
            "fingerprint": declared,
            "state": json.loads(json.dumps(state)),
        }

    edit_manifest(bundle, agree)

    finding = the_finding(findings_of(bundle), "preprocessing_mismatch", "model weights")

    assert declared in finding.expected
    assert trained_with in finding.observed

    edit_json(bundle, CONFIG, lambda config: config.update(preprocessing_fingerprint=declared))

    finding = the_finding(findings_of(bundle), "probe_failed", "probes: columns")

    assert finding.expected.split()[0] != finding.observed


def test_row_15_parameter_changed_after_fitting(champion: Path, copied: Copy) -> None:
    """A flag that was flipped after fitting is named, with both settings."""
    bundle = copied(champion)
    columns = joblib.load(io.BytesIO((bundle / COLUMNS).read_bytes()))
    scaler_of(columns).with_mean = False
    reseal(bundle, {COLUMNS: dumped(columns)})

    finding = the_finding(findings_of(bundle), "preprocessing_changed", "numeric.scale.with_mean")

    assert (finding.expected, finding.observed) == ("True", "False")


def _upper_case(tokenizer: dict[str, Any]) -> None:
    tokenizer["normalizer"]["lowercase"] = False


def _truncation(tokenizer: dict[str, Any]) -> None:
    tokenizer["truncation"] = {
        "direction": "Right", "max_length": 16, "strategy": "LongestFirst", "stride": 0
    }  # fmt: skip


def _swap_words(tokenizer: dict[str, Any]) -> None:
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary["the"], vocabulary["of"] = vocabulary["of"], vocabulary["the"]


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        pytest.param(_upper_case, "tokenizer.normalizer.lowercase", id="row 16"),
        pytest.param(_truncation, "tokenizer.truncation", id="row 17"),
        pytest.param(_swap_words, "tokenizer.vocabulary", id="row 18"),
    ],
)
@pytest.mark.parametrize("resealed", [False, True])
def test_rows_16_to_18_tokenizer_changed(
    champion: Path,
    copied: Copy,
    change: Callable[[dict[str, Any]], None],
    subject: str,
    *,
    resealed: bool,
) -> None:
    """Case, truncation and vocabulary are part of what the weights were trained with."""
    bundle = copied(champion)
    tokenizer = json.loads((bundle / TOKENIZER).read_bytes())
    change(tokenizer)
    data = json.dumps(tokenizer).encode()
    if resealed:
        reseal(bundle, {TOKENIZER: data})
    else:
        (bundle / TOKENIZER).write_bytes(data)

    findings = findings_of(bundle)

    changed = [finding for finding in findings if finding.subject.startswith(subject)]
    assert changed
    assert all(finding.code == "preprocessing_changed" for finding in changed)
    assert all(finding.expected != finding.observed for finding in changed)


def test_row_17_another_maximum_length(champion: Path, copied: Copy) -> None:
    """Text that would be cut elsewhere than in training is another preprocessing."""
    bundle = copied(champion)
    edit_manifest(bundle, lambda manifest: manifest["text"].update(max_length=32))

    findings = findings_of(bundle)

    assert [finding.code for finding in findings] == ["preprocessing_changed"]


def test_row_22_weights_of_another_run(champion: Path, challenger: Path, copied: Copy) -> None:
    """Weights trained with another preprocessing are refused with both fingerprints."""
    bundle = copied(champion)
    model = {f"model/{path.name}": path.read_bytes() for path in (challenger / "model").iterdir()}
    reseal(bundle, model)

    finding = the_finding(findings_of(bundle), "preprocessing_mismatch", "model weights")

    ours, theirs = (
        json.loads((one / "manifest.json").read_bytes())["preprocessing"]["fingerprint"]
        for one in (champion, challenger)
    )
    assert ours in finding.expected
    assert theirs in finding.observed


@pytest.mark.parametrize("value", [{}, 3, [], "text"])
def test_columns_that_are_no_estimator(champion: Path, copied: Copy, value: object) -> None:
    """A columns file that holds something else altogether is refused, without a traceback."""
    bundle = copied(champion)
    reseal(bundle, {COLUMNS: dumped(value)})

    the_finding(findings_of(bundle), "preprocessing_changed", "preprocessing")


def test_columns_that_hold_themselves(champion: Path, copied: Copy) -> None:
    """A columns file whose state has no end is refused, without a traceback."""
    bundle = copied(champion)
    columns = joblib.load(io.BytesIO((bundle / COLUMNS).read_bytes()))
    columns.note_ = [columns]
    reseal(bundle, {COLUMNS: dumped(columns)})

    the_finding(findings_of(bundle), "preprocessing_changed", COLUMNS)
