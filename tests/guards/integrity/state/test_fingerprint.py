"""Two states share a digest exactly when they are the same."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import RandomState
from scipy import sparse
from scipy.special import expit
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)

from guards.integrity.state.fingerprint import (
    digest,
    digest_of_json,
    digesting,
    preprocessing_fingerprint,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guards.json_types import JsonObject

ROWS = np.random.default_rng(5).normal(size=(40, 2))
FRAME = pd.DataFrame(
    {
        "pages": ROWS[:, 0],
        "amount": ROWS[:, 1],
        "court": pd.Series(["NDCA", "SDNY", "DDEL", "NDCA"] * 10, dtype=object),
        "sender": pd.Series(["bank", "clerk"] * 20, dtype=object),
    }
)
TOKENIZER = {"model": {"type": "WordPiece", "vocab": {"a": 0, "b": 1}}, "truncation": None}

plain_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=10,
)


def fitted(frame: pd.DataFrame = FRAME) -> ColumnTransformer:
    """Fit a transformer with two steps for numbers and two for categories."""
    numbers = Pipeline([("impute", SimpleImputer()), ("scale", StandardScaler())])
    categories = Pipeline(
        [
            ("encode", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)),
            ("onehot", OneHotEncoder(sparse_output=False)),
        ]
    )
    columns = ColumnTransformer(
        [
            ("numeric", numbers, ["pages", "amount"]),
            ("categorical", categories, ["court", "sender"]),
        ]
    )
    return columns.fit(frame)


class Slotted:
    """Keeps something where ``vars`` does not look."""

    __slots__ = ("seen_",)


class Doubling(Slotted, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """A team's own transformer."""

    def __init__(self, factor: float = 2.0) -> None:
        """Multiply by ``factor``."""
        self.factor = factor

    def fit(self, _rows: object) -> Doubling:
        """Learn next to nothing."""
        self.seen_ = True
        return self


def drawn(state: RandomState) -> RandomState:
    """Draw one number, and give the state that is left."""
    state.normal()
    return state


def broken(matrix: sparse.csr_array) -> sparse.csr_array:
    """Let an entry of a sparse array point outside."""
    matrix.indices[0] = 10**6
    return matrix


def vectorizer(stop_words_id: int) -> CountVectorizer:
    """Return a vectorizer that has transformed, which leaves an address behind."""
    fitted_one = CountVectorizer().fit(["some text"])
    fitted_one._stop_words_id = stop_words_id  # noqa: SLF001 (as transforming does)
    return fitted_one


def reloaded(value: Any) -> Any:  # noqa: ANN401 (any estimator)
    """Send a value through a joblib file."""
    buffer = io.BytesIO()
    joblib.dump(value, buffer)
    return joblib.load(io.BytesIO(buffer.getvalue()))


