"""A preprocessing that the weights were not trained with."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from artifacts.bundle.column_inputs import column_inputs_of
from artifacts.bundle.fingerprint import fingerprint_of
from artifacts.bundle.opening import open_bundle
from artifacts.bundle.sealed_columns import SealedColumns, estimator_of
from artifacts.training.columns import fit_columns
from guards.integrity.state.description import describe
from guards.integrity.state.fingerprint import digest
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

    from artifacts.bundle.opening import Bundle
    from artifacts.tables import Table
    from guards.errors import Finding
    from guards.json_types import JsonObject

    Copy = Callable[[Path], Path]

COLUMNS = "preprocessing/columns.joblib"
TOKENIZER = "preprocessing/tokenizer.json"
CONFIG = "model/config.json"


def scaler_of(columns: Any) -> StandardScaler:  # noqa: ANN401 (scikit-learn is untyped)
    """Return the scaler inside a ColumnTransformer."""
    return columns.named_transformers_["numeric"]["scale"]


def refitted(bundle: Bundle, table: Table) -> Any:  # noqa: ANN401 (scikit-learn is untyped)
    """Fit a bundle's columns again, on other rows."""
    preprocessing = bundle.preprocessing
    rows = preprocessing.canonical(table.documents)
    return estimator_of(fit_columns(preprocessing.schema, rows))


