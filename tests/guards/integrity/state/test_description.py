"""Whatever fitting leaves behind has a name, so that no change of it is without words."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

from guards.integrity.differences.state_diff import differences
from guards.integrity.state.description import describe
from guards.integrity.state.jsonable import jsonable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guards.json_types import JsonObject

GENERATOR = np.random.default_rng(5)
NUMBERS = pd.DataFrame({"pages": GENERATOR.normal(size=60), "amount": GENERATOR.normal(size=60)})
GAPS = NUMBERS.mask(NUMBERS > 1)
CATEGORIES = pd.DataFrame(
    {
        "court": pd.Series(["NDCA", "SDNY", "DDEL", "NDCA"] * 15, dtype=object),
        "sender": pd.Series(["bank", "clerk", "bank"] * 20, dtype=object),
    }
)
LABELS = np.array(["contract", "invoice", "letter"] * 20)
TEXTS = [f"{court} wrote to a {sender}" for court, sender in CATEGORIES.to_numpy()]
FRAME = pd.concat([NUMBERS, CATEGORIES], axis=1)
TOKENIZER: JsonObject = {
    "truncation": None,
    "added_tokens": [{"id": 0, "content": "[PAD]", "special": True}],
    "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"lowercase": True}]},
    "model": {"type": "WordPiece", "vocab": {"[PAD]": 0, "was": 2, "is": 1}},
}


def nested() -> ColumnTransformer:
    """Fit pipelines, a union, a text column and a column that passes through side by side."""
    both = FeatureUnion([("scaled", StandardScaler()), ("ranged", MinMaxScaler())])
    numbers = Pipeline([("impute", SimpleImputer()), ("both", both)])
    letters = TfidfVectorizer(analyzer="char")
    words = Pipeline([("terms", letters), ("svd", TruncatedSVD(2))])
    encode = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = ColumnTransformer(
        [
            ("numeric", numbers, ["pages"]),
            ("as_is", "passthrough", ["amount"]),
            ("words", words, "court"),
            (
                "categorical",
                Pipeline([("encode", encode), ("onehot", OneHotEncoder(sparse_output=False))]),
                ["court", "sender"],
            ),
        ]
    )
    return columns.fit(FRAME)


ESTIMATORS: dict[str, Callable[[], Any]] = {
    "StandardScaler": lambda: StandardScaler().fit(GAPS),
    "RobustScaler": lambda: RobustScaler().fit(NUMBERS),
    "MinMaxScaler": lambda: MinMaxScaler().fit(NUMBERS),
    "PowerTransformer": lambda: PowerTransformer().fit(NUMBERS),
    "QuantileTransformer": lambda: QuantileTransformer(n_quantiles=20).fit(NUMBERS),
    "KBinsDiscretizer": lambda: KBinsDiscretizer(
        quantile_method="averaged_inverted_cdf"
    ).fit(NUMBERS),
    "OneHotEncoder": lambda: OneHotEncoder(
        min_frequency=16, handle_unknown="infrequent_if_exist", drop="first"
    ).fit(CATEGORIES),
    "OrdinalEncoder": lambda: OrdinalEncoder(
        min_frequency=16, handle_unknown="use_encoded_value", unknown_value=-1
    ).fit(CATEGORIES.assign(court=CATEGORIES["court"].replace("DDEL", np.nan))),
    "TargetEncoder": lambda: TargetEncoder().fit(CATEGORIES, LABELS),
    "TargetEncoder of two classes": lambda: TargetEncoder().fit(CATEGORIES, LABELS == "letter"),
    "SimpleImputer": lambda: SimpleImputer(add_indicator=True).fit(GAPS),
    "MissingIndicator": lambda: MissingIndicator().fit(GAPS),
    "TfidfVectorizer": lambda: TfidfVectorizer().fit(TEXTS),
    "TruncatedSVD": lambda: TruncatedSVD(3).fit(GENERATOR.normal(size=(60, 100))),
    "Pipeline": lambda: Pipeline([("fill", SimpleImputer()), ("scale", RobustScaler())]).fit(GAPS),
    "ColumnTransformer": nested,
}  # fmt: skip

NOT_CHANGED = {"_stop_words_id", "steps", "transformer_list", "transformers", "transformers_"}
"""What is another in every process, and what holds estimators, which are changed one by one."""


def attributes(
    estimator: Any,  # noqa: ANN401 (scikit-learn is untyped)
    *,
    fitted: bool = True,
) -> Iterator[tuple[Any, str, bool]]:
    """Yield each attribute of an estimator and of those inside it, and whether it was fitted."""
    for name, value in sorted(vars(estimator).items()):
        if name not in NOT_CHANGED:
            yield estimator, name, fitted
        for held in (value, *(value if isinstance(value, list) else ())):
            for inner in held if isinstance(held, tuple) else (held,):
                if hasattr(inner, "get_params"):
                    yield from attributes(inner, fitted=fitted and name != "transformers")


def changed(value: Any) -> Any:  # noqa: ANN401 (any attribute)
    """Return something of the same kind that is not the same."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        other = value.copy()
        other.flat[-1] += 1e-9
        return other
    if isinstance(value, bool):
        return not value
    if (
        isinstance(value, list | np.ndarray)
        and len(value) > 1
        and repr(value[0]) != repr(value[-1])
    ):
        return value[::-1]
    if isinstance(value, dict) and value:
        return {**value, next(iter(value)): 7}
    return ["changed"]


