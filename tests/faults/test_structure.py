"""Parts that are sound and do not fit each other.

Most are forged: manifest, network and files are made to agree about everything that a digest can
see, so that only the parts' own shapes tell them apart.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import joblib
import pytest
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tests.faults.resealing import (
    agree,
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

    from guards.json_types import JsonObject

    Copy = Callable[[Path], Path]

COLUMNS = "preprocessing/columns.joblib"
CONFIG = "model/config.json"
REFERENCE = "reference.json"
TOKENIZER = "preprocessing/tokenizer.json"


def test_dumped_again_under_another_version(
    champion: Path, copied: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dumping an artifact again hides its version, and changes no answer of a probe."""
    bundle = copied(champion)
    columns = joblib.load(io.BytesIO((bundle / COLUMNS).read_bytes()))
    transform = StandardScaler.transform
    monkeypatch.setattr(
        StandardScaler, "transform", lambda scaler, rows: transform(scaler, rows) * (1 + 1e-6)
    )
    reseal(bundle, {COLUMNS: dumped(columns)})
    agree(bundle)

    finding = the_finding(findings_of(bundle), "probe_failed", "probes: columns")

    expected, observed = float(finding.expected.split()[0]), float(finding.observed)
    assert observed / expected == pytest.approx(1 + 1e-6, rel=1e-9)


def test_more_tokens_than_embeddings(champion: Path, copied: Copy) -> None:
    """A token that the network has no row for is refused before a text can hold it."""
    bundle = copied(champion)
    rows = json.loads((bundle / CONFIG).read_bytes())["encoder"]["vocab_size"]
    edit_json(bundle, TOKENIZER, lambda one: one["model"]["vocab"].update(understudy=rows))
    agree(bundle)

    finding = the_finding(findings_of(bundle), "vocabulary_mismatch", TOKENIZER)

    assert finding.expected.startswith(f"token ids below {rows}")
    assert finding.observed == f"token id {rows}"


def test_fewer_embeddings_than_configured(champion: Path, copied: Copy) -> None:
    """A configuration with another number of rows than the weights have does not load."""
    bundle = copied(champion)
    edit_json(bundle, CONFIG, lambda config: config["encoder"].update(vocab_size=5000))

    finding = the_finding(findings_of(bundle), "network_mismatch", CONFIG)

    assert "(5000, " in finding.observed


def _turn(inputs: JsonObject) -> None:
    inputs["numeric"].reverse()


def _drop(inputs: JsonObject) -> None:
    inputs["numeric"].pop()


def _retype(inputs: JsonObject) -> None:
    number = inputs["numeric"].pop()
    inputs["categorical"].insert(0, {"name": number["name"], "categories": ["1", "2"]})


@pytest.mark.parametrize("change", [_turn, _drop, _retype])
def test_columns_of_another_schema(
    champion: Path, copied: Copy, change: Callable[[JsonObject], None]
) -> None:
    """Columns in another order, one dropped, one of another type: another preprocessing."""
    bundle = copied(champion)
    edit_manifest(bundle, lambda manifest: change(manifest["inputs"]))

    findings = findings_of(bundle)

    assert [finding.code for finding in findings] == ["preprocessing_changed"]


@pytest.mark.parametrize("change", [_turn, _drop])
def test_forged_schema_against_the_fitted_columns(
    champion: Path, copied: Copy, change: Callable[[JsonObject], None]
) -> None:
    """The estimator itself knows which columns it was fitted on, and in which order."""
    bundle = copied(champion)
    edit_manifest(bundle, lambda manifest: change(manifest["inputs"]))
    agree(bundle)

    finding = the_finding(findings_of(bundle), "columns_mismatch", "inputs")

    assert "'pages', 'amount', 'court', 'sender'" in finding.expected
    assert "'pages', 'amount', 'court', 'sender'" not in finding.observed


def test_forged_type_of_a_column(champion: Path, copied: Copy) -> None:
    """A number that is declared a category cannot pass the probes."""
    bundle = copied(champion)
    edit_manifest(bundle, lambda manifest: _retype(manifest["inputs"]))
    agree(bundle)

    codes = {finding.code for finding in findings_of(bundle)}

    assert codes <= {"probe_failed", "reference_mismatch"}


def test_width_of_another_network(champion: Path, copied: Copy) -> None:
    """A network that takes another number of encoded columns is refused with both numbers."""
    bundle = copied(champion)
    width = json.loads((bundle / CONFIG).read_bytes())["columns_width"]
    edit_json(bundle, CONFIG, lambda config: config.update(columns_width=width + 1))

    finding = the_finding(findings_of(bundle), "width_mismatch", CONFIG)

    assert str(width) in finding.expected
    assert str(width + 1) in finding.observed


def _without_court(reference: JsonObject) -> None:
    del reference["features"]["court"]


def _with_another(reference: JsonObject) -> None:
    reference["features"]["judge"] = reference["features"]["court"]


def _without_a_class(reference: JsonObject) -> None:
    reference["calibration"].popitem()


def _over_other_categories(reference: JsonObject) -> None:
    reference["features"]["court"]["categories"][0] = "XX"


def _as_numbers(reference: JsonObject) -> None:
    reference["features"]["court"] = reference["features"]["pages"]


def _as_categories(reference: JsonObject) -> None:
    reference["features"]["pages"] = reference["features"]["court"]


@pytest.mark.parametrize(
    ("change", "observed"),
    [
        (_without_court, "only one of reference and schema has 'court'"),
        (_with_another, "only one of reference and schema has 'judge'"),
        (_without_a_class, "only one of calibration and schema has label"),
        (_over_other_categories, "'court' was counted over other categories"),
        (_as_numbers, "'court' was counted as a number"),
        (_as_categories, "'pages' was counted as categories"),
    ],
)
def test_reference_of_another_schema(
    champion: Path,
    copied: Copy,
    change: Callable[[JsonObject], None],
    observed: str,
) -> None:
    """A reference that was built for other columns, categories or classes says where."""
    bundle = copied(champion)
    edit_json(bundle, REFERENCE, change)

    finding = the_finding(findings_of(bundle), "reference_mismatch", REFERENCE)

    assert finding.observed.startswith(observed)


def test_malformed_reference(champion: Path, copied: Copy) -> None:
    """A reference without its counts is refused, without a traceback."""
    bundle = copied(champion)
    edit_json(bundle, REFERENCE, lambda reference: reference.pop("features"))

    the_finding(findings_of(bundle), "part_unreadable", REFERENCE)


def test_settings_of_an_encoder_are_compared_too(champion: Path, copied: Copy) -> None:
    """What an encoder does with the unknown is part of what the weights were trained with."""
    bundle = copied(champion)
    columns = joblib.load(io.BytesIO((bundle / COLUMNS).read_bytes()))
    onehot: OneHotEncoder = columns.named_transformers_["categorical"]["onehot"]
    onehot.handle_unknown = "ignore"
    reseal(bundle, {COLUMNS: dumped(columns)})

    the_finding(findings_of(bundle), "preprocessing_changed", "categorical.onehot.handle_unknown")
