"""Columns that were trained elsewhere encode in a bundle what they encoded there, bit for bit."""

from __future__ import annotations

import os
import re
import sys
from functools import partial
from typing import TYPE_CHECKING, Literal

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)

from artifacts.bundle.opening import open_bundle
from artifacts.imported.columns import read_columns
from artifacts.tables import ColumnRoles
from guards.errors import CallError, GuardRefused
from tests.artifacts.imported.elsewhere import LABELS, encoded, expected, seal_columns

if TYPE_CHECKING:
    from pathlib import Path

    from artifacts.bundle.estimator import Estimator
    from guards.json_types import JsonObject

NUMERIC = ("age", "price")
CATEGORICAL = ("grade", "place")
PLACES = ("Rome", "Paris", "Rome", "S\u00e3o Paulo", "Oslo", "Rome", "Paris")


def table() -> pd.DataFrame:
    """Return 60 rows: numbers, whole numbers as categories, places, some of each missing."""
    generator = np.random.default_rng(0)
    rows = np.arange(60)
    frame = pd.DataFrame(
        {
            "age": generator.integers(18, 80, 60).astype(float),
            "price": generator.lognormal(3, 1, 60),
            "grade": generator.integers(1, 5, 60),
            "place": pd.Series([PLACES[row % len(PLACES)] for row in rows], dtype=object),
            "text": [f"the {LABELS[row % 3]} number {row} of Rome" for row in rows],
            "label": [LABELS[row % 3] for row in rows],
        }
    )
    frame.loc[::9, "price"] = np.nan
    return frame


def numbers(*steps: Estimator) -> tuple[str, Estimator, list[str]]:
    """Return the part of a ColumnTransformer that encodes numbers."""
    return ("numbers", make_pipeline(SimpleImputer(), *steps), list(NUMERIC))


def places(encoder: Estimator) -> tuple[str, Estimator, list[str]]:
    """Return the part of a ColumnTransformer that encodes categories."""
    return ("places", encoder, list(CATEGORICAL))


IGNORING = OneHotEncoder(handle_unknown="ignore")
ORDINAL = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)

BOTH_KINDS: JsonObject = {
    "standard, one-hot": ColumnTransformer([numbers(StandardScaler()), places(IGNORING)]),
    "min-max, ordinal": ColumnTransformer([numbers(MinMaxScaler()), places(ORDINAL)]),
    "robust, rare": ColumnTransformer(
        [
            numbers(RobustScaler()),
            places(OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=10)),
        ]
    ),
    "power, target": ColumnTransformer([numbers(PowerTransformer()), places(TargetEncoder())]),
    "quantile, strict": ColumnTransformer(
        [numbers(QuantileTransformer(n_quantiles=9)), places(OneHotEncoder())]
    ),
    "bins, imputed": ColumnTransformer(
        [
            numbers(KBinsDiscretizer(4, strategy="uniform")),
            places(make_pipeline(SimpleImputer(strategy="most_frequent"), IGNORING)),
        ]
    ),
    "pandas out": ColumnTransformer(
        [
            numbers(StandardScaler()),
            places(OneHotEncoder(handle_unknown="ignore", sparse_output=False)),
        ]
    ).set_output(transform="pandas"),
    "remainder": ColumnTransformer([places(IGNORING)], remainder=make_pipeline(SimpleImputer())),
    "twice": ColumnTransformer(
        [
            numbers(StandardScaler()),
            ("gaps", MissingIndicator(features="all"), list(NUMERIC)),
            places(IGNORING),
            ("codes", ORDINAL, list(CATEGORICAL)),
        ]
    ),
    "union": ColumnTransformer(
        [
            (
                "numbers",
                make_pipeline(
                    SimpleImputer(),
                    FeatureUnion([("a", StandardScaler()), ("b", MinMaxScaler())]),
                ),
                list(NUMERIC),
            ),
            places(IGNORING),
        ]
    ),
    "by type": ColumnTransformer(
        [
            (
                "numbers",
                make_pipeline(SimpleImputer(), StandardScaler()),
                make_column_selector(dtype_include="float64"),
            ),
            ("places", IGNORING, make_column_selector(dtype_exclude="float64")),
        ]
    ),
    "other numbers": ColumnTransformer(
        [
            numbers(StandardScaler(), PolynomialFeatures(2, include_bias=False), PCA(3)),
            (
                "more",
                make_pipeline(SimpleImputer(), FeatureUnion([("a", Normalizer())]), Binarizer()),
                list(NUMERIC),
            ),
            ("places", make_pipeline(IGNORING, VarianceThreshold(0.01)), list(CATEGORICAL)),
        ]
    ),
    "by lists of pandas": ColumnTransformer(
        [
            (
                "numbers",
                make_pipeline(SimpleImputer(), StandardScaler()),
                table().select_dtypes("float64").columns,
            ),
            ("places", IGNORING, table().dtypes[[*NUMERIC, *CATEGORICAL]] != "float64"),
        ]
    ),
    "by place": ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), slice(0, 2)),
            ("places", IGNORING, [2, 3]),
        ]
    ),
}