def named(before: Any, after: Any) -> dict[str, tuple[Any, Any]]:  # noqa: ANN401 (any estimator)
    """Return what differs between the descriptions of two estimators, as a manifest keeps them."""
    sealed = json.loads(json.dumps(describe(before, TOKENIZER)))
    return {
        name: (left, right) for name, left, right in differences(sealed, describe(after, TOKENIZER))
    }


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_no_attribute_changes_without_a_name(kind: str) -> None:
    """Whatever single attribute changes, of an estimator or of one inside it, is told by name.

    Of an estimator that was only the pattern of a fitted one it is enough that something is told.
    """
    estimator = ESTIMATORS[kind]()
    assert named(estimator, copy.deepcopy(estimator)) == {}
    before, silent, seen = describe(estimator, TOKENIZER), [], 0
    for owner, name, fitted in attributes(estimator):
        kept = vars(owner)[name]
        vars(owner)[name] = changed(kept)
        told = [one for one, *_ in differences(before, describe(estimator, TOKENIZER))]
        vars(owner)[name] = kept
        seen += 1
        if not told or (fitted and not any(name.strip("_") in one for one in told)):
            silent.append((name, told))

    assert silent == []
    assert seen > 2


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("StandardScaler", {"pages.mean_", "amount.var_", "pages.n_samples_seen_"}),
        ("RobustScaler", {"pages.center_", "amount.scale_", "columns.quantile_range"}),
        ("MinMaxScaler", {"pages.data_max_", "amount.min_", "columns.feature_range"}),
        ("PowerTransformer", {"pages.lambdas_", "pages.mean_", "_scaler.with_std"}),
        ("QuantileTransformer", {"pages.quantiles_", "amount.quantiles_", "columns.references_"}),
        ("KBinsDiscretizer", {"pages.bin_edges_", "amount.n_bins_", "pages.categories_"}),
        ("OneHotEncoder", {"court.categories_", "sender.drop_idx_", "court._infrequent_indices"}),
        ("OrdinalEncoder", {"court.categories_", "columns._missing_indices"}),
        ("TargetEncoder", {"court.encodings_", "sender.categories_", "columns.target_mean_"}),
        ("SimpleImputer", {"pages.statistics_", "indicator_.features_"}),
        ("TfidfVectorizer", {"columns.vocabulary_", "_tfidf.idf_"}),
        ("TruncatedSVD", {"columns.components_", "columns.singular_values_"}),
        ("Pipeline", {"pages.statistics_", "pages.center_", "columns.steps"}),
        (
            "ColumnTransformer",
            {
                "pages.statistics_",
                "pages.mean_",
                "pages.data_max_",
                "as_is.class",
                "words.takes",
                "words.terms.vocabulary_",
                "words.svd.components_",
                "court.categories_",
                "court.onehot.categories_",
                "sender.categories_",
                "categorical.encode.handle_unknown",
                "columns.output_indices_",
            },
        ),
    ],
)
def test_values_are_named_by_what_they_belong_to(kind: str, expected: set[str]) -> None:
    """What belongs to a column stands under the column, the rest under its step."""
    state = describe(ESTIMATORS[kind](), TOKENIZER)

    assert expected - state.keys() == set()
    assert json.loads(json.dumps(state, allow_nan=False)) == state


