"""What a sealed bundle holds and tells of what it was sealed from, and what a refusal leaves."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Never

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from artifacts.bundle.opening import open_bundle
from artifacts.imported.import_model import ImportOptions, import_model
from artifacts.tables import ColumnRoles, Table, as_table
from guards.errors import CallError, GuardRefused, TableError
from tests.artifacts.imported.elsewhere import LABELS, encoded, expected, seal_columns
from tests.models import save_model

if TYPE_CHECKING:
    from pathlib import Path

TEXT_ALONE = ColumnRoles(("text",), "label")


def frame(rows: int = 24) -> pd.DataFrame:
    """Return rows of a number, a place, a text and a label."""
    return pd.DataFrame(
        {
            "age": np.arange(rows) % 12 + 20.0,
            "place": [("Rome", "Paris")[row % 2] for row in range(rows)],
            "text": [f"the {LABELS[row % 3]} number {row}" for row in range(rows)],
            "label": [LABELS[row % 3] for row in range(rows)],
        }
    )


def moody(values: Any, mood: object = None) -> Any:  # noqa: ANN401, ARG001 (numpy or pandas; another setting)
    """Raise on one number of many."""
    if (np.asarray(values) == 27.0).any():
        message = "not today"
        raise ValueError(message)
    return values


class Mood:
    """Holds nothing that a fingerprint could be taken of."""


MOODY, MOOD = f"{__name__}.moody", f"{__name__}.Mood"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Return a plain BERT of another team."""
    return save_model(tmp_path / "model", "bert", LABELS, list(frame()["text"]))


def text_table(rows: int = 24) -> Table:
    """Return the table without its columns."""
    return as_table(frame(rows), TEXT_ALONE, "the table")


def test_lineage_says_what_it_was_sealed_from(tmp_path: Path) -> None:
    """The files' digests, the version that fitted the columns, and where the length came from."""
    bundle, report = seal_columns(
        tmp_path, frame(), StandardScaler().fit(frame()[["age"]]), numeric=("age",)
    )

    lineage = bundle.manifest.lineage
    columns = (tmp_path / "columns.joblib").read_bytes()
    config = (tmp_path / "model" / "config.json").read_bytes()
    assert lineage["sealed_from"] == {
        "config_sha256": hashlib.sha256(config).hexdigest(),
        "columns_sha256": hashlib.sha256(columns).hexdigest(),
        "columns_fitted_under": [sklearn.__version__],
        "max_length_from": "tokenizer_config.json",
    }
    assert (lineage["base"], lineage["rows"], lineage["label_column"]) == ("model", 24, "label")
    assert lineage["tokenizer_from"] == "file"
    assert report.fingerprint == bundle.manifest.fingerprint
    assert report.metrics["rows"] == 24


def test_rows_that_service_would_refuse(tmp_path: Path) -> None:
    """They are left out of figures, reference and probes, and the note says how many."""
    table = frame()
    estimator = StandardScaler().fit(table[["age"]])
    table.loc[:3, "age"] = np.nan

    bundle, report = seal_columns(tmp_path, table, estimator, numeric=("age",))

    assert "4 of 24 rows would be refused, and are left out" in report.notes
    assert bundle.reference.documents == 20
    np.testing.assert_array_equal(
        encoded(bundle, table.iloc[4:]), expected(estimator, table.iloc[4:])
    )


def test_columns_that_fail_on_one_row(tmp_path: Path) -> None:
    """What raises on a row that no trial came across is a wrong call with the reason."""
    estimator = FunctionTransformer(moody).fit(frame(4)[["age"]])

    with pytest.raises(
        TableError, match="the table: the columns cannot encode its rows: not today"
    ):
        seal_columns(tmp_path, frame(), estimator, numeric=("age",), trusted=(MOODY,), width=1)

    assert not (tmp_path / "sealed").exists()


def test_value_that_cannot_be_told_from_another(tmp_path: Path) -> None:
    """What has no digest cannot be sealed, whoever trusts it."""
    estimator = FunctionTransformer(moody, kw_args={"mood": Mood()}).fit(frame(4)[["age"]])

    with pytest.raises(CallError, match=r"cannot be sealed: .*Mood"):
        seal_columns(tmp_path, frame(), estimator, numeric=("age",), trusted=(MOODY, MOOD), width=1)


@pytest.mark.parametrize("error", [KeyboardInterrupt, GuardRefused("it", []), OSError])
def test_what_is_not_opened_does_not_stay(
    model: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException | type[BaseException]
) -> None:
    """Whatever interrupts the last look at the bundle, no bundle stays behind."""

    def fail(*_: object) -> Never:
        raise error

    monkeypatch.setattr("artifacts.imported.import_model.open_bundle", fail)
    destination = model.parent / "sealed" / "1"

    with pytest.raises(BaseException) as raised:  # noqa: PT011 (one of three)
        import_model(text_table(), TEXT_ALONE, destination, ImportOptions(model, accelerate=False))

    assert isinstance(raised.value, error if isinstance(error, type) else type(error))
    assert not destination.exists()


def test_few_rows(model: Path) -> None:
    """Two rows, and a label that no row has, are little to go by and enough to seal."""
    sealed = model.parent / "sealed" / "1"

    report = import_model(text_table(2), TEXT_ALONE, sealed, ImportOptions(model, accelerate=False))

    assert report.metrics["rows"] == 2
    assert open_bundle(sealed).labels == LABELS


def test_name_and_version(model: Path) -> None:
    """They come from the destination, or are given."""
    first, second = (model.parent / "sealed" / version for version in ("1", "2"))

    import_model(text_table(), TEXT_ALONE, first, ImportOptions(model, accelerate=False))
    import_model(
        text_table(),
        TEXT_ALONE,
        second,
        ImportOptions(model, name="n", version="v", accelerate=False),
    )

    identities = [open_bundle(path).identity for path in (first, second)]
    assert [(one.name, one.version) for one in identities] == [("sealed", "1"), ("n", "v")]


def test_destination_that_exists(model: Path) -> None:
    """A bundle is never changed."""
    with pytest.raises(CallError, match="exists already"):
        import_model(text_table(), TEXT_ALONE, model, ImportOptions(model, accelerate=False))


def test_sources_are_not_changed(model: Path) -> None:
    """Sealing writes nothing into the model's directory."""
    before = {path.name: path.read_bytes() for path in model.iterdir()}

    import_model(
        text_table(),
        TEXT_ALONE,
        model.parent / "sealed" / "1",
        ImportOptions(model, accelerate=False),
    )

    assert {path.name: path.read_bytes() for path in model.iterdir()} == before


def test_sealed_bundle_is_sealed_no_second_time(model: Path) -> None:
    """The configuration inside a bundle names a preprocessing, which binds it."""
    sealed = model.parent / "sealed" / "1"
    import_model(text_table(), TEXT_ALONE, sealed, ImportOptions(model, accelerate=False))
    config = json.loads((sealed / "model" / "config.json").read_bytes())
    (model / "config.json").write_text(json.dumps(config))

    again = model.parent / "sealed" / "2"
    import_model(text_table(), TEXT_ALONE, again, ImportOptions(model, accelerate=False))
    with pytest.raises(GuardRefused, match="preprocessing_mismatch"):
        import_model(
            text_table(),
            TEXT_ALONE,
            again.parent / "3",
            ImportOptions(model, max_length=20, accelerate=False),
        )