FEATURES = table()[[*NUMERIC, *CATEGORICAL]]

COLUMN_LISTS: JsonObject = {
    "Index": (FEATURES.columns[:2], FEATURES.columns[2:]),
    "Index of a selection": (
        FEATURES.select_dtypes("float64").columns,
        FEATURES.select_dtypes(exclude="float64").columns,
    ),
    "Series": (pd.Series(NUMERIC), pd.Series(CATEGORICAL, dtype=object)),
    "mask of types": (FEATURES.dtypes == "float64", FEATURES.dtypes != "float64"),
    "mask in a list": ([True, True, False, False], [False, False, True, True]),
    "array of names": (np.array(NUMERIC), np.array(CATEGORICAL, dtype=object)),
    "array of places": (np.array([0, 1]), np.array([2, 3])),
    "array of truth values": (np.array([1, 1, 0, 0], bool), np.array([0, 0, 1, 1], bool)),
    "tuple": (NUMERIC, CATEGORICAL),
    "slice of names": (slice("age", "price"), slice("grade", "place")),
    "places from the end": ([-4, -3], pd.Index([-2, -1])),
}


@pytest.mark.parametrize("form", COLUMN_LISTS)
def test_lists_of_columns_in_every_form(form: str, tmp_path: Path) -> None:
    """However training listed its columns, the sealed ones take the same, without a question."""
    numeric, categorical = COLUMN_LISTS[form]
    estimator = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numeric),
            ("places", IGNORING, categorical),
        ]
    ).fit(FEATURES)
    joblib.dump(estimator, file := tmp_path / "columns.joblib")

    columns = read_columns(file, ColumnRoles(("text",), "label", NUMERIC, CATEGORICAL), (), ())

    assert {*columns.categories} == {*CATEGORICAL}
    assert not isinstance(columns.estimator.transformers[0][2], pd.Index | pd.Series)
    np.testing.assert_array_equal(
        expected(columns.estimator, FEATURES), expected(estimator, FEATURES)
    )


@pytest.mark.parametrize("kind", BOTH_KINDS)
def test_encodings_are_those_of_the_estimator(kind: str, tmp_path: Path) -> None:
    """Whatever the estimator gives for the frame that it was fitted on, the bundle gives too."""
    frame = table()
    estimator = BOTH_KINDS[kind].fit(frame[[*NUMERIC, *CATEGORICAL]], frame["label"])

    bundle, _ = seal_columns(tmp_path, frame, estimator, numeric=NUMERIC, categorical=CATEGORICAL)

    np.testing.assert_array_equal(encoded(bundle, frame), expected(estimator, frame))


@pytest.mark.parametrize(
    ("gap", "dtype"),
    [
        *((gap, object) for gap in (np.nan, None, "", "nan")),
        *((gap, "str") for gap in (np.nan, "", "nan")),  # a column of texts holds None as NaN
    ],
)
def test_missing_categories_are_what_they_were(
    dtype: type | str, gap: object, tmp_path: Path
) -> None:
    """NaN, None, an empty text and "nan" are given to the encoder as training had them."""
    frame = table()
    frame["place"] = pd.Series([gap, *frame["place"].tolist()[1:]], dtype=dtype)
    estimator = ColumnTransformer([("places", OneHotEncoder(handle_unknown="ignore"), ["place"])])
    estimator.fit(frame[["place"]])

    bundle, _ = seal_columns(tmp_path, frame, estimator, categorical=("place",))

    rows = encoded(bundle, frame)
    np.testing.assert_array_equal(rows, expected(estimator, frame))
    assert rows[0].sum() == 1
    assert bundle.preprocessing.schema.categorical[0].categories == (
        "Oslo", "Paris", "Rome", "S\u00e3o Paulo",
    )  # fmt: skip