def test_values_of_columns_are_those_of_the_estimator() -> None:
    """Each column has its own value, of a vector, of a matrix, and of each class."""
    quantiles = ESTIMATORS["QuantileTransformer"]()
    state = describe(quantiles, TOKENIZER)
    assert state["amount.quantiles_"] == quantiles.quantiles_[:, 1].tolist()

    encoder = ESTIMATORS["TargetEncoder"]()
    state = describe(encoder, TOKENIZER)
    assert state["sender.encodings_"] == [one.tolist() for one in encoder.encodings_[3:]]
    assert state["sender.categories_"] == ["bank", "clerk"]

    state = describe(ESTIMATORS["TfidfVectorizer"](), TOKENIZER)
    assert state["columns.vocabulary_"][:3] == ["bank", "clerk", "ddel"]


def test_columns_are_not_guessed_behind_a_step_that_changes_them() -> None:
    """A value has a column's name only where it is certain which column it belongs to."""
    widened = Pipeline(
        [("onehot", OneHotEncoder(sparse_output=False)), ("scale", StandardScaler())]
    )
    two_columns = pd.DataFrame({"a": ["x", "x"], "b": ["y", "y"]}, dtype=object)

    state = describe(widened.fit(two_columns), TOKENIZER)

    assert state["scale.mean_"] == [1.0, 1.0]
    assert not any(name.startswith(("a.mean", "b.mean")) for name in state)


def test_columns_without_names_are_numbered() -> None:
    """What was fitted on a bare array is named by position."""
    state = describe(StandardScaler().fit(NUMBERS.to_numpy()), TOKENIZER)

    assert state["1.mean_"] == pytest.approx(NUMBERS["amount"].mean())


def test_same_values_in_another_type() -> None:
    """A changed dtype is named, and a number that became a truth value is told apart."""
    scaler = ESTIMATORS["StandardScaler"]()
    other = copy.deepcopy(scaler)
    other.mean_ = scaler.mean_.astype(np.float32).astype(np.float64)
    scaler.mean_ = scaler.mean_.astype(np.float32)
    assert named(scaler, other) == {"columns.mean_.dtype": ("float32", "float64")}

    other = copy.deepcopy(scaler)
    other.with_mean = 1
    assert named(scaler, other) == {"columns.with_mean": (True, 1)}

    other = copy.deepcopy(scaler)
    other.with_mean = np.True_
    assert list(named(scaler, other)) == ["columns.sha256"]


def test_numbers_that_json_lacks() -> None:
    """Missing and infinite values stand there by name."""
    imputer = ESTIMATORS["SimpleImputer"]()
    imputer.statistics_ = np.array([np.nan, -np.inf])

    state = describe(imputer, TOKENIZER)

    assert (state["pages.statistics_"], state["amount.statistics_"]) == ("NaN", "-Infinity")
    assert state["columns.missing_values"] == "NaN"


def test_description_without_columns() -> None:
    """A bundle that takes text alone is described by its tokenizer."""
    assert {name.partition(".")[0] for name in describe(None, TOKENIZER)} == {
        "description",
        "tokenizer",
    }


