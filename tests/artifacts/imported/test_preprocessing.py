"""Strange and legitimate columns: a request gives the bits that the estimator gives for its row."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    StandardScaler,
    TargetEncoder,
)

from artifacts.bundle.sealed_columns import estimator_of
from artifacts.imported.columns import read_columns
from artifacts.imported.model import ImportedModel, read_model
from artifacts.imported.preprocessing import import_preprocessing
from artifacts.tables import ColumnRoles, as_table
from guards.errors import CallError, GuardRefused, PartError, TableError
from service.errors import InvalidDocuments
from service.http.schemas import parse_documents
from tests.artifacts.imported.elsewhere import LABELS
from tests.models import save_model

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from artifacts.bundle.estimator import Estimator
    from artifacts.bundle.preprocessing import Encoding, Preprocessing
    from guards.errors import Finding
    from guards.json_types import JsonObject
    from service.documents import Document

ROWS = 42


def table() -> pd.DataFrame:
    """Return 42 rows of numbers, codes, truth values and places, whole and with gaps."""
    generator = np.random.default_rng(3)
    places = [("Rome", "Paris", "S\u00e3o Paulo", "Oslo")[row % 4] for row in range(ROWS)]
    gap = np.arange(ROWS) % 7 == 3
    codes = generator.choice([1, 2, 30], ROWS)
    return pd.DataFrame(
        {
            "age": generator.integers(18, 80, ROWS),
            "price": generator.lognormal(3, 1, ROWS),
            "code": codes,
            "code_or_minus": np.where(gap, -1, codes),
            "paid": generator.choice([True, False], ROWS),
            "place": pd.Series(places, dtype="str"),
            "place_or_gap": pd.Series(places, dtype="str").mask(gap),
            "place_or_ask": pd.Series(places, dtype=object).where(~gap, "?"),
            "odd": pd.Series([("cafe\u0301", " padded ", "x")[row % 3] for row in range(ROWS)]),
            "text": [f"the {LABELS[row % 3]} number {row}" for row in range(ROWS)],
            "label": [LABELS[row % 3] for row in range(ROWS)],
        }
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ImportedModel:
    """Return the tiny model beside which the columns are judged."""
    directory = tmp_path_factory.mktemp("model")
    return read_model(save_model(directory, "bert", LABELS, list(table()["text"])), None)


class Judge:
    """Judges columns on a table, and encodes the table's rows as requests."""

    def __init__(self, directory: Path, model: ImportedModel) -> None:
        """Keep the file with the columns in this directory."""
        self._file = directory / "columns.joblib"
        self._model = model

    def judged(
        self,
        frame: pd.DataFrame,
        estimator: Estimator,
        numeric: tuple[str, ...] = (),
        categorical: tuple[str, ...] = (),
        private: tuple[str, ...] = (),
    ) -> tuple[Preprocessing, list[str]]:
        """Return the preprocessing that would be sealed, and the notes."""
        joblib.dump(estimator, self._file)
        roles = ColumnRoles(("text",), "label", numeric, categorical, private)
        columns = read_columns(self._file, roles, (), ())
        return import_preprocessing(
            as_table(frame, roles, "the table"), roles, self._model, columns, LABELS
        )

    def finding(self, *arguments: Any) -> Finding:  # noqa: ANN401 (those of ``judged``)
        """Return the one finding about columns that must not be sealed."""
        with pytest.raises(GuardRefused) as refusal:
            self.judged(*arguments)
        (finding,) = refusal.value.findings
        return finding


@pytest.fixture
def judge(tmp_path: Path, model: ImportedModel) -> Judge:
    """Return a judge of columns."""
    return Judge(tmp_path, model)


def requested(preprocessing: Preprocessing, rows: list[JsonObject]) -> list[Document]:
    """Send rows of features as one request's JSON; raises ``InvalidDocuments``."""
    body = {"documents": [{"text": "x", "features": row} for row in rows]}
    return parse_documents(json.loads(json.dumps(body)), preprocessing.schema)


def encodings(preprocessing: Preprocessing, rows: list[JsonObject]) -> list[Encoding]:
    """Encode rows of features as the endpoint does."""
    documents = requested(preprocessing, rows)
    return preprocessing.encode(
        [document.text for document in documents], [document.row for document in documents]
    )


