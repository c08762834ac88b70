"""A state that no fitting leaves behind is seen before anything is transformed."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.model_selection import KFold
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

from guards.integrity.unpickling.soundness import unsound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS = pd.DataFrame({"a": np.arange(12.0), "b": np.arange(12.0) ** 2, "c": list("xyzzyyxxxyzx")})
NUMBERS = ROWS[["a", "b"]]
GAPS = NUMBERS.mask(NUMBERS["a"] % 3 == 0)
TEXTS = ["one text", "another text"]
SLOW = "(a+)+$"
KINDS = np.array(list("klm") * 4)

COLUMNS = ColumnTransformer(
    [("numbers", StandardScaler(), ["a", "b"]), ("kinds", OneHotEncoder(), ["c"])]
).fit(ROWS)
ENCODER = OneHotEncoder().fit(ROWS[["c"]])
GROUPED = OneHotEncoder(max_categories=2).fit(ROWS[["c"]])
DROPPED = OneHotEncoder(drop="first").fit(ROWS[["c"]])
GROUPED_ORDINAL = OrdinalEncoder(max_categories=2).fit(ROWS[["c"]])
ORDINAL = OrdinalEncoder(encoded_missing_value=-1).fit(ROWS[["c"]].mask(ROWS["c"] == "x"))
WORDS = CountVectorizer().fit(TEXTS)
TFIDF = TfidfVectorizer().fit(TEXTS)
TERMS = PolynomialFeatures().fit(NUMBERS)
BINS = KBinsDiscretizer(3, quantile_method="linear").fit(NUMBERS)
TARGETS = TargetEncoder(random_state=0).fit(ROWS[["c"]], KINDS)
IMPUTER = SimpleImputer(add_indicator=True).fit(GAPS)
SCALER = StandardScaler().fit(NUMBERS)


def changed(estimator: Any, **state: object) -> Any:  # noqa: ANN401 (any estimator)
    """Return a copy of an estimator with other attributes."""
    other = copy.deepcopy(estimator)
    vars(other).update(state)
    return other


def without(estimator: Any, name: str) -> Any:  # noqa: ANN401 (any estimator)
    """Return a copy of an estimator that lacks an attribute."""
    other = copy.deepcopy(estimator)
    del vars(other)[name]
    return other


def inside(estimator: Any, name: str, **state: object) -> Any:  # noqa: ANN401 (any estimator)
    """Return a copy of an estimator, and change the one that it holds under a name."""
    other = copy.deepcopy(estimator)
    vars(vars(other)[name]).update(state)
    return other


def each(array: Any) -> np.ndarray:  # noqa: ANN401 (items of any kind)
    """Return an array of objects."""
    objects = np.empty(len(array), dtype=object)
    for index, item in enumerate(array):
        objects[index] = item
    return objects


@pytest.mark.parametrize(
    ("estimator", "problem"),
    [
        (changed(ENCODER, _n_features_outs=each([3])), "_n_features_outs is an array of object"),
        (changed(ENCODER, _n_features_outs=np.array([3])), "_n_features_outs is an array of int64"),
        (changed(ENCODER, _n_features_outs=[np.int64(3)]), "_n_features_outs is a list of 1"),
        (changed(ENCODER, categories_=each(ENCODER.categories_)), "categories_ is an array of obj"),
        (changed(SCALER, mean_=each([0.0, 0.0])), "mean_ is an array of object"),
        (changed(SCALER, scale_=np.ones(3)), "scale_ is an array of float64 [3]"),
        (changed(SCALER, var_=np.ones((2, 1))), "var_ is an array of float64 [2, 1]"),
        (changed(SCALER, scale_=np.array(["1", "2"])), "scale_ is an array of str"),
        (changed(SCALER, mean_=np.zeros(2, dtype=">f8")), "mean_ is an array of float64"),
        (changed(SCALER, n_features_in_=3), "is an array"),
        (changed(SCALER, n_features_in_=True), "n_features_in_ is True"),
        (changed(WORDS, vocabulary_={"a": each([0])}), "vocabulary_ is a dict of 1"),
        (changed(TERMS, _n_out_full=np.float64(6)), "_n_out_full is 6.0"),
        (changed(BINS, bin_edges_=list(BINS.bin_edges_)), "bin_edges_ is a list of 2"),
        (changed(IMPUTER, _fill_dtype=np.dtype("U100")), "_fill_dtype is"),
        (changed(ENCODER, dtype="U50000000"), "dtype is a str of 9"),
        (changed(ENCODER, dtype=np.dtype("U50000")), "dtype is"),
        (changed(WORDS, dtype=np.str_), "dtype is a type"),
        (changed(QuantileTransformer(), n_quantiles=-1), "n_quantiles is -1"),
    ],
)
def test_attribute_of_another_form(estimator: object, problem: str) -> None:
    """Type, dtype and shape are those that fitting leaves; the finding shows what was observed."""
    assert problem in str(unsound(estimator))


@pytest.mark.parametrize(
    ("estimator", "problem"),
    [
        (changed(SCALER, transform=1), "an attribute that fitting does not leave: 'transform'"),
        (changed(SCALER, __reduce__=1), "'__reduce__'"),
        (changed(SCALER, note_=1), "'note_'"),
        (changed(SCALER, **{"a\n\u202e\x1b[31m": 1}), r"'a\n\u202e\x1b[31m'"),
        (changed(Pipeline([("a", SCALER)]), _final=1), "'_final'"),
    ],
)
def test_attribute_that_is_not_described(estimator: object, problem: str) -> None:
    """It is refused by its name, in characters that are safe to print."""
    assert problem in str(unsound(estimator))


@pytest.mark.parametrize(
    ("estimator", "name"),
    [
        (SCALER, "mean_"),
        (SCALER, "with_mean"),
        (ENCODER, "_n_features_outs"),
        (VarianceThreshold().fit(NUMBERS), "variances_"),
        (PowerTransformer().fit(NUMBERS), "lambdas_"),
        (WORDS, "vocabulary_"),
        (COLUMNS, "transformers_"),
    ],
)
def test_attribute_that_is_missing(estimator: object, name: str) -> None:
    """What fitting always leaves may not be left out, be it the only attribute."""
    assert unsound(without(estimator, name)) == f"a {type(estimator).__name__} without its {name}"


RELATIONS: dict[str, tuple[object, str]] = {
    "codes beyond the width": (changed(ENCODER, _n_features_outs=[2]), "_n_features_outs"),
    "fewer codes than columns": (changed(ENCODER, _n_features_outs=[5]), "_n_features_outs"),
    "a column too many": (changed(ENCODER, _n_features_outs=[3, 1]), "_n_features_outs"),
    "dropped code outside": (
        changed(DROPPED, _drop_idx_after_grouping=each([9]), drop_idx_=each([9])),
        "drop_idx_ is not",
    ),
    "dropped code that is another": (changed(DROPPED, drop_idx_=each([1])), "drop_idx_ is not"),
    "mapping outside": (
        changed(GROUPED, _default_to_infrequent_mappings=[np.array([0, 9, 1])]),
        "grouping",
    ),
    "infrequent categories outside": (
        changed(GROUPED, _infrequent_indices=[np.array([7])]),
        "grouping",
    ),
    "no infrequent category": (
        changed(GROUPED, _infrequent_indices=[np.array([], dtype=int)]),
        "grouping",
    ),
    "falling categories": (
        changed(OneHotEncoder().fit(NUMBERS[["a"]]), categories_=[np.arange(12.0)[::-1]]),
        "categories_",
    ),
    "category twice": (changed(ENCODER, categories_=[each(["x", "x", "z"])]), "categories_"),
    "two NaN": (
        changed(OrdinalEncoder().fit([[1.0], [2.0]]), categories_=[np.array([np.nan, np.nan])]),
        "categories_",
    ),
    "missing category outside": (changed(ORDINAL, _missing_indices={0: 9}), "_missing_indices"),
    "missing category of no column": (changed(ORDINAL, _missing_indices={4: 0}), "_missing_"),
    "fewer encodings": (changed(TARGETS, encodings_=TARGETS.encodings_[:2]), "encodings_"),
    "shorter encodings": (
        changed(TARGETS, encodings_=[one[:1] for one in TARGETS.encodings_]),
        "encodings_",
    ),
    "mean of fewer classes": (changed(TARGETS, target_mean_=np.ones(2)), "target_mean_"),
    "vocabulary beyond its length": (changed(WORDS, vocabulary_={"a": 1}), "vocabulary_"),
    "vocabulary below zero": (changed(WORDS, vocabulary_={"a": -1, "b": 0}), "vocabulary_"),
    "two terms of one column": (changed(WORDS, vocabulary_={"a": 0, "b": 0}), "vocabulary_"),
    "fewer weights than words": (
        inside(TFIDF, "_tfidf", idf_=np.ones(1), n_features_in_=1),
        "_tfidf",
    ),
    "terms that are not written": (changed(TERMS, _n_out_full=7), "terms"),
    "degree beyond the terms": (changed(TERMS, _max_degree=9), "terms"),
    "endless degree": (changed(TERMS, _max_degree=10**9), "_max_degree"),
    "only interactions": (changed(TERMS, interaction_only=True), "terms"),
    "edges of fewer bins": (
        changed(BINS, bin_edges_=each([BINS.bin_edges_[0], BINS.bin_edges_[1][:-1]])),
        "bin_edges_",
    ),
    "falling edges": (changed(BINS, bin_edges_=each([e[::-1] for e in BINS.bin_edges_])), "bin_e"),
    "encoder of other bins": (inside(BINS, "_encoder", _n_features_outs=[3, 4]), "_encoder"),
    "indicator of other columns": (inside(IMPUTER, "indicator_", _n_features=5), "indicator_"),
    "indicated column outside": (
        changed(MissingIndicator().fit(GAPS), features_=np.array([0, 7])),
        "features_",
    ),
    "indicated column below zero": (
        changed(MissingIndicator().fit(GAPS), features_=np.array([-1, 1])),
        "features_",
    ),
    "scaler of other columns": (
        inside(PowerTransformer().fit(NUMBERS), "_scaler", scale_=np.ones(1)),
        "_scaler",
    ),
    "falling quantiles": (
        changed(QuantileTransformer(n_quantiles=3).fit(NUMBERS), quantiles_=np.eye(3, 2)),
        "quantiles_",
    ),
    "falling references": (
        changed(
            QuantileTransformer(n_quantiles=3).fit(NUMBERS), references_=np.array([1.0, 0.5, 0])
        ),
        "references_",
    ),
    "more quantiles than references": (
        changed(QuantileTransformer(n_quantiles=3).fit(NUMBERS), quantiles_=np.ones((4, 2))),
        "quantiles_",
    ),
    "component of other columns": (changed(PCA(1).fit(NUMBERS), components_=np.ones((1, 5))), "c"),
    "variance of other components": (
        changed(TruncatedSVD(1).fit(NUMBERS), singular_values_=np.ones(4)),
        "singular_values_",
    ),
    "scale without scaling": (changed(RobustScaler().fit(NUMBERS), scale_=None), "scale_"),
    "mean without centring": (changed(SCALER, mean_=None), "mean_"),
    "falling range": (changed(MinMaxScaler().fit(NUMBERS), feature_range=(1, 0)), "feature_range"),
    "column outside": (
        changed(COLUMNS, _transformer_to_input_indices={"numbers": [0, 1], "kinds": [9]}),
        "_transformer_to_input_indices",
    ),
    "column of no transformer": (changed(COLUMNS, _transformer_to_input_indices={}), "_transf"),
    "column of another": (
        changed(COLUMNS, _transformer_to_input_indices={"numbers": [0, 2], "kinds": [2]}),
        "other columns",
    ),
    "output with a gap": (
        changed(COLUMNS, output_indices_={"numbers": slice(0, 2), "kinds": slice(4, 7)}),
        "output_indices_",
    ),
    "output over another": (
        changed(COLUMNS, output_indices_={"numbers": slice(0, 2), "kinds": slice(1, 4)}),
        "output_indices_",
    ),
    "rest outside": (
        changed(
            COLUMNS,
            _transformer_to_input_indices={"numbers": [0, 1], "kinds": [2], "remainder": [9]},
        ),
        "points outside",
    ),
    "column named twice": (
        changed(COLUMNS, n_features_in_=5, feature_names_in_=each(["a", "b", "c", "d", "d"])),
        "feature_names_in_",
    ),
    "two transformers of one name": (
        changed(COLUMNS, transformers=[*COLUMNS.transformers, *COLUMNS.transformers]),
        "names",
    ),
    "transformer that nobody gave": (
        changed(COLUMNS, transformers=COLUMNS.transformers[:1]),
        "names",
    ),
    "code of an ordinal outside": (
        changed(GROUPED_ORDINAL, _default_to_infrequent_mappings=[np.array([0, 9, 1])]),
        "grouping",
    ),
    "grouping of targets": (changed(TARGETS, _infrequent_enabled=True), "grouped"),
    "no weights": (without(TFIDF._tfidf, "idf_"), "idf_ is missing"),  # noqa: SLF001 (no other way)
    "two steps of one name": (Pipeline([("a", SCALER), ("a", SCALER)]), "names"),
    "step of a parameter": (FeatureUnion([("a__b", SCALER)]), "names"),
    "no step": (Pipeline([]), "steps"),
    "step that is a number": (Pipeline([("a", 5)]), "steps"),
    "step that is a class": (changed(FeatureUnion([]), transformer_list=[("a", int)]), "transf"),
}


@pytest.mark.parametrize("name", RELATIONS)
def test_attributes_that_do_not_belong_together(name: str) -> None:
    """Widths add up, indices point inside, edges ascend, and what is held fits its holder."""
    estimator, problem = RELATIONS[name]

    assert problem in str(unsound(estimator))


@pytest.mark.parametrize(
    ("estimator", "problem"),
    [
        (changed(ColumnTransformer([]), n_jobs=10**6), "n_jobs is 1000000"),
        (changed(FeatureUnion([]), n_jobs="all"), "n_jobs is a str"),
        (CountVectorizer(input="filename"), "input is a str"),
        (TfidfVectorizer(input="file"), "input is a str"),
        (HashingVectorizer(input="filename"), "input is a str"),
        (HashingVectorizer(n_features=0), "n_features is 0"),
        (HashingVectorizer(n_features=2**31), "n_features is 2147483648"),
        (CountVectorizer(ngram_range=(1, 10**6)), "ngram_range"),
        (changed(WORDS, token_pattern=SLOW), "token_pattern is '(a+)+$': it "),
        (HashingVectorizer(token_pattern=SLOW), "token_pattern"),
        (CountVectorizer(analyzer=int), "analyzer is a type"),
        (CountVectorizer(tokenizer=SCALER), "tokenizer is a StandardScaler"),
        (changed(CountVectorizer(), vocabulary=5), "vocabulary is 5"),
        (FunctionTransformer(func="os.system"), "func is a str"),
        (
            FunctionTransformer(kw_args={"a": [SCALER]}),
            "kw_args is a dict whose 'a' is a list of 1",
        ),
        (FunctionTransformer(kw_args={"a": np.dtype("V8")}), "kw_args"),
        (FunctionTransformer(kw_args={"a": [list(range(200_000))]}), "kw_args"),
        (changed(SCALER, _sklearn_output_config={"transform": "os"}), "_sklearn_output_config"),
        (SimpleImputer(strategy="mode"), "strategy"),
    ],
)
def test_parameter_that_would_do_more_than_transform(estimator: object, problem: str) -> None:
    """It opens no file, starts no process, and takes no time or memory without bound."""
    assert problem in str(unsound(estimator))


def vocabulary_of(words: Any) -> CountVectorizer:  # noqa: ANN401 (any form of a list)
    """Return a vectorizer with a vocabulary that was given."""
    return CountVectorizer(vocabulary=words).fit(TEXTS)


PARAMETERS: dict[str, object] = {
    "chatty columns": ColumnTransformer([("a", SCALER, ["a"])], verbose=1).fit(ROWS),
    "chatty union": FeatureUnion([("a", SCALER)], verbose=1).fit(NUMBERS),
    "chatty pipeline": Pipeline([("a", SCALER)], verbose=2),
    "numbers to a function": FunctionTransformer(np.digitize, kw_args={"bins": [1.0, 2.0]}),
    "shape for a function": FunctionTransformer(np.reshape, kw_args={"shape": (-1, 2)}),
    "dtype for a function": FunctionTransformer(np.asarray, kw_args={"dtype": np.float32}),
    "dtype by name": FunctionTransformer(np.asarray, kw_args={"dtype": np.dtype("f4")}),
    "mask for a function": FunctionTransformer(np.add, kw_args={"where": np.array([True])}),
    "table for a function": FunctionTransformer(dict, kw_args={"t": {"a": [1, None]}}),
    "tuple of transformers": ColumnTransformer((("a", SCALER, ["a"]),)).fit(ROWS),
    "tuple of steps": changed(Pipeline([("a", SCALER)]), steps=(("a", SCALER),)),
    "tuple of a union": FeatureUnion((("a", SCALER),)).fit(NUMBERS),
    "tuple of categories": OneHotEncoder(categories=[("x", "y", "z")]).fit(ROWS[["c"]]),
    "tuple of dropped": OneHotEncoder(drop=("x",)).fit(ROWS[["c"]]),
    "tuple of words": vocabulary_of(("one", "text")),
    "array of words": vocabulary_of(np.array(["one", "text"])),
    "array of words, as objects": vocabulary_of(each(["one", "text"])),
    "tuple of bins": KBinsDiscretizer((3, 2), quantile_method="linear").fit(NUMBERS),
    "column by numpy's number": ColumnTransformer([("a", CountVectorizer(), np.int64(2))]).fit(
        ROWS.assign(c="some words")
    ),
    "mask of numpy's truth values": ColumnTransformer(
        [("a", StandardScaler(), [*np.array([True, True, False])])]
    ).fit(ROWS),
    "names of one width": changed(SCALER, feature_names_in_=np.array(["a", "b"])),
    "selector of many names": make_column_selector("|".join(f"column{n}" for n in range(200))),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameter_that_fitting_takes(name: str) -> None:
    """Whatever form of a list, number or flag scikit-learn fits with is sound."""
    assert unsound(PARAMETERS[name]) is None


def test_instance_of_a_class_that_was_trusted_by_name() -> None:
    """Also scikit-learn's own, where somebody has confirmed it; and only there."""
    encoder = TargetEncoder(cv=KFold(3)).fit(ROWS[["c"]], KINDS)

    assert "cv is a KFold" in str(unsound(encoder))
    assert unsound(encoder, [KFold]) is None


