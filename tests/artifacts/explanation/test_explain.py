"""Explanations of a bundle whose answers follow a known rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from artifacts.bundle.opening import Bundle, open_bundle
from artifacts.explanation.explain import explain
from artifacts.tables import ColumnRoles, Table, as_table
from tests.ruled import ruled_documents

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

ROLES = ColumnRoles(("text",), "", ("pages", "weight"), ("court",), private=("weight",))


@pytest.fixture(scope="module")
def bundle(ruled: Path) -> Bundle:
    """Open the bundle."""
    return open_bundle(ruled)


def _table(frame: pd.DataFrame) -> Table:
    return as_table(frame, ROLES, "documents")


def test_the_word_and_the_column_that_decide_come_first(bundle: Bundle) -> None:
    """With intervals that leave out 0, and in as many documents as have the word."""
    frame = ruled_documents(60, 2)

    explanation = explain(bundle, [_table(frame)])

    (period,) = explanation["periods"]
    first, second, *_ = period["classes"]["alarm"]["words"]
    alarms = period["classes"]["alarm"]["documents"]
    assert first["word"] == "urgent"
    assert alarms - 10 <= first["documents"] <= alarms
    assert first["attribution"]["low"] > 3 * abs(second["attribution"]["value"])
    columns = {each["column"]: each["importance"] for each in period["columns"]}
    assert columns["pages"]["low"] > 0
    assert columns["weight"] == columns["court"] == {"value": 0, "low": 0, "high": 0}
    assert sum(each["documents"] for each in period["classes"].values()) == 60
    assert sum(period["methods"].values()) == 60
    assert explanation["comparison"] is None


def test_private_columns_are_marked(bundle: Bundle) -> None:
    """They are named, and no value of theirs is anywhere."""
    (period,) = explain(bundle, [_table(ruled_documents(20, 2))])["periods"]

    assert {each["column"] for each in period["columns"] if each["private"]} == {"weight"}


def test_words_of_few_documents_are_not_shown(bundle: Bundle) -> None:
    """A name that stands in four documents stays there, in one period and in two."""
    frame = ruled_documents(40, 2)
    frame.loc[:3, "text"] += " papageno"

    explanation = explain(bundle, [_table(frame), _table(ruled_documents(40, 3))])

    assert "papageno" not in str(explanation)
    assert "'urgent'" in str(explanation)


def test_a_word_that_came_is_reported(bundle: Bundle) -> None:
    """And the one that went, when the tables are exchanged."""
    tables = [_table(ruled_documents(40, 3)), _table(ruled_documents(40, 4, also="invoice"))]

    forth, back = (explain(bundle, order)["comparison"] for order in (tables, tables[::-1]))

    (came,) = (each for each in forth["came"] if each["differs"])
    (went,) = (each for each in back["went"] if each["differs"])
    assert came["word"] == went["word"] == "invoice"
    assert came["documents"] == [0, 40]
    assert came["z"] == -went["z"]
    assert forth["differing_words"] == 1


def test_halves_of_one_table_do_not_differ(bundle: Bundle) -> None:
    """No word, no column, nothing that came or went."""
    frame = ruled_documents(100, 5)

    comparison = explain(bundle, [_table(frame[:50]), _table(frame[50:])])["comparison"]

    tested = [*comparison["words"], *comparison["columns"]]
    assert len(comparison["columns"]) == 3
    assert {each["class"] for each in comparison["words"]} == {"alarm", "calm"}
    assert not any(each["differs"] for each in tested)
    assert comparison["differing_words"] == 0


def test_a_word_whose_effect_changes_is_reported(bundle: Bundle) -> None:
    """In texts that are three times as long, the word that decides is diluted."""
    frame = ruled_documents(60, 6, urgent=1.0)
    longer = ruled_documents(60, 7, urgent=1.0)
    longer["text"] += " papers" * 8

    comparison = explain(bundle, [_table(frame), _table(longer)])["comparison"]

    found = {(each["class"], each["word"]): each for each in comparison["words"]}
    urgent = found["alarm", "urgent"]
    assert urgent["differs"]
    assert urgent["difference"] == pytest.approx(urgent["means"][1] - urgent["means"][0], abs=2e-6)
    assert urgent["difference"] < 0


def test_an_explanation_is_the_same_again(bundle: Bundle) -> None:
    """Seeds are fixed."""
    table = _table(ruled_documents(12, 8))

    assert explain(bundle, [table, table]) == explain(bundle, [table, table])


def test_documents_without_words_are_counted(bundle: Bundle) -> None:
    """They have no method, and columns may drive their answers all the same."""
    frame = ruled_documents(20, 9)
    frame.loc[:4, "text"] = ""

    (period,) = explain(bundle, [_table(frame)])["periods"]

    assert period["methods"]["no_words"] == 5


def test_a_classifier_of_text_alone_has_no_columns(bundle_of: Callable[[str], Path]) -> None:
    """Its words are explained."""
    frame = ruled_documents(6, 10)

    explained = explain(open_bundle(bundle_of("sealed bert")), [_table(frame)])

    (period,) = explained["periods"]
    assert period["columns"] == []
    assert any(found["words"] for found in period["classes"].values())


def test_truncated_documents_are_counted(champion: Path, small_table: Table) -> None:
    """What was left out of them has no effect."""
    (period,) = explain(open_bundle(champion), [small_table.take(range(6))])["periods"]

    assert 0 < period["truncated"] <= 6