def matrix(preprocessing: Preprocessing, frame: pd.DataFrame) -> NDArray[np.float64]:
    """Encode a frame's rows as the endpoint does, float64 [rows, width]."""
    frame = frame[list(preprocessing.schema.columns)].astype(object)
    features = frame.where(frame.notna(), None).to_dict("records")
    rows = [{str(name): value for name, value in row.items()} for row in features]
    return np.stack([encoding.columns for encoding in encodings(preprocessing, rows)])


def given(estimator: Estimator, frame: pd.DataFrame) -> NDArray[np.float64]:
    """Return what the estimator makes of the frame, float64 [rows, width]."""
    names = getattr(estimator, "feature_names_in_", None)
    columns = estimator.transform(frame if names is None else frame[list(names)])
    return np.asarray(columns.toarray() if hasattr(columns, "toarray") else columns, dtype=float)


def ignoring(**settings: object) -> OneHotEncoder:
    """Return a one-hot encoder that takes unknown categories."""
    return OneHotEncoder(handle_unknown="ignore", **settings)


def coding() -> OrdinalEncoder:
    """Return an ordinal encoder that takes unknown categories."""
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)


STRANGE: dict[str, tuple[Estimator, tuple[str, ...], tuple[str, ...]]] = {
    "-1 for a missing code, imputed": (
        make_pipeline(
            SimpleImputer(missing_values=-1, strategy="most_frequent"), ignoring()
        ),
        (),
        ("code_or_minus",),
    ),
    "-1 for a missing code, known": (ignoring(), (), ("code_or_minus",)),
    "? for a missing place, imputed": (
        make_pipeline(
            SimpleImputer(missing_values="?", strategy="constant", fill_value="none"), ignoring()
        ),
        (),
        ("place_or_ask",),
    ),
    "imputed with a flag": (
        make_pipeline(
            SimpleImputer(missing_values=-1, strategy="most_frequent", add_indicator=True),
            ignoring(),
        ),
        (),
        ("code_or_minus",),
    ),
    "a flag alone, beside an encoder": (
        make_column_transformer(
            (MissingIndicator(features="all"), ["place_or_gap"]),
            (ignoring(), ["place_or_gap", "code"]),
        ),
        (),
        ("place_or_gap", "code"),
    ),
    "code and number in one": (
        make_column_transformer(
            (ignoring(categories=[[1, 2]]), ["code"]), (StandardScaler(), ["code"])
        ),
        (),
        ("code",),
    ),
    "truth value passed through": (
        make_column_transformer((StandardScaler(), ["age"]), ("passthrough", ["paid"])),
        ("age",),
        ("paid",),
    ),
    "several encoders of one column": (
        make_column_transformer(
            (ignoring(), ["place"]), (coding(), ["place"]), (TargetEncoder(), ["place"])
        ),
        (),
        ("place",),
    ),
    "nested, with a step passed through": (
        ColumnTransformer(
            [
                (
                    "inner",
                    ColumnTransformer(
                        [("scale", StandardScaler(), ["age"])], remainder="passthrough"
                    ),
                    ["price", "age"],
                ),
                ("place", Pipeline([("none", "passthrough"), ("encode", ignoring())]), ["place"]),
            ]
        ),
        ("price", "age"),
        ("place",),
    ),
    "union of column transformers, one dropped": (
        FeatureUnion(
            [
                ("numbers", make_column_transformer((StandardScaler(), ["age"]))),
                ("places", make_column_transformer((ignoring(), ["place"]))),
                ("none", "drop"),
            ]
        ),
        ("age",),
        ("place",),
    ),
    "remainder passed through, another dropped": (
        make_column_transformer(
            (ignoring(), ["place"]), ("drop", ["code"]), remainder="passthrough"
        ),
        ("age", "price"),
        ("place",),
    ),
    "codes of codes": (
        make_pipeline(coding(), ignoring()),
        (),
        ("place", "code"),
    ),
    "decomposed and padded": (ignoring(), (), ("odd",)),
}  # fmt: skip


