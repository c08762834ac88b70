"""Columns from elsewhere that would be encoded otherwise than in training."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
)

from artifacts.bundle.opening import open_bundle
from artifacts.imported.import_model import ImportOptions, import_model
from artifacts.tables import ColumnRoles, as_table
from guards.errors import GuardRefused
from service.cli import main
from service.errors import InvalidDocuments
from service.http.schemas import parse_documents
from tests.artifacts.imported.elsewhere import LABELS, encoded, expected, seal_columns
from tests.artifacts.imported.test_columns import table
from tests.models import save_joined_model, save_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Copy = Callable[[Path], Path]


def _places(encoder: Any) -> Any:  # noqa: ANN401 (scikit-learn is untyped)
    return ColumnTransformer([("places", encoder, ["place"])]).fit(table()[["place"]])


def test_unknown_that_looks_like_the_dropped_category(tmp_path: Path) -> None:
    """With the first category dropped, an unknown one looks like it: refused, with its name."""
    encoder = _places(OneHotEncoder(drop="first", handle_unknown="ignore"))

    with pytest.raises(GuardRefused) as refusal:
        seal_columns(tmp_path, table(), encoder, categorical=("place",))

    (finding,) = refusal.value.findings
    assert (finding.code, finding.subject) == ("unknown_looks_known", "place")
    assert "'Oslo'" in finding.observed
    assert not (tmp_path / "sealed").exists()


def test_refusal_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command exits with 78 and says so without a traceback."""
    encoder = _places(OneHotEncoder(drop="first", handle_unknown="ignore"))
    joblib.dump(encoder, tmp_path / "columns.joblib")
    table().to_csv(tmp_path / "table.csv", index=False)
    save_joined_model(tmp_path / "model", LABELS, list(table()["text"]), 3)
    monkeypatch.chdir(tmp_path)

    arguments = (
        "seal --model model --reference table.csv --text text --label label "
        "--columns columns.joblib --categorical place --out sealed/1"
    )
    with pytest.raises(SystemExit) as stop:
        main(arguments.split())

    assert stop.value.code == 78
    told = capsys.readouterr().err
    assert "unknown_looks_known: place" in told
    assert "Traceback" not in told
    assert not (tmp_path / "sealed").exists()


def test_no_infrequent_category_to_use(tmp_path: Path) -> None:
    """An encoder that was to use its infrequent category, and has none, is told of."""
    encoder = _places(OneHotEncoder(handle_unknown="infrequent_if_exist"))

    _, report = seal_columns(tmp_path, table(), encoder, categorical=("place",))

    assert any("place" in note and "no infrequent category" in note for note in report.notes)


def test_unknown_counts_as_infrequent(tmp_path: Path) -> None:
    """An encoder that was set to take unknown categories as infrequent ones is told of."""
    encoder = _places(OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=10))

    _, report = seal_columns(tmp_path, table(), encoder, categorical=("place",))

    assert any("an unknown category is encoded like" in note for note in report.notes)


@pytest.mark.parametrize(
    ("encoder", "text"),
    [(OneHotEncoder(), "is no category that is known"), (OrdinalEncoder(), "is no category")],
)
def test_encoder_that_raises(encoder: Any, text: str, tmp_path: Path) -> None:  # noqa: ANN401
    """An encoder that cannot do with an unknown category: 422 for such a request, and a note."""
    bundle, report = seal_columns(tmp_path, table(), _places(encoder), categorical=("place",))

    assert any("answered with 422" in note for note in report.notes)
    with pytest.raises(InvalidDocuments) as refusal:
        parse_documents(
            {"documents": [{"text": "x", "features": {"place": "Berlin"}}]},
            bundle.preprocessing.schema,
        )
    (problem,) = refusal.value.problems
    assert problem.path == "documents[0].features.place"
    assert text in problem.problem


