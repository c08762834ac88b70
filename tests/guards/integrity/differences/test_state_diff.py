"""Differences name what changed, once, and know what must not be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from guards.integrity.differences.state_diff import Privacy, differences
from guards.integrity.state.description import describe
from guards.integrity.state.fingerprint import digest
from guards.schema import CategoricalColumn, NumericColumn, Schema

if TYPE_CHECKING:
    from guards.json_types import JsonObject

TOKENIZER: JsonObject = {"model": {"vocab": {"the": 0, "is": 1, "was": 2}}}
NOW = {"description.version": 2}
FRAME = pd.DataFrame(
    {
        "pages": np.arange(8.0),
        "amount": np.arange(8.0) ** 2,
        "court": pd.Series(["NDCA", "SDNY"] * 4, dtype=object),
    }
)


def fitted(frame: pd.DataFrame) -> ColumnTransformer:
    """Fit a scaler on numbers and two encoders on a category."""
    encoders = Pipeline([("encode", OrdinalEncoder()), ("onehot", OneHotEncoder())])
    columns = ColumnTransformer(
        [("numeric", StandardScaler(), ["pages", "amount"]), ("categorical", encoders, ["court"])]
    )
    return columns.fit(frame)


def schema(*, private: tuple[str, ...]) -> Schema:
    """Declare the columns of the frame, some of them private."""
    return Schema(
        text=("text",),
        numeric=tuple(
            NumericColumn(name, 0.0, 1.0, private=name in private) for name in ("pages", "amount")
        ),
        categorical=(CategoricalColumn("court", ("NDCA", "SDNY"), private="court" in private),),
        labels=("a", "b"),
    )


def test_differences_name_what_changed_and_nothing_else() -> None:
    """A column fitted on other rows is the only one that differs."""
    before, after = fitted(FRAME), fitted(FRAME.assign(pages=FRAME["pages"] * 2 + 5))

    changed = {
        name: (left, right)
        for name, left, right in differences(
            describe(before, TOKENIZER), describe(after, TOKENIZER)
        )
    }

    assert changed["pages.mean_"] == (3.5, 12.0)
    assert set(changed) == {"pages.mean_", "pages.scale_", "pages.var_"}


def test_differences_of_what_one_side_lacks() -> None:
    """A value that one side does not have is None there."""
    one, other = {**NOW, "a": 1, "b": 2}, {**NOW, "b": 2, "c": 3}

    assert list(differences(one, other)) == [("a", 1, None), ("c", None, 3)]


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), (1, 1.0), (0, False), ([1], [1.0]), (1, "1")]
)
def test_values_of_different_types_differ(one: object, other: object) -> None:
    """What Python calls equal may still be another setting."""
    assert list(differences({"a": one}, {"a": other})) == [("a", one, other)]


def test_a_digest_is_told_only_where_nothing_else_is() -> None:
    """Nobody wants to read that a digest changed beside the value that changed it."""
    scaler, tokenizer = "numeric.sha256", "tokenizer.vocabulary.sha256"
    before = {scaler: "sha256:1", "pages.mean_": 1.0, tokenizer: "sha256:3"}
    after = {scaler: "sha256:2", "pages.mean_": 2.0, tokenizer: "sha256:4"}

    told = [name for name, *_ in differences(before, after)]

    assert told == ["pages.mean_", tokenizer]


def test_a_parameter_is_told_once() -> None:
    """What was asked for and what became of it are one difference where they changed alike."""
    before = {"court.categories": ["a", "b"], "court.categories_": ["a", "b"], "x.n_bins": 4}
    after = {"court.categories": ["a"], "court.categories_": ["a"], "x.n_bins": 5, "x.n_bins_": 3}

    told = [name for name, *_ in differences(before, after)]

    assert told == ["court.categories_", "x.n_bins", "x.n_bins_"]


def test_inner_attributes_come_last() -> None:
    """A reader finds what has a public name before what has none."""
    names = ["columns.sparse_output_", "pages.mean_", "court._infrequent", "zone.categories_"]

    told = [name for name, *_ in differences({}, dict.fromkeys(names, 1))]

    assert told == [
        "pages.mean_",
        "zone.categories_",
        "columns.sparse_output_",
        "court._infrequent",
    ]


def older(state: JsonObject) -> JsonObject:
    """Return a description as it was written before it named everything."""
    vocabulary = TOKENIZER["model"]["vocab"]
    return {
        **{name: state[name] for name in ("pages.mean_", "amount.mean_", "court.categories_")},
        "gone.since": 1,
        "tokenizer.vocabulary": {"length": len(vocabulary), "sha256": digest(vocabulary)},
    }


def test_an_older_description_is_compared_by_what_it_names() -> None:
    """A bundle that was sealed before values had their present names differs in no name alone."""
    state = describe(fitted(FRAME), TOKENIZER)

    assert list(differences(older(state), state)) == []
    other = describe(fitted(FRAME.assign(pages=FRAME["pages"] + 5)), TOKENIZER)
    assert list(differences(older(state), other)) == [("pages.mean_", 3.5, 8.5)]


def test_an_older_description_of_a_vocabulary() -> None:
    """Its length and digest are compared with those of the vocabulary that is there now."""
    state = describe(fitted(FRAME), TOKENIZER)
    swapped = {"the": 0, "is": 2, "was": 1}
    now = describe(fitted(FRAME), {"model": {"vocab": swapped}})

    ((name, before, after),) = differences(older(state), now)

    assert name == "tokenizer.vocabulary"
    assert isinstance(before, dict)
    assert (before["length"], after) == (3, {"length": 3, "sha256": digest(swapped)})


def test_a_list_has_the_digest_that_stands_for_it() -> None:
    """A list that is kept whole today differs from its older digest only if it is another."""
    names = [f"court {number}" for number in range(300)]
    before = {"court.categories_": {"length": 300, "sha256": digest(names)}}

    assert list(differences(before, {"court.categories_": names, **NOW})) == []
    assert list(differences(before, {"court.categories_": names[1:], **NOW}))


def test_values_of_a_private_column_are_hidden() -> None:
    """Its values, its flags not; and nothing of another column."""
    state = describe(fitted(FRAME), TOKENIZER)
    privacy = Privacy.of([schema(private=("court", "pages"))], [state])

    hidden = {name for name, value in state.items() if privacy.hides(name, value)}

    assert {"court.categories_", "court.onehot.categories_", "pages.mean_"} <= hidden
    assert privacy.hides("court.frame.natives", {"NDCA": 1}, None)
    assert not privacy.hides("court.required", True, False)  # noqa: FBT003 (a value that differs)
    assert not {"amount.mean_", "numeric.takes", "numeric.with_mean", "numeric.class"} & hidden
    assert not any(name.startswith("tokenizer.") for name in hidden)


def test_a_private_column_may_have_dots_in_its_name() -> None:
    """Without end even: a name that is not looked into may be a private one's."""
    privacy = Privacy(frozenset({"a.b"}), {})

    assert privacy.hides("a.b.mean_", 1.0, 2.0)
    assert privacy.hides(f"{'c.' * 65}mean_", 1.0, 2.0)
    assert not privacy.hides("a.mean_", 1.0, 2.0)
    assert not privacy.hides("a.b", 1.0, 2.0)