@given(plain_json)
def test_equal_values_share_a_digest(value: object) -> None:
    """A value that was read back from JSON has the digest that it had before."""
    assert digest(json.loads(json.dumps(value))) == digest(value)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([1, 1.0, True, "1", b"1", None, [1], (1,), {1}, {1: 1}], id="types"),
        pytest.param([["ab", "c"], ["a", "bc"], ["abc"], [["ab"], "c"]], id="borders"),
        pytest.param([{"a": {"b": 1}}, {"a": {}, "b": 1}, {"a": [("b", 1)]}], id="nesting"),
        pytest.param(
            [np.arange(4), np.arange(4.0), np.arange(4, dtype=np.int32), np.arange(4)[None]],
            id="arrays",
        ),
        pytest.param([[1, 2], [2, 1], (1, 2), np.array([1, 2])], id="order"),
        pytest.param([np.float64(1), np.float32(1), 1.0, np.array(1.0)], id="scalars"),
        pytest.param([int, float, StandardScaler, StandardScaler()], id="classes"),
        pytest.param([slice(0, 2), slice(0, 2, 1), (0, 2, None)], id="slices"),
        pytest.param([np.array(["a"], dtype=object), np.array(["a"]), ["a"]], id="texts"),
        pytest.param([1.0, np.nextafter(1.0, 2.0)], id="last bit"),
        pytest.param([10**5000, 10**5000 + 1, -(10**5000), 10**300], id="long numbers"),
        pytest.param([np.log1p, np.expm1, np.clip, expit, json.dumps, json.loads], id="functions"),
        pytest.param([RandomState(0), RandomState(1), drawn(RandomState(0))], id="random states"),
        pytest.param(
            [
                sparse.csr_array(ROWS),
                sparse.csc_array(ROWS),
                sparse.csr_matrix(ROWS),
                sparse.csr_array(ROWS.T),
                sparse.csr_array(ROWS * 2),
                sparse.csr_array(ROWS.astype(np.float32)),
            ],
            id="sparse arrays",
        ),
        pytest.param(
            [Doubling(), Doubling(3.0), Doubling().fit(ROWS), StandardScaler()], id="own classes"
        ),
    ],
)
def test_different_values_have_different_digests(values: list[object]) -> None:
    """Type, shape, order and the last bit all count."""
    assert len({digest(value) for value in values}) == len(values)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.asfortranarray(ROWS), ROWS),
        (ROWS[:, ::-1][:, ::-1], ROWS),
        (ROWS.astype(">f8"), ROWS),
        (np.array([-0.0, 1.0]), np.array([0.0, 1.0])),
        (-0.0, 0.0),
        (np.array([np.nan]), -np.array([np.nan])),
        (float("nan"), -float("nan")),
        ({"b": 1, "a": 2}, {"a": 2, "b": 1}),
        ({"x", "y", "z"}, {"z", "y", "x"}),
        (np.dtype(">i8"), np.dtype("<i8")),
        (
            sparse.csr_array(([1.0, 2.0], [1, 0], [0, 2]), shape=(1, 2)),
            sparse.csr_array(([2.0, 0.5, 0.5], [0, 1, 1], [0, 3]), shape=(1, 2)),
        ),
        (vectorizer(stop_words_id=1), vectorizer(stop_words_id=2)),
    ],
)
def test_how_a_value_is_kept_does_not_matter(one: object, other: object) -> None:
    """Memory order, byte order, signs of nothing and the order of a dictionary do not count."""
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    "make",
    [
        fitted,
        lambda: StandardScaler().fit(ROWS),
        lambda: RobustScaler().fit(ROWS),
        lambda: MinMaxScaler().fit(ROWS),
        lambda: OneHotEncoder().fit(FRAME[["court"]]),
    ],
)
def test_digest_survives_a_file(make: Callable[[], Any]) -> None:
    """An estimator has the same digest after a detour through joblib, and when fitted again."""
    estimator = make()

    assert digest(reloaded(estimator)) == digest(estimator) == digest(make())


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("mean_", np.nextafter(ROWS.mean(axis=0), np.inf)),
        ("scale_", None),
        ("n_samples_seen_", 41),
        ("with_mean", False),
        ("_anything", 1),
    ],
)
def test_digest_sees_every_attribute(attribute: str, value: object) -> None:
    """No part of a fitted state can change unseen, public or not."""
    scaler = StandardScaler().fit(ROWS)
    before = digest(scaler)
    setattr(scaler, attribute, value)

    assert digest(scaler) != before


@pytest.mark.parametrize(
    "value",
    [
        object(),
        lambda: None,
        pd.Series([1]),
        {"deep": [np.array([object()], dtype=object)]},
        np.zeros(2, dtype=[("a", "f8")]),
        FunctionTransformer(func=print),
        FunctionTransformer(func=lambda rows: rows),
        np.array(["text"], dtype=np.dtypes.StringDType()),
        broken(sparse.csr_array(ROWS)),
        np.broadcast_to(0.0, 2**40),
        ["text" * 2**18] * 2**11,
        bytearray(b"text"),
    ],
)
def test_unknown_types_do_not_pass_unseen(value: object) -> None:
    """What has no canonical form is an error, not a hole in the digest."""
    with pytest.raises(TypeError, match="a preprocessing cannot hold"):
        digest(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "140bedbf"),
        (True, "2f7ec609"),
        (-5, "d892c48d"),
        (10**300, "1f11da2e"),
        (1.5, "31f1eb22"),
        (-0.0, "b6be5e57"),
        (float("nan"), "15f3d081"),
        ("é\ud800", "899537fe"),
        (b"x", "bac1d07e"),
        ([1, (2, {3})], "2dfc5243"),
        ({"b": 1, "a": {2: [None]}}, "6326a424"),
        (slice(0, None), "a1f5d75c"),
        (np.dtype(">i8"), "a8715029"),
        (int, "80a47b67"),
        (np.float32(1.5), "90fef92a"),
        (np.arange(6.0).reshape(2, 3), "ef21c88e"),
        (np.array([np.nan, -0.0]), "c835645a"),
        (np.array(["a", "bc"]), "f0e0785d"),
        (np.array(["a", None, float("nan"), np.float64(3)], dtype=object), "62e0d548"),
        (np.zeros((0, 3)), "73327dd6"),
        (np.array(5), "16e515d9"),
        (np.random.default_rng(0).normal(size=(700, 900)).T[::2], "a8347ed4"),
    ],
)
def test_digests_stay_what_they_were(value: object, expected: str) -> None:
    """A bundle that was sealed by an older version of this code has the digest that it had."""
    assert digest(value).startswith(f"sha256:{expected}")