@pytest.mark.parametrize("power", ["box-cox", "log"])
def test_numbers_that_cannot_be_encoded(power: str, tmp_path: Path) -> None:
    """Where a transformer has no answer to a number, the request is refused, not answered."""
    frame = table().fillna({"price": 1.0})
    log = make_pipeline(FunctionTransformer(np.log))
    estimator = (PowerTransformer("box-cox") if power == "box-cox" else log).fit(frame[["price"]])
    trusted = ("sklearn.preprocessing._function_transformer.FunctionTransformer", "numpy.log")

    bundle, report = seal_columns(
        tmp_path, frame, estimator, numeric=("price",), trusted=trusted if power == "log" else ()
    )

    np.testing.assert_array_equal(encoded(bundle, frame), expected(estimator, frame))
    assert any("price: some numbers cannot be encoded" in note for note in report.notes)
    schema = bundle.preprocessing.schema
    assert not schema.canonical({"price": 1e-3})[1]
    (problem,) = schema.canonical({"price": -1.0})[1]
    assert problem.problem == "is beyond what can be encoded"
    assert schema.canonical({})[1]


def test_width_of_another_network(tmp_path: Path) -> None:
    """Columns of another width than the network takes are refused with both."""
    encoder = _places(OneHotEncoder(handle_unknown="ignore"))

    with pytest.raises(GuardRefused) as refusal:
        seal_columns(tmp_path, table(), encoder, categorical=("place",), width=7)

    (finding,) = refusal.value.findings
    assert finding.code == "width_mismatch"
    assert (finding.expected.split()[0], finding.observed) == ("7", "4")


def test_nothing_ordinary_can_be_encoded(tmp_path: Path) -> None:
    """An encoder's column that is declared a number is refused: no number is known to it."""
    frame = table().rename(columns={"grade": "level"})
    frame["level"] = [f"level {value}" for value in frame["level"]]
    encoder = OneHotEncoder().fit(frame[["level"]])
    frame["level"] = 1.0

    with pytest.raises(GuardRefused) as refusal:
        seal_columns(tmp_path, frame, encoder, numeric=("level",), width=4)

    assert [finding.code for finding in refusal.value.findings] == ["columns_unsafe"]


def test_weights_of_another_preprocessing(tmp_path: Path) -> None:
    """Weights that say with which preprocessing they were trained are sealed with no other."""
    encoder = _places(OneHotEncoder(handle_unknown="ignore"))
    save_joined_model(tmp_path / "model", LABELS, list(table()["text"]), 4)
    other = "sha256:" + "0" * 64
    config = tmp_path / "model" / "config.json"
    config.write_text(
        json.dumps({**json.loads(config.read_bytes()), "preprocessing_fingerprint": other})
    )

    with pytest.raises(GuardRefused) as refusal:
        seal_columns(tmp_path, table(), encoder, categorical=("place",))

    (finding,) = refusal.value.findings
    assert finding.code == "preprocessing_mismatch"
    assert other in finding.observed


def test_all_forbidden_globals_are_named_at_once(tmp_path: Path) -> None:
    """One finding names each global beyond the allowlist, with the options that trust them all."""
    frame = table()
    estimator = FunctionTransformer(np.sqrt, np.square).fit(frame[["age"]])

    with pytest.raises(GuardRefused) as refusal:
        seal_columns(tmp_path, frame, estimator, numeric=("age",))

    (finding,) = refusal.value.findings
    assert finding.observed == "the file wants to load numpy.sqrt, numpy.square"
    assert finding.remedy.endswith("add --trust numpy.sqrt --trust numpy.square")


def test_columns_beside_a_text_classifier(tmp_path: Path) -> None:
    """Columns that the model does not take are sealed with a note, and watched for drift."""
    frame = table()
    model = save_model(tmp_path / "model", "bert", LABELS, list(frame["text"]))
    joblib.dump(_places(OneHotEncoder(handle_unknown="ignore")), model.parent / "c.joblib")
    roles = ColumnRoles(("text",), "label", (), ("place",))

    report = import_model(
        as_table(frame, roles, "t"),
        roles,
        model.parent / "sealed" / "1",
        ImportOptions(model, model.parent / "c.joblib", accelerate=False),
    )

    assert any("do not affect predictions" in note for note in report.notes)
    assert "place" in open_bundle(model.parent / "sealed" / "1").reference.features