@pytest.mark.parametrize("gap", [np.nan, None, "", "?"])
def test_missing_categories_that_are_imputed(gap: object, tmp_path: Path) -> None:
    """What an imputer replaced in training it replaces in service."""
    frame = table()
    frame["place"] = pd.Series([gap, *frame["place"].tolist()[1:]], dtype=object)
    imputer = SimpleImputer(missing_values=gap, strategy="constant", fill_value="none")
    estimator = make_pipeline(imputer, OneHotEncoder(handle_unknown="ignore"))
    estimator.fit(frame[["place"]])

    bundle, _ = seal_columns(tmp_path, frame, estimator, categorical=("place",))

    (row,) = bundle.preprocessing.canonical([{"text": "", "features": {}}])
    (gone,) = bundle.preprocessing.encode(["x"], [row])
    np.testing.assert_array_equal(gone.columns, expected(estimator, frame)[0])


def test_missing_numbers_that_are_imputed(tmp_path: Path) -> None:
    """Where -1 stood for a missing number in training, a missing number is -1 in service."""
    frame = table()
    frame.loc[0, "age"] = -1
    estimator = make_pipeline(SimpleImputer(missing_values=-1), StandardScaler())
    estimator.fit(frame[["age"]])

    bundle, _ = seal_columns(tmp_path, frame, estimator, numeric=("age",))

    (row,) = bundle.preprocessing.canonical([{"text": "", "features": {}}])
    (gone,) = bundle.preprocessing.encode(["x"], [row])
    np.testing.assert_array_equal(gone.columns, expected(estimator, frame)[0])


@pytest.mark.parametrize("dtype", ["int64", "float64", "object"])
def test_whole_numbers_as_categories(
    dtype: Literal["int64", "float64", "object"], tmp_path: Path
) -> None:
    """A category that training had as a number is known however a client writes it."""
    frame = table()
    frame["grade"] = frame["grade"].astype(dtype)
    estimator = OneHotEncoder(handle_unknown="ignore").fit(frame[["grade"]])
    bundle, _ = seal_columns(tmp_path, frame, estimator, categorical=("grade",))

    sent: tuple[object, ...] = ("3", 3, 3.0, " 3 ")
    rows = bundle.preprocessing.canonical(
        [{"text": "", "features": {"grade": value}} for value in sent]
    )
    encodings = [bundle.preprocessing.encode(["x"], [row])[0].columns for row in rows]

    assert [row.unknown for row in rows] == [()] * len(sent)
    three = expected(estimator, pd.DataFrame({"grade": pd.Series([3], dtype=dtype)}))[0]
    for columns in encodings:
        np.testing.assert_array_equal(columns, three)


@pytest.mark.parametrize("known", ["int64", "uint64", "object"])
def test_long_identifiers_as_categories(
    known: Literal["int64", "uint64", "object"], tmp_path: Path
) -> None:
    """Neighbours beyond 2^53, which are one double, stay apart as integers and as texts."""
    first = 7311964552017903617
    frame = table()
    frame["grade"] = pd.Series([first + row % 3 for row in range(len(frame))], dtype=known)
    estimator = OneHotEncoder(handle_unknown="ignore").fit(frame[["grade"]])
    bundle, _ = seal_columns(tmp_path, frame, estimator, categorical=("grade",))

    sent = (first, first + 1, str(first + 2), first + 3)
    rows = bundle.preprocessing.canonical(
        [{"text": "", "features": {"grade": value}} for value in sent]
    )
    encodings = bundle.preprocessing.encode(["x"] * 4, rows)

    assert [encoding.columns.tolist() for encoding in encodings] == [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
        [0, 0, 0],
    ]
    assert [row.unknown for row in rows] == [(), (), (), ("grade",)]


def test_truth_values_as_categories(tmp_path: Path) -> None:
    """Truth values are known as JSON has them, and an unknown one is no error."""
    frame = table()
    frame["place"] = [row % 2 == 0 for row in range(len(frame))]
    estimator = OneHotEncoder(handle_unknown="ignore").fit(frame[["place"]])
    bundle, _ = seal_columns(tmp_path, frame, estimator, categorical=("place",))

    rows = bundle.preprocessing.canonical(
        [{"text": "", "features": {"place": value}} for value in (False, True, "maybe")]
    )
    encodings = bundle.preprocessing.encode(["x"] * 3, rows)

    assert [encoding.columns.tolist() for encoding in encodings] == [[1, 0], [0, 1], [0, 0]]
    assert [row.unknown for row in rows] == [(), (), ("place",)]