@pytest.mark.parametrize("kind", STRANGE)
def test_request_gives_what_the_estimator_gives(kind: str, judge: Judge) -> None:
    """Through JSON and the request's schema, every row is encoded to the same bits."""
    estimator, numeric, categorical = STRANGE[kind]
    frame = table()
    extra = ["code"] if "another dropped" in kind else []
    estimator.fit(frame[[*numeric, *extra, *categorical]], frame["label"])

    preprocessing, _ = judge.judged(frame, estimator, numeric, categorical)

    assert matrix(preprocessing, frame).tobytes() == given(estimator, frame).tobytes()


@pytest.mark.parametrize("dtype", [object, "U9"])
def test_arrays_of_texts(judge: Judge, dtype: type | str) -> None:
    """Categories that were fitted on an array of texts, of either type, are known by place."""
    frame = table()
    array = frame[["place", "odd"]].to_numpy().astype(dtype)
    estimator = ignoring().fit(array)

    preprocessing, notes = judge.judged(frame, estimator, (), ("place", "odd"))

    expected = estimator.transform(array).toarray()
    assert matrix(preprocessing, frame).tobytes() == expected.tobytes()
    assert "the columns know no names: they take place, odd, in this order" in notes


def test_imputed_code_is_known(judge: Judge) -> None:
    """What stood for a missing code is a category of its own, counted apart from unknown ones."""
    estimator, numeric, categorical = STRANGE["-1 for a missing code, imputed"]
    frame = table()
    estimator.fit(frame[[*categorical]])
    preprocessing, _ = judge.judged(frame, estimator, numeric, categorical)

    (sent, missing, unknown) = requested(
        preprocessing, [{"code_or_minus": -1}, {}, {"code_or_minus": 7}]
    )

    assert (sent.row.unknown, sent.row.missing) == ((), ())
    assert missing.row.missing == ("code_or_minus",)
    assert unknown.row.unknown == ("code_or_minus",)
    rows = encodings(preprocessing, [{"code_or_minus": -1}, {}, {"code_or_minus": 7}])
    assert rows[0].columns.tolist() == rows[1].columns.tolist() != rows[2].columns.tolist()


def test_words_among_numbers(judge: Judge) -> None:
    """A word where training had whole numbers is an unknown category like any other."""
    frame = table()
    preprocessing, _ = judge.judged(frame, ignoring().fit(frame[["code"]]), (), ("code",))

    rows = encodings(preprocessing, [{"code": sent} for sent in ("seven", 7, "1e400", "inf")])

    assert [row.columns.tolist() for row in rows] == [[0.0, 0.0, 0.0]] * 4
    assert all(row.row.unknown == ("code",) for row in rows)


def test_two_ways_of_missing(judge: Judge) -> None:
    """Where an empty text was a category and NaN was imputed, no request can tell which it is."""
    frame = table()
    frame["place"] = pd.Series(["", *frame["place"].tolist()[1:]], dtype=object)
    estimator = make_pipeline(SimpleImputer(strategy="most_frequent"), ignoring())

    finding = judge.finding(frame, estimator.fit(frame[["place"]]), (), ("place",))

    assert (finding.code, finding.subject) == ("categories_collide", "place")
    assert finding.observed == "'' and nan"


def test_missing_value_that_is_imputed_as_an_empty_text(judge: Judge) -> None:
    """An empty text that only the imputer ever wrote is no second way of missing."""
    frame = table()
    imputer = SimpleImputer(strategy="constant", fill_value="")
    estimator = make_pipeline(imputer, ignoring()).fit(frame[["place_or_gap"]])

    preprocessing, _ = judge.judged(frame, estimator, (), ("place_or_gap",))

    assert matrix(preprocessing, frame).tobytes() == given(estimator, frame).tobytes()
    assert "" not in preprocessing.schema.categorical[0].categories