def test_transform_of_another_library_version(
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


def test_transform_that_raises(
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
def test_scaler_fitted_again(
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

    before, after = scaler_of(estimator_of(opened.preprocessing.columns)), scaler_of(columns)
    for index, column in enumerate(("pages", "amount")):
        finding = the_finding(findings, "preprocessing_changed", f"{column}.mean_")
        assert finding.expected == str(before.mean_[index])
        assert finding.observed == str(after.mean_[index])
    assert ("part_changed" in {finding.code for finding in findings}) is not resealed


def test_private_values_stay_private(champion: Path, copied: Copy, small_table: Table) -> None:
    """Of a private column a finding says that it changed, and none of its values."""
    bundle = copied(champion)
    columns = refitted(open_bundle(bundle), small_table)
    encoder = columns.named_transformers_["categorical"]["encode"]
    encoder.categories_[0] = np.array(["Secret Court"], dtype=object)

    def make_private(manifest: JsonObject) -> None:
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


def test_columns_of_another_run(champion: Path, challenger: Path, copied: Copy) -> None:
    """Two valid files that are not the pair are refused, by column."""
    bundle = copied(champion)
    reseal(bundle, {COLUMNS: (challenger / COLUMNS).read_bytes()})

    findings = findings_of(bundle)

    whole = the_finding(findings, "preprocessing_changed", "preprocessing")
    assert whole.expected == open_bundle(champion).manifest.preprocessing.fingerprint
    named = the_finding(findings, "preprocessing_changed", "amount.scale_")
    assert named.expected != named.observed


def test_columns_and_declaration_of_another_run(
    champion: Path, copied: Copy, small_table: Table
) -> None:
    """When the manifest is made to agree with the columns, the weights still do not."""
    bundle = copied(champion)
    opened = open_bundle(bundle)
    columns = refitted(opened, small_table)
    tokenizer = json.loads((bundle / TOKENIZER).read_bytes())
    trained_with = opened.manifest.preprocessing.fingerprint
    declared = fingerprint_of(
        replace(
            opened.preprocessing,
            columns=SealedColumns(columns, column_inputs_of(opened.preprocessing.schema)),
        )
    )
    reseal(bundle, {COLUMNS: dumped(columns)})

    def agree(manifest: JsonObject) -> None:
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


def test_parameter_changed_after_fitting(champion: Path, copied: Copy) -> None:
    """A flag that was flipped after fitting is named, with both settings."""
    bundle = copied(champion)
    columns = joblib.load(io.BytesIO((bundle / COLUMNS).read_bytes()))
    scaler_of(columns).with_mean = False
    reseal(bundle, {COLUMNS: dumped(columns)})

    finding = the_finding(findings_of(bundle), "preprocessing_changed", "numeric.scale.with_mean")

    assert (finding.expected, finding.observed) == ("true", "false")


def _tokenizer_findings(
    bundle: Path, change: Callable[[JsonObject], None], *, resealed: bool
) -> list[Finding]:
    tokenizer = json.loads((bundle / TOKENIZER).read_bytes())
    change(tokenizer)
    data = json.dumps(tokenizer).encode()
    if resealed:
        reseal(bundle, {TOKENIZER: data})
    else:
        (bundle / TOKENIZER).write_bytes(data)
    return findings_of(bundle)


@pytest.mark.parametrize("resealed", [False, True])
def test_lower_casing_switched_off(champion: Path, copied: Copy, *, resealed: bool) -> None:
    """Case is part of what the weights were trained with; the setting is named."""

    def keep_case(tokenizer: JsonObject) -> None:
        tokenizer["normalizer"]["normalizers"][0]["lowercase"] = False

    findings = _tokenizer_findings(copied(champion), keep_case, resealed=resealed)

    finding = the_finding(
        findings, "preprocessing_changed", "tokenizer.normalizer.normalizers.0.lowercase"
    )
    assert (finding.expected, finding.observed) == ("true", "false")
    assert [one.subject for one in findings if one.subject.startswith("tokenizer.")] == [
        finding.subject
    ]


@pytest.mark.parametrize("direction", ["Left", "Right"])
@pytest.mark.parametrize("resealed", [False, True])
def test_truncation_in_the_tokenizer(
    champion: Path, copied: Copy, direction: str, *, resealed: bool
) -> None:
    """Truncation that somebody built into the tokenizer is told with its length and its side."""

    def truncate(tokenizer: JsonObject) -> None:
        tokenizer["truncation"] = {
            "direction": direction, "max_length": 16, "strategy": "LongestFirst", "stride": 0
        }  # fmt: skip

    findings = _tokenizer_findings(copied(champion), truncate, resealed=resealed)

    finding = the_finding(findings, "preprocessing_changed", "tokenizer.truncation")
    assert finding.expected == "none"
    assert finding.observed.startswith(f'direction "{direction}", max_length 16, ')


def test_padding_in_the_tokenizer(champion: Path, copied: Copy) -> None:
    """Padding that somebody built into the tokenizer is told."""
    padding = {
        "strategy": {"Fixed": 64}, "direction": "Right", "pad_to_multiple_of": None,
        "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]",
    }  # fmt: skip

    findings = _tokenizer_findings(
        copied(champion), lambda tokenizer: tokenizer.update(padding=padding), resealed=True
    )

    finding = the_finding(findings, "preprocessing_changed", "tokenizer.padding")
    assert (finding.expected, finding.observed[:17]) == ("none", "strategy Fixed 64")


@pytest.mark.parametrize("resealed", [False, True])
def test_two_vocabulary_rows_swapped(champion: Path, copied: Copy, *, resealed: bool) -> None:
    """Two words that exchanged their ids are told with both rows and both words."""
    rows = {}

    def swap(tokenizer: JsonObject) -> None:
        vocabulary = tokenizer["model"]["vocab"]
        rows.update({vocabulary["the"]: "the", vocabulary["of"]: "of"})
        vocabulary["the"], vocabulary["of"] = vocabulary["of"], vocabulary["the"]

    findings = _tokenizer_findings(copied(champion), swap, resealed=resealed)

    finding = the_finding(findings, "preprocessing_changed", "tokenizer.vocabulary")
    (low, first), (high, second) = sorted(rows.items())
    assert finding.expected == f'row {low} "{first}", row {high} "{second}"'
    assert finding.observed == f'row {low} "{second}", row {high} "{first}"'


def test_vocabulary_of_a_bundle_that_kept_its_digest_alone(champion: Path, copied: Copy) -> None:
    """A bundle that was sealed before tokens were kept is refused with length and digest."""
    bundle = copied(champion)
    vocabulary = json.loads((bundle / TOKENIZER).read_bytes())["model"]["vocab"]
    kept: JsonObject = {"length": len(vocabulary), "sha256": digest(vocabulary)}

    def older(manifest: JsonObject) -> None:
        state = manifest["preprocessing"]["state"]
        manifest["preprocessing"]["state"] = {
            **{name: value for name, value in state.items() if name.endswith(".mean_")},
            "tokenizer.vocabulary": kept,
        }

    edit_manifest(bundle, older)
    open_bundle(bundle)

    def add(tokenizer: JsonObject) -> None:
        tokenizer["model"]["vocab"]["brandnew"] = len(vocabulary)

    findings = _tokenizer_findings(bundle, add, resealed=True)

    finding = the_finding(findings, "preprocessing_changed", "tokenizer.vocabulary")
    assert finding.expected.startswith(f"{len(vocabulary)} values, {kept['sha256'][:23]}")
    assert finding.observed.startswith(f"{len(vocabulary) + 1} values, sha256:")
    assert {one.subject for one in findings} == {"preprocessing", "tokenizer.vocabulary"}


def test_many_values_are_told_shortly(champion: Path, copied: Copy) -> None:
    """At most twenty values are named, and of the others the number."""

    def add(tokenizer: JsonObject) -> None:
        tokenizer["added_tokens"] += [
            {"id": 9000 + number, "content": f"<{number}>"} for number in range(25)
        ]

    findings = _tokenizer_findings(copied(champion), add, resealed=True)

    named = [one for one in findings if one.subject.startswith("tokenizer.added_tokens.<")]
    assert len(named) == 20
    assert the_finding(findings, "preprocessing_changed", "…").observed == "30 more values differ"


def test_another_maximum_length(champion: Path, copied: Copy) -> None:
    """Text that would be cut elsewhere than in training is another preprocessing."""
    bundle = copied(champion)
    edit_manifest(bundle, lambda manifest: manifest["text"].update(max_length=32))

    findings = findings_of(bundle)

    assert [finding.code for finding in findings] == ["preprocessing_changed"]


def test_weights_of_another_run(champion: Path, challenger: Path, copied: Copy) -> None:
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
    columns.remainder = columns
    reseal(bundle, {COLUMNS: dumped(columns)})

    the_finding(findings_of(bundle), "unpickling_refused", COLUMNS)
