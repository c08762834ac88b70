"""The names under which columns, facts of the text and answers are watched never coincide."""

from __future__ import annotations

import pytest

from guards.drift.features import (
    ANSWER,
    ANSWER_FEATURES,
    CHAMPION,
    answer_names,
    column_feature,
    column_of,
    input_names,
    live_name,
    watched_features,
)
from guards.schema import CategoricalColumn, NumericColumn, Schema

OWN = (
    *("text.tokens", "text.unknown_share", "text.truncated", "text.token"),
    *("columns.coerced", "columns.out_of_range"),
)
CHALLENGERS = ("docs/1", "docs/1#2", "a/b/c", "x y/\n1", "/", "champion/1")
TAKEN = (
    *OWN,
    *(f"{who}.{it}" for who in (ANSWER, CHAMPION, *CHALLENGERS) for it in ANSWER_FEATURES),
)
ALARMS = (
    "champion.class",
    "champion.right",
    "champion.right.invoice",
    *(f"{who}.disagreement" for who in CHALLENGERS),
)
FREE = (
    *("pages", "", "label", "confidence", "answer", "answer.", "answer.foo", "champion.sum"),
    *("text.length", "text.", "price.label", "docs/1", "docs/1.price", "a.b.c", "two words"),
    *("'quoted'", '"', "\u540d\u524d", "0", "column", "x" * 5000, "Answer.label", "answer.label "),
)


def schema_of(*names: str) -> Schema:
    """Return a schema with these columns, numeric and categorical by turns."""
    return Schema(
        text=("text",),
        numeric=tuple(NumericColumn(name, 0.0, 1.0) for name in names[::2]),
        categorical=tuple(CategoricalColumn(name, ("a",)) for name in names[1::2]),
        labels=("x", "y"),
    )


@pytest.mark.parametrize("name", FREE)
def test_an_ordinary_column_keeps_its_name(name: str) -> None:
    """References of bundles that were sealed before go on naming their columns as they did."""
    assert column_feature(name) == name


def test_no_two_features_share_a_name() -> None:
    """Columns with the names of other features, and with the names that those get, stay apart."""
    once = tuple(map(column_feature, TAKEN))
    twice = tuple(map(column_feature, once))
    names = [*TAKEN, *FREE, *ALARMS, *once, *twice]
    watched = [*map(column_feature, names), *OWN, *ALARMS]
    for who in (ANSWER, CHAMPION, *CHALLENGERS, *(f"{who} (column)" for who in CHALLENGERS)):
        watched += answer_names(who)
    assert len(set(watched)) == len(watched)


def test_the_column_of_a_feature_is_the_one_that_it_watches() -> None:
    """Facts of texts, rows and answers are no columns, and alarms are of none either."""
    once = tuple(map(column_feature, TAKEN))
    for name in (*TAKEN, *FREE, *ALARMS, *once):
        assert column_of(column_feature(name)) == name
    assert {column_of(name) for name in (*TAKEN, *ALARMS)} == {None}


def test_a_reference_has_as_many_features_as_there_are_things_to_watch() -> None:
    """None of these columns replaces another's feature in the reference."""
    names = ("answer.label", "answer.confidence", *OWN, "champion.margin", "docs/1.entropy")
    schema = schema_of(*names, *(f"{name} (column)" for name in names[:5]))
    columns = len(names) + 5
    assert len(input_names(schema)) == len(set(input_names(schema))) == 6 + columns
    assert len(watched_features(schema, 2)) == 6 + columns + 5
    assert len(watched_features(schema, 1)) == 3 + columns + 4


@pytest.mark.parametrize("name", ["answer.label", "answer.foo", "text.tokens", "answer.label.x"])
def test_a_column_is_no_answer_in_a_window(name: str) -> None:
    """Only the features of answers are renamed after who answered."""
    assert live_name(column_feature(name), CHAMPION) == column_feature(name)
    assert live_name("answer.entropy", "docs/2") == "docs/2.entropy"