def test_category_that_one_of_two_encoders_refuses(judge: Judge) -> None:
    """It is refused with 422: known to one encoder, it would make the other raise."""
    frame = table()
    known = [*sorted(set(frame["place"])), "Turin"]
    estimator = make_column_transformer(
        (OneHotEncoder(categories=[known]), ["place"]), (OneHotEncoder(), ["place"])
    ).fit(frame[["place"]])

    preprocessing, notes = judge.judged(frame, estimator, (), ("place",))

    assert any("place: an unknown category cannot be encoded" in note for note in notes)
    with pytest.raises(InvalidDocuments):
        requested(preprocessing, [{"place": "Turin"}])
    assert matrix(preprocessing, frame).tobytes() == given(estimator, frame).tobytes()


@pytest.mark.parametrize(
    ("encoder", "known"),
    [
        (make_pipeline(coding(), MinMaxScaler(clip=True)), "'Oslo'"),
        (
            make_pipeline(coding(), SimpleImputer(missing_values=-1, strategy="most_frequent")),
            "'Paris'",
        ),
        (OneHotEncoder(drop="if_binary", handle_unknown="ignore"), "'false'"),
    ],
    ids=["clipped", "imputed", "dropped of two"],
)
def test_unknown_category_that_a_later_step_makes_look_known(
    judge: Judge,
    encoder: Estimator,
    known: str,
) -> None:
    """It is the encoding that counts, whatever step of the columns makes it so."""
    frame = table()
    column = "paid" if known == "'false'" else "place"

    finding = judge.finding(frame, encoder.fit(frame[[column]]), (), (column,))

    assert (finding.code, finding.subject) == ("unknown_looks_known", column)
    assert finding.observed == f"the encoding of {known}"


def test_private_categories_are_not_told(judge: Judge) -> None:
    """Neither a finding nor an error says the categories of a private column."""
    frame = table()
    dropping = OneHotEncoder(drop="first", handle_unknown="ignore").fit(frame[["place"]])
    others = frame.assign(place="Lima")

    finding = judge.finding(frame, dropping, (), ("place",), ("place",))
    with pytest.raises(TableError) as error:
        judge.judged(others, ignoring().fit(frame[["place"]]), (), ("place",), ("place",))

    assert finding.observed == "the encoding of a private category"
    assert "Lima" not in str(error.value)
    assert "Oslo" not in str(error.value)


def test_categories_that_just_have_the_mean(judge: Judge) -> None:
    """A target encoder's unknown is the mean; a category that has it is told of, not refused."""
    frame = table().assign(place=lambda one: one["place"].where(one.index % 2 == 0, "Bern"))
    target = np.arange(ROWS) % 4 < 2
    estimator = TargetEncoder(smooth=0.0).fit(frame[["place"]], target)
    (bern,) = given(estimator, frame)[frame["place"] == "Bern"][0]
    assert bern == estimator.target_mean_

    _, notes = judge.judged(frame, estimator, (), ("place",))

    assert any(note.startswith("place: an unknown category is encoded like") for note in notes)


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_numbers_at_the_end_of_the_scale(judge: Judge) -> None:
    """No finite number makes a transformer raise in service: what it cannot take is a 422."""
    frame = table()
    estimator = make_pipeline(SimpleImputer(), PowerTransformer()).fit(frame[["price"]])
    with pytest.raises(ValueError, match="infinity"):
        estimator.transform(pd.DataFrame({"price": [-1e308]}))

    preprocessing, notes = judge.judged(frame, estimator, ("price",))

    numbers = [sign * 10.0**power for sign in (-1, 1) for power in range(0, 309, 4)]
    answered = 0
    for number in numbers:
        try:
            (encoding,) = encodings(preprocessing, [{"price": number}])
        except InvalidDocuments:
            continue
        assert not np.isnan(encoding.columns).any()
        answered += 1
    assert answered > len(numbers) / 3
    assert any("price: some numbers cannot be encoded" in note for note in notes)


def test_number_that_an_encoder_takes(judge: Judge) -> None:
    """A strict encoder's codes named as numbers are refused: between them there is nothing."""
    frame = table()

    finding = judge.finding(frame, OneHotEncoder().fit(frame[["code"]]), ("code",))

    assert (finding.code, finding.subject) == ("columns_unsafe", "code")
    assert "--categorical" in finding.remedy


