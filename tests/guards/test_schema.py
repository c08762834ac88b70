"""One canonical form for the values of a table and the values of a request."""

from __future__ import annotations

import json
import math
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guards.schema import (
    MISSING,
    CategoricalColumn,
    NumericColumn,
    Problem,
    Schema,
    canonical_category,
    canonical_number,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.json_types import JsonObject

SCHEMA = Schema(
    text=("title", "body"),
    numeric=(NumericColumn("pages", 1.0, 40.0), NumericColumn("amount", None, None)),
    categorical=(
        CategoricalColumn("court", ("NDCA", "SDNY")),
        CategoricalColumn("sealed", ("false", "true"), private=True),
    ),
    labels=("contract", "invoice"),
)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (12, 12.0),
        (12.5, 12.5),
        ("12", 12.0),
        (" 12.50 ", 12.5),
        ("-.5", -0.5),
        ("+3.", 3.0),
        ("1e3", 1000.0),
        ("1E-3", 0.001),
        (2**60 + 1, float(2**60 + 1)),
    ],
)
def test_number_of_any_source(value: object, number: float) -> None:
    """A number is the same number as a text, an integer or a fraction."""
    assert canonical_number(value) == number


@pytest.mark.parametrize("value", [None, "", "  ", "nan", "NaN", " NAN ", math.nan])
def test_missing_number(value: object) -> None:
    """Absent, null, empty and NaN are one missing value."""
    number = canonical_number(value)

    assert number is not None
    assert math.isnan(number)


@pytest.mark.parametrize(
    "value",
    [
        *("1,5", "1_000", "1 000", "0x10", "1e400", "-1e400", "inf", "Infinity", "twelve"),
        *("\uff11\uff12", "\u0661\u0662", "1\u00a0000", "1.2.3", "e5", ".", "+", "--1"),
        *(math.inf, -math.inf, 10**400, True, False, [], {}, [1], b"1", 1j),
    ],
)
def test_no_number(value: object) -> None:
    """What a reader could take for another number, or for none, is no number."""
    assert canonical_number(value) is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_number_survives_every_spelling(value: float) -> None:
    """A float is bit-equal after a detour through CSV or JSON."""
    for spelled in (value, repr(value), f" {value!r}\t", json.loads(json.dumps(value))):
        assert canonical_number(spelled) == value


@pytest.mark.parametrize(
    ("values", "category"),
    [
        (("1", 1, 1.0, " 1", "1 "), "1"),
        ((True, "true"), "true"),
        ((False, "false"), "false"),
        (("caf\u00e9", "cafe\u0301", " cafe\u0301\n"), "caf\u00e9"),
        ((0, -0.0, "0"), "0"),
        ((1.5, "1.5"), "1.5"),
        (("NDCA",), "NDCA"),
        (("ndca",), "ndca"),
    ],
)
def test_category_of_any_source(values: tuple[object, ...], category: str) -> None:
    """Different spellings of one category are one category; case is kept."""
    assert {canonical_category(value) for value in values} == {category}


@pytest.mark.parametrize("value", [None, "", " ", "nan", "NaN", math.nan])
def test_missing_category(value: object) -> None:
    """A missing category has one form, which no known category can have."""
    assert canonical_category(value) == MISSING


@pytest.mark.parametrize("value", [[], {}, ["NDCA"], {"a": 1}, math.inf, 2.0**53, 1e300, b"x"])
def test_no_category(value: object) -> None:
    """Nested values, and floats that stand for several whole numbers, are no category."""
    assert canonical_category(value) is None


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none()))
def test_canonical_category_is_canonical(value: object) -> None:
    """Bringing a canonical category into canonical form changes nothing."""
    category = canonical_category(value)

    if category is not None:
        assert canonical_category(category) == category
        assert category == category.strip()
        assert unicodedata.is_normalized("NFC", category)