def own(text: str) -> list[str]:
    """Split a text as a team's own tokenizer does."""
    return text.split()


@pytest.mark.parametrize(
    "estimator",
    [
        CountVectorizer(tokenizer=own, preprocessor=str.lower, analyzer="word"),
        FunctionTransformer(func=np.log1p, inverse_func=np.expm1),
        FunctionTransformer(func=own),
        Pipeline([("own", Pipeline), ("log", np.log1p)]),
        ColumnTransformer([("a", SCALER, own)]),
    ],
)
def test_what_a_trusted_class_made(estimator: object) -> None:
    """Functions and classes come from trusted globals alone, and are not looked at here."""
    assert unsound(estimator) is None


def test_other_objects_are_not_judged() -> None:
    """An object of a class that has no description is sound: somebody has confirmed its class."""
    make: Callable[[], object] = type("Own", (StandardScaler,), {"__module__": "own"})

    assert unsound(make()) is None


class Closed(dict[str, int]):
    """A dictionary of somebody's own that shows nobody what it holds."""

    def __iter__(self) -> Iterator[str]:
        """Raise an error of somebody's own."""
        raise OSError

    items = values = __len__ = __iter__  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("estimator", "problem"),
    [
        (changed(WORDS, vocabulary_=Closed(word=0)), "whose vocabulary_ is a Closed"),
        (changed(SCALER, mean_=Path()), "whose mean_ is a PosixPath"),
    ],
)
def test_an_instance_of_somebodys_class_that_fitting_does_not_leave(
    estimator: object, problem: str
) -> None:
    """It is a parameter, or nothing; and what it raises is no answer."""
    assert problem in str(unsound(estimator))


@pytest.mark.parametrize(
    ("estimator", "problem"),
    [
        (without(TARGETS, "classes_"), "encodings_ are not one for each category"),
        (
            changed(COLUMNS, transformers_=[("numbers", StandardScaler(), ["nobody's"])]),
            "transformers_ take other columns",
        ),
    ],
)
def test_attributes_that_refer_to_what_is_not_there(estimator: object, problem: str) -> None:
    """They do not belong together either."""
    assert problem in str(unsound(estimator))