def test_value_that_holds_itself() -> None:
    """A value without an end is an error, not an endless loop."""
    endless: list[object] = []
    endless.append(endless)

    with pytest.raises(RecursionError):
        digest(endless)


def test_preprocessing_fingerprint_binds_every_part() -> None:
    """Columns, tokenizer, schema and the cut of the text each change the fingerprint."""
    base: JsonObject = {
        "columns": StandardScaler().fit(ROWS),
        "tokenizer": TOKENIZER,
        "schema": {"labels": ["a", "b"]},
        "text": {"max_length": 64},
    }
    others = [
        {**base, "columns": None},
        {**base, "tokenizer": {**TOKENIZER, "truncation": {}}},
        {**base, "schema": {"labels": ["b", "a"]}},
        {**base, "text": {"max_length": 65}},
    ]

    fingerprints = {preprocessing_fingerprint(**one) for one in [base, dict(base), *others]}

    assert len(fingerprints) == 5


def twice_in_lists() -> object:
    """Return thirty nested lists of two references each: a billion values."""
    value: list[object] = []
    for _ in range(30):
        value = [value, value]
    return value


def twice_in_sets() -> object:
    """Return forty nested sets of two references each."""
    value: frozenset[object] = frozenset()
    for _ in range(40):
        value = frozenset([value, frozenset([value])])
    return value


def far_down() -> object:
    """Return millions of numbers three hundred lists deep, where each step could cost as many."""
    value: list[object] = [list(range(100))] * 30_000
    for _ in range(300):
        value = [value]
    return value


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("make", "max_values"),
    [(twice_in_lists, 100_000), (twice_in_sets, 100_000), (far_down, None)],
)
def test_a_value_that_refers_to_itself_many_times_over_is_refused_in_time(
    make: Callable[[], object], max_values: int | None, hold_values: Callable[[int], None]
) -> None:
    """No digest waits for billions of values that a small file can refer to.

    Two have a smaller budget, whose end they reach as surely; the third has that of the product.
    """
    if max_values is not None:
        hold_values(max_values)

    with pytest.raises(TypeError, match="so many values"):
        digest(make())


def test_digesting_goes_in_steps() -> None:
    """What others wait for can be done between the steps, and the digest is the same."""
    value = {f"word {number}": number for number in range(20_000)}
    digests = []

    def collected() -> Iterator[None]:
        digests.append((yield from digesting(value)))

    count = sum(1 for _ in collected())

    assert digests == [digest(value)]
    assert count > 50


def test_parsed_json_has_the_same_digest() -> None:
    """What was parsed from JSON is digested as any other value is."""
    value = {"vocab": [["a", -1.5], ["b", 2]], "unk_id": None, "deep": {"x": [[], {}, "y"]}}

    assert digest_of_json(value) == digest(value)


def test_tokenizer_may_hold_as_many_values_as_its_file() -> None:
    """A vocabulary of millions has a fingerprint, where a pickle of as many values is refused."""
    vocabulary = {"vocab": [0] * 2_100_000}

    assert preprocessing_fingerprint(None, vocabulary, {}, {}).startswith("sha256:")