def test_columns_in_order_with_everything_noticed() -> None:
    """A row follows the schema, not the document, and says what was unusual about it."""
    features = {"sealed": True, "extra": 1, "court": "DDEL", "pages": "41", "another": None}

    row, problems = SCHEMA.canonical(features)

    assert problems == []
    assert row.numeric[0] == 41.0
    assert math.isnan(row.numeric[1])
    assert row.categories == ("DDEL", "true")
    assert row.unknown == ("court",)
    assert row.missing == ("amount",)
    assert row.coerced == ("pages", "sealed")
    assert row.out_of_range == ("pages",)
    assert row.extra == ("another", "extra")


def test_of_many_extra_features_a_few_are_named_in_any_order() -> None:
    """Twenty names, cut to 64 characters; the rest is a number."""
    names = [f"{number:04}" + "x" * 1000 for number in range(1000)]
    expected = tuple(name[:64] for name in names[:20])
    for turned in (names, names[::-1]):
        row, _ = SCHEMA.canonical({"pages": 1, **dict.fromkeys(turned)})
        assert (row.extra, row.more_extra) == (expected, 980)


@pytest.mark.parametrize("count", [0, 1, 19, 20, 21])
def test_every_extra_feature_is_named_or_counted(count: int) -> None:
    """Also around the number up to which they are named."""
    row, _ = SCHEMA.canonical({f"{number}": 1 for number in range(count)})
    assert (len(row.extra), row.more_extra) == (min(count, 20), max(0, count - 20))


def test_missing_and_unknown_are_counted_apart() -> None:
    """A missing category is not an unknown one, and an absent key is a missing value."""
    row, problems = SCHEMA.canonical({"court": None})

    assert problems == []
    assert row.categories == (MISSING, MISSING)
    assert row.unknown == ()
    assert row.missing == ("pages", "amount", "court", "sealed")
    assert row.out_of_range == ()


@pytest.mark.parametrize(
    ("features", "coerced"),
    [
        ({"pages": 12, "amount": 1.5, "court": "NDCA", "sealed": "true"}, ()),
        ({"pages": -0.0, "court": "caf\u00e9"}, ()),
        ({"pages": "12", "amount": " 1e3"}, ("pages", "amount")),
        ({"court": 1, "sealed": True}, ("court", "sealed")),
        ({"court": 1.0}, ("court",)),
        ({"court": " NDCA"}, ("court",)),
        ({"court": "cafe\u0301"}, ("court",)),
        ({"court": "x" * 501}, ("court",)),
        ({"pages": None, "amount": " ", "court": "NaN", "sealed": math.nan}, ()),
        ({"extra": "12"}, ()),
    ],
)
def test_what_came_in_another_form_is_coerced(
    features: Mapping[str, object], coerced: tuple[str, ...]
) -> None:
    """A value that is not in its canonical form yet is noticed; a missing one has no form."""
    row, problems = SCHEMA.canonical(features)

    assert problems == []
    assert row.coerced == coerced


@given(st.one_of(st.text(), st.integers(-(2**53) + 1, 2**53 - 1), st.floats(), st.booleans()))
def test_canonical_row_has_nothing_to_coerce(value: object) -> None:
    """A row that is sent back in canonical form is the same row, and nothing in it is coerced."""
    row, problems = SCHEMA.canonical({"court": value})

    if not problems:
        again, _ = SCHEMA.canonical({"court": row.categories[0]})
        assert again.categories == row.categories
        assert again.coerced == ()


def test_endless_category_is_known_by_its_beginning() -> None:
    """A text that would take minutes to compose takes none, and its form is canonical."""
    marks = "\u0300\u0316" * 200_000

    category = canonical_category(f"  caff{marks}")

    assert category is not None
    assert len(category) == 500
    assert category.startswith("caff")
    assert canonical_category(category) == category
    assert canonical_category(" " * 10_000 + "NDCA") == "NDCA"


def test_category_that_grows_when_composed_is_canonical() -> None:
    """Some characters become three; the beginning of that is composed and stays as it is."""
    category = canonical_category("\ufb2c" * 500)

    assert canonical_category(category) == category
    assert canonical_category("\ufb2c" * 501) == category