def test_lists_of_a_step_that_takes_a_private_column_are_hidden() -> None:
    """What cannot be told apart by column may hold a value of the private one."""
    terms = ColumnTransformer(
        [("terms", TfidfVectorizer(), "court"), ("numeric", StandardScaler(), ["pages"])]
    ).fit(FRAME)
    state = describe(terms, TOKENIZER)

    def hidden(private: str) -> bool:
        privacy = Privacy.of([schema(private=(private,))], [state])
        return privacy.hides("terms.vocabulary_", state["terms.vocabulary_"])

    assert hidden("court")
    assert not hidden("amount")


def test_columns_without_names_may_be_private() -> None:
    """Behind a number may stand the private column: then no value of any number is shown."""
    state = describe(StandardScaler().fit(FRAME[["pages", "amount"]].to_numpy()), TOKENIZER)

    assert Privacy.of([schema(private=("pages",))], [state]).hides("0.mean_", 1.0)
    assert not Privacy.of([schema(private=())], [state]).hides("0.mean_", 1.0)


def test_what_either_declares_private_is_hidden() -> None:
    """A column that only one of two bundles calls private is private to both."""
    schemas = [schema(private=()), schema(private=("court",))]

    assert Privacy.of(schemas, []).hides("court.categories", ["NDCA"], ["SDNY"])