@pytest.mark.parametrize("beside_numbers", [True, False])
@pytest.mark.parametrize("vectorizer", [TfidfVectorizer(), HashingVectorizer(n_features=64)])
def test_words(vectorizer: Estimator, tmp_path: Path, *, beside_numbers: bool) -> None:
    """A vectorizer and SVD of the text are encoded beside numbers, or alone."""
    frame = table()
    words = make_pipeline(vectorizer, TruncatedSVD(4, random_state=0))
    if beside_numbers:
        estimator = ColumnTransformer([("words", words, "text"), numbers(StandardScaler())])
        estimator.fit(frame[["text", *NUMERIC]])
    else:
        estimator = words.fit(frame["text"])

    bundle, _ = seal_columns(tmp_path, frame, estimator, numeric=NUMERIC if beside_numbers else ())

    np.testing.assert_allclose(
        encoded(bundle, frame), expected(estimator, frame), rtol=1e-12, atol=1e-15
    )


def test_fitted_on_an_array(tmp_path: Path) -> None:
    """Columns without names are taken in the order in which they are named."""
    frame = table()
    estimator = make_pipeline(SimpleImputer(), StandardScaler()).fit(
        frame[list(NUMERIC)].to_numpy()
    )

    bundle, _ = seal_columns(tmp_path, frame, estimator, numeric=NUMERIC)

    np.testing.assert_array_equal(encoded(bundle, frame), expected(estimator, frame))


@pytest.mark.parametrize("compress", [("gzip", 3), ("xz", 3), ("lz4", 3)])
def test_compressed_files(compress: tuple[str, int], tmp_path: Path) -> None:
    """A file of any compression is read, and holds what it held without one."""
    frame = table()
    estimator = make_pipeline(SimpleImputer(), StandardScaler()).fit(frame[["age"]])
    joblib.dump(estimator, file := tmp_path / "columns.joblib", compress=compress)

    columns = read_columns(file, ColumnRoles(("text",), "label", ("age",)), (), ())

    np.testing.assert_array_equal(expected(columns.estimator, frame), expected(estimator, frame))


def test_a_compressed_file_is_sealed_without_compression(tmp_path: Path) -> None:
    """A bundle of a compressed file opens, and encodes the same."""
    frame = table()
    estimator = make_pipeline(SimpleImputer(), StandardScaler()).fit(frame[["age"]])

    bundle, _ = seal_columns(tmp_path, frame, estimator, numeric=("age",), compress=("zlib", 3))

    np.testing.assert_array_equal(encoded(bundle, frame), expected(estimator, frame))


def test_trusted_functions(tmp_path: Path) -> None:
    """A function outside the allowlist needs trust when sealing, and again when opening."""
    frame = table()
    estimator = make_pipeline(SimpleImputer(), FunctionTransformer(np.log1p)).fit(frame[["age"]])
    function = {"sklearn.preprocessing._function_transformer.FunctionTransformer", "numpy.log1p"}

    with pytest.raises(GuardRefused, match="unpickling_refused"):
        seal_columns(tmp_path, frame, estimator, numeric=("age",))
    bundle, _ = seal_columns(
        tmp_path, frame, estimator, numeric=("age",), trusted=tuple(sorted(function))
    )

    np.testing.assert_array_equal(encoded(bundle, frame), expected(estimator, frame))
    assert set(bundle.manifest.trusted) == function
    with pytest.raises(GuardRefused, match="--trust"):
        open_bundle(bundle.path)


def _again(values: list[str]) -> pd.DataFrame:
    frame = table()
    frame["place"] = pd.Series([values[row % len(values)] for row in range(60)], dtype=object)
    return frame


@pytest.mark.parametrize(
    "values", [["Rome", "Rome "], ["1", "1.0 ", "1"], ["caf\u00e9", "cafe\u0301"], ["", "nan"]]
)
def test_categories_that_a_request_cannot_tell_apart(values: list[str], tmp_path: Path) -> None:
    """Two categories of an encoder that are one in canonical form are refused with both."""
    frame = _again(values)
    estimator = OneHotEncoder(handle_unknown="ignore").fit(frame[["place"]])
    with pytest.raises(GuardRefused, match=re.escape(repr(values[0]))) as refusal:
        seal_columns(tmp_path, frame, estimator, categorical=("place",))

    assert [finding.code for finding in refusal.value.findings] == ["categories_collide"]
    assert not (tmp_path / "sealed").exists()