def test_every_problem_with_its_path_and_without_the_value() -> None:
    """All problems are listed, each by path, and none quotes what the user sent."""
    features: JsonObject = {"pages": "SECRET", "amount": True, "court": ["SECRET"]}

    _, problems = SCHEMA.canonical(features, path="documents[3].features")

    assert problems == [
        Problem("documents[3].features.pages", "is not a finite number"),
        Problem("documents[3].features.amount", "is not a finite number"),
        Problem("documents[3].features.court", "is not a text, a number or a truth value"),
    ]


@pytest.mark.parametrize("features", [{}, {"pages": None, "court": " "}, {"pages": "nan"}])
def test_required_columns(features: Mapping[str, object]) -> None:
    """A required column that is missing in any way is a problem."""
    schema = Schema(
        text=("text",),
        numeric=(NumericColumn("pages", 1.0, 2.0, required=True),),
        categorical=(CategoricalColumn("court", ("NDCA",), required=True),),
        labels=("a", "b"),
    )

    _, problems = schema.canonical(features, path="")

    assert problems == [Problem(".pages", "is required"), Problem(".court", "is required")]


@pytest.mark.parametrize(
    ("value", "outside"),
    [(1.0, False), (40.0, False), (0.99, True), (1e9, True), (math.nan, False)],
)
def test_range_includes_its_ends(value: float, *, outside: bool) -> None:
    """What training saw is in range, the extremes included; a missing value is not out of it."""
    assert NumericColumn("pages", 1.0, 40.0).out_of_range(value) is outside


def test_column_that_was_always_missing_has_no_range() -> None:
    """Without a value in training, no value is out of range."""
    assert not NumericColumn("amount", None, None).out_of_range(1e9)


def test_document_is_not_changed() -> None:
    """Bringing a document into canonical form leaves the document alone."""
    features = {"pages": " 1 ", "court": "cafe\u0301", "extra": [1]}
    before = json.dumps(features)

    SCHEMA.canonical(features)

    assert json.dumps(features) == before


def test_schema_survives_json() -> None:
    """A schema is the same after a detour through the manifest."""
    assert Schema.from_json(json.loads(json.dumps(SCHEMA.to_json()))) == SCHEMA


def test_names_of_columns() -> None:
    """Columns are named numeric ones first, private ones apart."""
    assert SCHEMA.columns == ("pages", "amount", "court", "sealed")
    assert SCHEMA.private == ("sealed",)


@pytest.mark.parametrize(
    "change",
    [
        {"labels": "ab"},
        {"labels": [1, 2]},
        {"text": None},
        {"numeric": [{"name": "pages"}]},
        {"numeric": [{"name": "pages", "minimum": 0, "maximum": 1, "typo": 2}]},
        {"categorical": [{"name": "court", "categories": "NDCA"}]},
        {"categorical": ["court"]},
        {"form": 3},
        {"form": "2"},
        {"form": True},
        {"missing": "NA"},
        {"missing": [None]},
    ],
)
def test_malformed_schema_raises(change: Mapping[str, object]) -> None:
    """A manifest's schema that is none is told by one of two errors."""
    with pytest.raises((KeyError, TypeError)):
        Schema.from_json({**SCHEMA.to_json(), **change})


def test_numpy_numbers_are_numbers() -> None:
    """A float64 from an array is a number like any other."""
    assert canonical_number(np.float64(1.5)) == 1.5


IDENTIFIER = 7311964552017903617


def test_a_long_identifier_keeps_its_digits() -> None:
    """As an integer and as a text it is one category, however long; a float has lost digits."""
    assert canonical_category(IDENTIFIER) == canonical_category(str(IDENTIFIER)) == str(IDENTIFIER)
    assert canonical_category(-IDENTIFIER) == str(-IDENTIFIER)
    assert canonical_category(f"{IDENTIFIER}.0") == str(IDENTIFIER)
    assert canonical_category(10**600) is None
    assert canonical_category(2.0**53 - 1) == canonical_category(2**53 - 1) == str(2**53 - 1)
    assert canonical_category("9000000000000000.0") == canonical_category(9e15) == str(9 * 10**15)

    _, (problem,) = SCHEMA.canonical({"court": float(IDENTIFIER)})
    assert problem.problem.startswith("is a number so large that it has lost digits")


