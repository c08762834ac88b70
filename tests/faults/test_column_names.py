"""Columns that are called like something of our own: from the table to the window of a service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from artifacts.bundle.opening import Bundle, open_bundle
from artifacts.demo.documents import champion_training
from artifacts.tables import ColumnRoles, as_table
from artifacts.training.options import TrainingOptions
from artifacts.training.train import train
from guards.bundle.layout import REFERENCE
from guards.bundle.sealed_files import read_sealed
from guards.drift.embedding import EMBEDDING_FEATURES
from guards.drift.feature_reference import CategoricalReference, NumericReference
from guards.drift.reference import Reference
from guards.errors import GuardRefused
from guards.evidence.pair import ChallengerId
from guards.integrity.differences.bundle_diff import diff_bundles
from tests.faults.resealing import reseal
from tests.formats import first_format
from tests.service.observation.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from guards.json_types import JsonObject

NUMERIC = {
    "answer.confidence": "pages",
    "text.tokens": "amount",
    "docs/2.confidence": "pages",
    "columns": "amount",
    "numeric.scale": "pages",
}
CATEGORICAL = {
    "answer.label": "court",
    "text.truncated": "sender",
    "champion.label": "court",
    "a 'quoted' \u540d\u524d.": "sender",
}
SECOND = ChallengerId("docs", "2")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Train on a table whose columns have such names."""
    frame = champion_training(120, 3)
    for name, column in {**NUMERIC, **CATEGORICAL}.items():
        frame[name] = frame[column]
    roles = ColumnRoles(("text",), "label", tuple(NUMERIC), tuple(CATEGORICAL))
    destination = tmp_path_factory.mktemp("named") / "docs" / "1"
    options = TrainingOptions(epochs=1, max_length=32, seed=3, accelerate=False)
    train(as_table(frame, roles, "the table"), roles, destination, options)
    return open_bundle(destination)


@pytest.fixture
def recording(bundle: Bundle, tmp_path: Path) -> Iterator[Recording]:
    """Record the bundle's answers, with a challenger whose name a column begins with."""
    recording = Recording(bundle, tmp_path / "log.jsonl", [SECOND])
    yield recording
    recording.close()


def test_each_column_has_a_reference_of_its_own(bundle: Bundle) -> None:
    """Beside those of the text and of the answer, and of its own kind."""
    features = bundle.reference.features
    own = 6 + len(EMBEDDING_FEATURES)
    assert len(features) == own + len(NUMERIC) + len(CATEGORICAL) + 5
    assert isinstance(features["text.truncated"], CategoricalReference)
    assert features["text.truncated"].categories == ("false", "true")
    column = features["text.truncated (column)"]
    assert isinstance(column, CategoricalReference)
    assert column.categories == bundle.preprocessing.schema.categorical[1].categories
    assert isinstance(features["answer.confidence"], NumericReference)
    assert 0 <= (features["answer.confidence"].maximum or 0) <= 1
    assert isinstance(features["answer.confidence (column)"], NumericReference)
    assert (features["answer.confidence (column)"].maximum or 0) > 1


def test_each_column_is_counted_and_scored_in_its_own_place(recording: Recording) -> None:
    """A window has the column's number, the text's, the champion's and the challenger's apart."""
    for number in range(4):
        features: JsonObject = dict.fromkeys(NUMERIC, 7) | dict.fromkeys(CATEGORICAL, "NDCA")
        recording.answered(str(number), **features)
        recording.challengers[0].settle(recording.observation(label=0))
    recording.recorder.flush()

    (window,) = recording.lines("drift.window")

    counts = window["counts"]["features"]
    assert counts["answer.confidence (column)"]["maximum"] == 7
    assert counts["text.tokens (column)"]["minimum"] == 7
    assert counts["text.tokens"]["minimum"] != 7
    assert counts["champion.confidence"]["maximum"] == 0.75
    assert counts["docs/2.confidence (column)"]["maximum"] == 7
    (challenger,) = window["counts"]["challengers"].values()
    assert challenger["features"]["docs/2.confidence"]["maximum"] == 0.75
    assert set(window["scores"]) == {*counts, *challenger["features"], *challenger["champion"]}


def test_bundles_with_such_names_are_compared_in_words(bundle: Bundle) -> None:
    """Nothing differs between a bundle and itself, whatever its columns are called."""
    assert diff_bundles(read_sealed(bundle.path), read_sealed(bundle.path)).alike


def test_a_reference_with_the_plain_name_still_serves(
    bundle: Bundle, copied: Callable[[Path], Path]
) -> None:
    """Before, a column was watched under its own name; where that was not taken, it worked."""
    path = copied(bundle.path)
    reference = json.loads((path / REFERENCE).read_text(encoding="utf-8"))
    features = reference["features"]
    for name in ("docs/2.confidence", "champion.label"):
        features[name] = features.pop(f"{name} (column)")
    reseal(path, {REFERENCE: json.dumps(reference).encode()})

    assert open_bundle(path).reference == bundle.reference


def test_a_reference_in_which_a_column_replaced_another_feature(
    bundle: Bundle, copied: Callable[[Path], Path], tmp_path: Path
) -> None:
    """Before, the column had the other's place; it is watched, and the other is only counted."""
    path = copied(bundle.path)
    reference = first_format(json.loads((path / REFERENCE).read_text(encoding="utf-8")))
    sealed = Reference.from_json(reference).features
    features = reference["features"] = {**reference["features"]}
    taken = ("text.tokens", "text.truncated", "answer.label", "answer.confidence")
    for name in taken:
        features[name] = features.pop(f"{name} (column)")
    reseal(path, {REFERENCE: json.dumps(reference).encode()})

    former = open_bundle(path)
    recording = Recording(former, tmp_path / "log.jsonl")
    for number in range(3):
        row: JsonObject = dict.fromkeys(NUMERIC, 7) | dict.fromkeys(CATEGORICAL, "NDCA")
        recording.answered(str(number), **row)
    recording.recorder.flush()
    (window,) = recording.lines("drift.window")
    recording.close()

    for name in taken:
        column = f"{name} (column)"
        assert former.reference.features[column] == sealed[column]
        assert window["scores"][column]["value"] is not None
        live = name.replace("answer.", "champion.")
        assert window["scores"][live]["value"] is None
        assert not window["scores"][live]["enough_data"]
    assert window["counts"]["features"]["text.tokens"]["missing"] == 0


def test_a_reference_without_a_column_is_refused(
    bundle: Bundle, copied: Callable[[Path], Path]
) -> None:
    """What is missing is named."""
    path = copied(bundle.path)
    reference = json.loads((path / REFERENCE).read_text(encoding="utf-8"))
    del reference["features"]["numeric.scale"]
    reseal(path, {REFERENCE: json.dumps(reference).encode()})

    with pytest.raises(GuardRefused, match=r"numeric\.scale"):
        open_bundle(path)