def test_columns_of_another_version(tmp_path: Path) -> None:
    """What another scikit-learn fitted needs a word from whoever knows that both give the same."""
    frame = table()
    estimator = make_pipeline(SimpleImputer(), StandardScaler()).fit(frame[["age"]])
    joblib.dump(estimator, tmp_path / "columns.joblib")
    old = re.sub(r"\d$", lambda last: "0" if last[0] != "0" else "1", sklearn.__version__)
    data = (tmp_path / "columns.joblib").read_bytes()
    patched = data.replace(sklearn.__version__.encode(), old.encode())
    assert patched != data
    (tmp_path / "old.joblib").write_bytes(patched)
    roles = ColumnRoles(("text",), "label", ("age",))
    with pytest.raises(GuardRefused) as refusal:
        read_columns(tmp_path / "old.joblib", roles, (), ())

    (finding,) = refusal.value.findings
    assert finding.code == "fitted_under_another_version"
    assert f"--accept-fitted-under {old}" in finding.remedy
    accepted = read_columns(tmp_path / "old.joblib", roles, (), (old,))
    assert accepted.fitted_under == (old,)


def _unfitted() -> Pipeline:
    return make_pipeline(SimpleImputer(), StandardScaler())


@pytest.mark.parametrize(
    ("value", "numeric", "message"),
    [
        ({"a": 1}, ("age",), "holds a dict, which cannot transform"),
        (StandardScaler().fit(table()[["age"]]), (), "takes 'age'; say --numeric or --categorical"),
        (StandardScaler().fit(table()[["age"]]), ("age", "price"), "does not take 'price'"),
        (_unfitted(), ("age",), "the Pipeline is not fitted"),
    ],
)
def test_files_that_do_not_fit(
    value: object, numeric: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    """A file that is no fitted transformer of the declared columns is a wrong call."""
    with pytest.raises(CallError, match=re.escape(message)):
        seal_columns(tmp_path, table(), value, numeric=numeric, width=1)


def test_classifier_instead_of_columns(tmp_path: Path) -> None:
    """A classifier names itself: it is not on the list of what encodes columns."""
    frame = table()
    classifier = LogisticRegression().fit(frame[["age"]], frame["label"])

    with pytest.raises(GuardRefused, match="LogisticRegression"):
        seal_columns(tmp_path, frame, classifier, numeric=("age",), width=1)


def test_vectorizer_of_another_text(tmp_path: Path) -> None:
    """A vectorizer that reads another column than the request's one text is a wrong call."""
    frame = table().rename(columns={"place": "title"})
    estimator = ColumnTransformer([("words", TfidfVectorizer(), "title")]).fit(frame[["title"]])

    with pytest.raises(CallError, match="a vectorizer reads 'title'"):
        seal_columns(tmp_path, frame, estimator, width=1)


def of_a_notebook(values: pd.DataFrame) -> pd.DataFrame:
    """Stand for a function that a notebook defines."""
    return values


@pytest.mark.parametrize(
    ("transformer", "words"),
    [
        (SplineTransformer(), "BSpline cannot be sealed: encode the column otherwise"),
        (FunctionTransformer(partial(np.clip, a_min=0, a_max=1)), "and `kw_args` for its"),
        (FunctionTransformer(of_a_notebook), "move it into a module"),
    ],
    ids=["spline", "partial", "notebook"],
)
def test_what_can_never_be_sealed_is_not_to_be_trusted(
    transformer: Estimator, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal says what to use instead, rather than an option that leads to the next one."""
    frame = pd.DataFrame({"age": np.linspace(0.0, 1.0, 20)})
    monkeypatch.setattr(of_a_notebook, "__module__", "__main__")
    monkeypatch.setattr(sys.modules["__main__"], "of_a_notebook", of_a_notebook, raising=False)
    columns = ColumnTransformer([("age", transformer, ["age"])]).fit(frame)
    joblib.dump(columns, tmp_path / "columns.joblib")

    roles = ColumnRoles(("body",), "verdict", numeric=("age",))
    with pytest.raises(GuardRefused, match=words) as refused:
        read_columns(tmp_path / "columns.joblib", roles, (), ())
    assert "--trust" not in str(refused.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform has no named pipes")
def test_a_named_pipe_is_no_file_of_columns(tmp_path: Path) -> None:
    """It is told at once, where nobody would ever write into it."""
    os.mkfifo(tmp_path / "columns.joblib")

    with pytest.raises(CallError, match="a special file"):
        read_columns(tmp_path / "columns.joblib", ColumnRoles(("text",), "label"), (), ())