def test_a_bundle_of_the_first_form_is_served_by_it() -> None:
    """What a manifest does not say is what bundles had before: their answers stay as they were."""
    first = Schema.from_json({**SCHEMA.to_json(), "form": 1})
    without = {key: value for key, value in SCHEMA.to_json().items() if key != "form"}

    assert Schema.from_json(without) == first
    assert "form" not in first.to_json()
    assert Schema.from_json(first.to_json()) == first
    large, _ = first.canonical({"court": 1e17})
    padded, _ = first.canonical({"court": f"{IDENTIFIER}.0"})
    _, (problem,) = first.canonical({"court": IDENTIFIER})
    assert (large.categories[0], padded.categories[0]) == ("1e+17", f"{IDENTIFIER}.0")
    assert problem.problem == "is a whole number beyond 2^53; send it as a text"


@pytest.mark.parametrize("cell", ["NA", " NA ", -999, "-999.0", -999.0])
@pytest.mark.parametrize("column", ["pages", "court"])
def test_declared_markers_are_missing(column: str, cell: object) -> None:
    """A bundle takes for missing what its training did, in numbers and categories alike."""
    schema = replace(SCHEMA, missing=("-999", "NA"))

    row, problems = schema.canonical({"amount": 1, "sealed": True, column: cell})

    assert problems == []
    assert column in row.missing
    assert column not in row.coerced
    assert Schema.from_json(json.loads(json.dumps(schema.to_json()))) == schema


@pytest.mark.parametrize(
    ("marker", "cell"),
    [
        *(("-999.90", cell) for cell in ("-999.90", "-999.9", -999.9, " -9.999e2", "-0999.9")),
        *(("-999", cell) for cell in (-999, -999.0, "-999.000")),
        *(("1e20", cell) for cell in (1e20, 10**20, "1e+20", "100000000000000000000")),
        *((str(2**53), cell) for cell in (2.0**53, 2**53, f"{2**53}.0")),
    ],
)
def test_numbers_are_compared_with_markers_as_numbers(marker: str, cell: object) -> None:
    """Another spelling or type of a number is the same number, for all columns and for one."""
    (pages,) = (column for column in SCHEMA.numeric if column.name == "pages")
    others = tuple(column for column in SCHEMA.numeric if column.name != "pages")
    own = replace(SCHEMA, numeric=(replace(pages, missing=(marker,)), *others))

    for schema in (replace(SCHEMA, missing=(marker,)), own):
        row, problems = schema.canonical({"amount": 1, "sealed": True, "pages": cell})
        assert problems == []
        assert "pages" in row.missing


def test_a_marker_of_one_column_is_a_value_of_others() -> None:
    """Namibia stays where it is a country, and the JSON of other columns is as it was."""
    columns = tuple(
        replace(column, missing=("NA",)) if column.name == "pages" else column
        for column in SCHEMA.numeric
    )
    schema = replace(SCHEMA, numeric=columns)

    row, problems = schema.canonical({"amount": 1, "sealed": True, "pages": "NA", "court": "NA"})

    assert problems == []
    assert "pages" in row.missing
    assert "NA" in row.categories
    data = json.loads(json.dumps(schema.to_json()))
    assert Schema.from_json(data) == schema
    held = {part["name"] for part in (*data["numeric"], *data["categorical"]) if "missing" in part}
    assert held == {"pages"}
    assert "missing" not in data


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("-0.0", "0"),
        ("1.0", "1"), ("-7.000", "-7"), ("0.0", "0"), ("True", "true"), ("FALSE", "false"),
        ("1.50", "1.50"), ("01.0", "01.0"), ("1.", "1."), (".0", ".0"), ("v1.0", "v1.0"),
    ],
)  # fmt: skip
def test_numbers_and_truth_values_of_a_csv(text: str, category: str) -> None:
    """What a CSV writes of a number or a truth value is the category that JSON's own has."""
    assert canonical_category(text) == category
