"""Probes hold the cases that nice documents miss."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest

from artifacts.sealing.probes import probe_documents
from guards.schema import CategoricalColumn, NumericColumn, Schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from guards.json_types import JsonObject

COURTS = tuple(f"court {number:02}" for number in range(12))
SCHEMA = Schema(
    text=("text",),
    numeric=(NumericColumn("pages", -2.0, 40.0), NumericColumn("amount", None, None)),
    categorical=(CategoricalColumn("court", COURTS), CategoricalColumn("sealed", ("true",))),
    labels=("a", "b"),
)
HELD_OUT: list[JsonObject] = [
    {"text": f"Document number {number}", "features": {"pages": number, "court": "court 01"}}
    for number in range(30)
]
PROBES = probe_documents(HELD_OUT, SCHEMA)
ROWS = [SCHEMA.canonical(probe["features"])[0] for probe in PROBES]
TEXTS = [probe["text"] for probe in PROBES]


def test_probes_fit_the_schema() -> None:
    """Every probe is a document that a request could hold."""
    assert [SCHEMA.canonical(probe["features"])[1] for probe in PROBES] == [[]] * len(PROBES)


def test_held_out_documents_are_spread_over_the_table() -> None:
    """The plain probes are not the first rows only."""
    plain = [probe for probe in PROBES if probe in HELD_OUT[1:]]

    assert len(plain) >= 7
    assert HELD_OUT.index(plain[-1]) > 15


def test_columns_at_their_edges() -> None:
    """Everything missing, everything unknown, the range's ends, and far beyond them."""
    assert any(set(row.missing) == set(SCHEMA.columns) for row in ROWS)
    assert any(set(row.unknown) == {"court", "sealed"} for row in ROWS)
    pages = {row.numeric[0] for row in ROWS}
    assert {-2.0, 40.0, 40_000.0} <= pages


def test_every_category_is_probed() -> None:
    """A category whose place moved is found by the probe that has it."""
    assert set(COURTS) <= {row.categories[0] for row in ROWS}
    assert "true" in {row.categories[1] for row in ROWS}


@pytest.mark.parametrize(
    "found",
    [
        lambda text: text == "",
        lambda text: text != "" and text.isspace(),
        lambda text: text.isupper(),
        lambda text: len(text.split()) >= 2000,
        lambda text: text != unicodedata.normalize("NFC", text),
        lambda text: "caf\u00e9" in text,
        lambda text: "\u0645" in text and "\u4f60" in text,
    ],
    ids=["empty", "blank", "upper case", "long", "decomposed", "composed", "scripts"],
)
def test_texts_at_their_edges(found: Callable[[str], bool]) -> None:
    """Texts of every troublesome kind are among the probes."""
    assert any(found(text) for text in TEXTS)


def test_composed_and_decomposed_probe_the_same_words() -> None:
    """Two spellings of one text show whether the normaliser still joins them."""
    composed = {unicodedata.normalize("NFKD", text).casefold() for text in TEXTS}

    assert any(text.startswith("cafe\u0301 nai\u0308ve") for text in composed)


def test_many_categories_make_a_bounded_number_of_probes() -> None:
    """A column of thousands of categories does not make every start slow."""
    many = CategoricalColumn("court", tuple(str(number) for number in range(5000)))
    schema = Schema(("text",), (), (many,), ("a", "b"))

    assert len(probe_documents(HELD_OUT, schema)) < 100


def test_text_alone() -> None:
    """A bundle without feature columns is probed by texts."""
    probes = probe_documents([{"text": "", "features": {}}], Schema(("text",), (), (), ("a", "b")))

    assert len(probes) > 5
    assert all(probe["features"] == {} for probe in probes)
    assert any(len(probe["text"].split()) >= 2000 for probe in probes)