def test_long_values_are_described_by_their_digest() -> None:
    """Categories by the thousand do not fill the manifest, and still cannot change unseen."""
    many = [f"court {number}" for number in range(2500)]
    other = [*many[:-1], "another"]
    states = [
        describe(OneHotEncoder().fit(pd.DataFrame({"court": names}, dtype=object)), TOKENIZER)
        for names in (many, many, other)
    ]

    values = [state["court.categories_"] for state in states]
    assert values[0]["length"] == 2500
    assert values[0] == values[1] != values[2]


def test_vocabulary_stands_there_token_by_token() -> None:
    """Tokens are kept in the order of their ids, with a gap where an id has none."""
    assert describe(None, TOKENIZER)["tokenizer.vocabulary"] == ["[PAD]", "is", "was"]

    gap = {"model": {"vocab": {"a": 0, "c": 2}}}
    assert describe(None, gap)["tokenizer.vocabulary"] == ["a", None, "c"]


def test_vocabulary_of_pieces_and_scores() -> None:
    """Of a SentencePiece vocabulary the pieces are kept, and scores cannot change unseen."""
    before, after = (
        {"model": {"type": "Unigram", "vocab": [["<unk>", 0.0], ["▁is", score]]}}
        for score in (-1.5, -1.25)
    )

    assert describe(None, before)["tokenizer.vocabulary"] == ["<unk>", "▁is"]
    changed = differences(describe(None, before), describe(None, after))
    assert [name for name, *_ in changed] == ["tokenizer.vocabulary.sha256"]


@pytest.mark.parametrize(
    "vocabulary",
    [
        pytest.param({f"t{i}": i for i in range(100_001)}, id="too many"),
        pytest.param({"a": 0, "b": 10**9}, id="a number out of all proportion"),
        pytest.param({"a": 0, "b": 0}, id="two tokens of one number"),
        pytest.param({"a": 0, "b": True}, id="a number that is none"),
        pytest.param({"a": 0, "b": -1}, id="a negative number"),
    ],
)
def test_vocabulary_that_is_no_list_of_rows(vocabulary: dict[str, int]) -> None:
    """A vocabulary too large to keep, or none at all, is described by its length and digest."""
    described = describe(None, {"model": {"vocab": vocabulary}})["tokenizer.vocabulary"]

    assert set(described) == {"length", "sha256"}
    assert described["length"] == len(vocabulary)


def test_tokenizer_is_described_to_its_depths() -> None:
    """A setting inside a sequence of normalisers has a name, and so has that of an added token."""
    other = copy.deepcopy(TOKENIZER)
    other["normalizer"]["normalizers"][1]["lowercase"] = False
    other["added_tokens"][0]["special"] = False
    other["model"]["merges"] = [["a", "b"]] * 300

    changed = dict.fromkeys(
        name for name, *_ in differences(describe(None, TOKENIZER), describe(None, other))
    )

    assert list(changed) == [
        "tokenizer.added_tokens.[PAD].special",
        "tokenizer.model.merges",
        "tokenizer.normalizer.normalizers.1.lowercase",
    ]
    assert describe(None, other)["tokenizer.model.merges"]["length"] == 300


def test_vocabulary_beyond_what_a_pickle_may_hold(hold_values: Callable[[int], None]) -> None:
    """Pieces and merges of a very large tokenizer are described by their lengths and digests."""
    hold_values(10_000)
    model = {"vocab": [["piece", 0.5]] * 110_000, "merges": [["a", "b"]] * 1_001}

    state = describe(None, {"model": model})

    assert state["tokenizer.vocabulary"]["length"] == 110_000
    assert state["tokenizer.model.merges"] == jsonable(model["merges"])


def test_names_do_not_hide_each_other() -> None:
    """Two estimators of one column under one name each keep their values."""
    twice = ColumnTransformer(
        [(name, Pipeline([("scale", StandardScaler())]), ["pages"]) for name in ("a", "b", "c")]
    ).fit(NUMBERS)

    state = describe(twice, TOKENIZER)

    means = [name for name in state if name.startswith("pages.") and name.endswith("mean_")]
    assert means == ["pages.mean_", "pages.scale.mean_", "pages.c.scale.mean_"]