def test_category_that_is_a_number(judge: Judge) -> None:
    """A scaler's column named as a category is a wrong call, and not a category a number."""
    frame = table()

    with pytest.raises(CallError, match=r"--categorical age: it holds numbers, .*say --numeric"):
        judge.judged(frame, StandardScaler().fit(frame[["age"]]), (), ("age",))


def test_table_of_other_categories(judge: Judge) -> None:
    """A table of which the encoder knows nothing was not what it was fitted on."""
    frame = table()
    estimator = ignoring().fit(frame[["place"]])

    with pytest.raises(TableError, match="it holds 'Lima', and the columns know 'Oslo', 'Paris'"):
        judge.judged(frame.assign(place="Lima"), estimator, (), ("place",))


def test_table_of_some_other_categories(judge: Judge) -> None:
    """Rows with unknown categories are counted for whoever seals."""
    frame = table()
    estimator = ignoring().fit(frame[["place"]])
    frame.loc[:4, "place"] = "Lima"

    _, notes = judge.judged(frame, estimator, (), ("place",))

    assert "place: 5 of 42 rows hold an unknown category" in notes


def test_table_that_cannot_be_encoded(judge: Judge) -> None:
    """Where not one row can be encoded, the reason is the estimator's own."""
    frame = table()
    estimator = StandardScaler().fit(frame[["age", "price"]])

    finding = judge.finding(frame.assign(price=None), estimator, ("age", "price"))

    assert finding.code == "columns_unsafe"
    assert finding.observed == "none: ValueError: the encoding holds NaN"


def test_notes_name_all_columns_at_once(judge: Judge) -> None:
    """Thirty columns with the same limit are one note."""
    frame = table()
    estimator = make_column_transformer(
        (StandardScaler(), ["age", "price"]), (OneHotEncoder(), ["place", "code"])
    ).fit(frame[["age", "price", "place", "code"]])

    preprocessing, notes = judge.judged(frame, estimator, ("age", "price"), ("place", "code"))

    missing, unknown = notes[1:3]
    assert missing.startswith("age, price, place, code: a missing value cannot be encoded")
    assert unknown.startswith("place, code: an unknown category cannot be encoded")
    with pytest.raises(InvalidDocuments) as refusal:
        requested(preprocessing, [{"age": None, "price": 1, "place": "Lima", "code": "1"}])
    assert [(one.path, one.problem) for one in refusal.value.problems] == [
        ("documents[0].features.age", "is required"),
        ("documents[0].features.place", "is no category that is known"),
    ]


def test_estimator_is_sealed_as_it_was(judge: Judge) -> None:
    """Trying values on the columns leaves them as they were."""
    estimator, numeric, categorical = STRANGE["several encoders of one column"]
    frame = table()
    estimator.fit(frame[[*categorical]], frame["label"])

    preprocessing, _ = judge.judged(frame, estimator, numeric, categorical)

    assert joblib.hash(estimator_of(preprocessing.columns)) == joblib.hash(estimator)


def test_estimator_that_lacks_what_fitting_leaves(judge: Judge) -> None:
    """One that is not whole, of another version perhaps, is refused and says so."""
    frame = table()
    estimator = make_column_transformer((ignoring(), ["place"])).fit(frame[["place"]])
    del estimator._transformer_to_input_indices  # noqa: SLF001 (what another version lacks)

    missing = "a ColumnTransformer without its _transformer_to_input_indices"
    with pytest.raises(PartError, match=missing):
        judge.judged(frame, estimator, (), ("place",))


@pytest.mark.parametrize(
    "damaged",
    [
        {"_columns": []},
        {"transformers": [("a",)]},
        {"transformers": 7},
        {"transformers_": 7},
    ],
)
def test_columns_whose_lists_do_not_fit(damaged: JsonObject, tmp_path: Path) -> None:
    """What no fitting leaves behind is one sentence, too."""
    estimator = ColumnTransformer([("a", StandardScaler(), ["age"])]).fit(table()[["age"]])
    vars(estimator).update(damaged)
    joblib.dump(estimator, file := tmp_path / "columns.joblib")

    with pytest.raises((CallError, PartError), match=r"holds (no whole|a) ColumnTransformer"):
        read_columns(file, ColumnRoles(("text",), "label", ("age",)), (), ())
