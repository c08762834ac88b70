"""Tables of any kind become the same documents, and a bad one gives one clear sentence."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from artifacts.tables import (
    ColumnRoles,
    as_table,
    canonical_rows,
    known_rows,
    numeric_columns,
    read_table,
)
from guards.errors import TableError
from guards.schema import CanonicalRow, NumericColumn

if TYPE_CHECKING:
    from pathlib import Path

    from guards.json_types import JsonObject

ROLES = ColumnRoles(
    text=("title", "body"), label="kind", numeric=("pages",), categorical=("court",)
)
ROWS: list[JsonObject] = [
    {"title": "Order", "body": "to show cause", "kind": "filing", "pages": 3, "court": "NDCA"},
    {"title": None, "body": 'caf\u00e9, "quoted"\nsecond line', "kind": "letter", "pages": None,
     "court": "7"},
    {"title": " Bill ", "body": "", "kind": "invoice", "pages": 0.1, "court": None},
]  # fmt: skip
TEXTS = ["Order to show cause", 'caf\u00e9, "quoted"\nsecond line', " Bill "]


def written(path: Path, rows: list[JsonObject]) -> Path:
    """Write rows as the kind of table that the path's ending names."""
    frame = pd.DataFrame(rows)
    if path.suffix.lower() == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def refusal(path: Path, roles: ColumnRoles = ROLES) -> str:
    """Return the one line that a table is refused with."""
    with pytest.raises(TableError) as error:
        read_table(path, roles)
    message = str(error.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.jsonl", "T.CSV", "a table.jsonl"])
def test_any_table_gives_the_same_documents(tmp_path: Path, name: str) -> None:
    """Text columns are joined in order, without the empty ones; features are as in a request."""
    table = read_table(written(tmp_path / name, ROWS), ROLES)

    assert [document["text"] for document in table.documents] == TEXTS
    assert table.labels == ["filing", "letter", "invoice"]
    assert table.rows == [1, 2, 3]
    assert [set(document["features"]) for document in table.documents] == [{"pages", "court"}] * 3


def test_text_columns_in_the_order_given(tmp_path: Path) -> None:
    """The order of ``--text`` counts, not the order of the columns."""
    roles = ColumnRoles(text=("body", "title"), label="kind")

    table = read_table(written(tmp_path / "t.csv", ROWS), roles)

    assert table.documents[0]["text"] == "to show cause Order"


def test_nullable_columns_of_parquet(tmp_path: Path) -> None:
    """Missing values of nullable types are missing values."""
    frame = pd.DataFrame(
        {
            "body": pd.array(["one", None], dtype="string"),
            "kind": pd.array([1, 2], dtype="Int64"),
            "pages": pd.array([None, 4], dtype="Int64"),
            "court": pd.Categorical(["NDCA", None]),
        }
    )
    frame.to_parquet(tmp_path / "t.parquet")
    roles = ColumnRoles(text=("body",), label="kind", numeric=("pages",), categorical=("court",))

    table = read_table(tmp_path / "t.parquet", roles)

    assert [document["text"] for document in table.documents] == ["one", ""]
    assert table.labels == ["1", "2"]
    assert table.documents[0]["features"] == {"pages": None, "court": "NDCA"}
    assert table.documents[1]["features"]["pages"] == 4


def test_integers_of_json_lines_stay_exact(tmp_path: Path) -> None:
    """A number is not rounded because another row lacks it."""
    rows = [{**ROWS[0], "court": 2**60 + 1}, {**ROWS[1], "court": None}]

    table = read_table(written(tmp_path / "t.jsonl", rows), ROLES)

    assert table.documents[0]["features"]["court"] == 2**60 + 1
    assert isinstance(table.documents[0]["features"]["court"], int)


@pytest.mark.parametrize(
    ("values", "order"),
    [
        pytest.param(["10", "9", "8.5"], [3, 2, 1], id="numbers as texts"),
        pytest.param(
            ["2024-03-01", "2023-12-31T23:59:59Z", "2024-02-01 12:00"], [2, 3, 1], id="iso"
        ),
        pytest.param([1, 1, 0], [3, 1, 2], id="ties keep their order"),
        pytest.param(list(pd.to_datetime(["2024-02-01", "2024-01-01", "2024-03-01"])), [2, 1, 3],
                     id="datetimes"),
    ],
)  # fmt: skip
def test_time_orders_rows(values: list[object], order: list[int]) -> None:
    """Rows are in the order of time, whatever it is written as; the rows' numbers stay theirs."""
    roles = ColumnRoles(text=("body",), label="kind", time="when")
    frame = pd.DataFrame({"body": ["1", "2", "3"], "kind": ["a", "b", "a"], "when": values})

    table = as_table(frame, roles, "memory")

    assert table.rows == order
    assert [int(document["text"]) for document in table.documents] == order


@pytest.mark.parametrize(
    ("values", "row"),
    [
        (["2024-01-01", "03/04/2024", "2024-01-02"], 2),
        ([3, 2, None], 3),
        (["", "2024-01-01", "2024-01-02"], 1),
    ],
)
def test_time_that_cannot_be_ordered(values: list[object], row: int) -> None:
    """A time that is missing, or could be read in two ways, is refused by its row."""
    roles = ColumnRoles(text=("body",), label="kind", time="when")
    frame = pd.DataFrame({"body": ["1", "2", "3"], "kind": ["a", "b", "a"], "when": values})

    with pytest.raises(TableError, match=f"^memory: row {row} of 'when' is no number and no ISO"):
        as_table(frame, roles, "memory")


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.jsonl"])
@pytest.mark.parametrize("column", ["body", "kind", "pages", "court"])
def test_missing_column_is_named(tmp_path: Path, name: str, column: str) -> None:
    """A table without a named column says which, and what it has instead."""
    rows = [{key: value for key, value in row.items() if key != column} for row in ROWS]

    message = refusal(written(tmp_path / name, rows))

    assert message.startswith(f"no column {column!r}; it has 'title', ")


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_table_without_rows(tmp_path: Path, name: str) -> None:
    """A header alone is no table to learn from."""
    path = tmp_path / name
    frame = pd.DataFrame(ROWS).iloc[:0]
    frame.to_csv(path, index=False) if path.suffix == ".csv" else frame.to_parquet(path)

    assert refusal(path) == "has no rows"


@pytest.mark.parametrize("labels", [["a", "b"], ["a"], [], {"a": 1}])
def test_several_labels_in_a_row_of_json_lines(tmp_path: Path, labels: object) -> None:
    """A multi-label table is refused by row, with what to do about it."""
    path = written(tmp_path / "t.jsonl", [ROWS[0], {**ROWS[1], "kind": labels}])

    message = refusal(path)

    assert message.startswith("row 2 of 'kind' holds several labels")
    assert "one bundle a label" in message


def test_several_labels_in_a_row_of_parquet(tmp_path: Path) -> None:
    """A Parquet column of lists is a multi-label table too."""
    path = written(tmp_path / "t.parquet", [{**row, "kind": ["a", "b"]} for row in ROWS])

    assert refusal(path).startswith("row 1 of 'kind' holds several labels")


@pytest.mark.parametrize("missing", [None, "", "  ", float("nan")])
@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.jsonl"])
def test_a_row_without_label(tmp_path: Path, name: str, missing: object) -> None:
    """A row that nobody labelled is named, not learnt as a class of its own."""
    rows = [ROWS[0], {**ROWS[1], "kind": missing}]

    assert refusal(written(tmp_path / name, rows)).startswith("row 2 of 'kind' has no label")


@pytest.mark.parametrize("name", ["t.parquet", "t.jsonl"])
def test_text_that_is_a_list(tmp_path: Path, name: str) -> None:
    """A list of paragraphs is refused: its spelling in brackets is nobody's text."""
    rows = [{**row, "body": ["one", "two"]} for row in ROWS]

    assert refusal(written(tmp_path / name, rows)).startswith("row 1 of 'body' holds several texts")


def test_taken_rows_keep_their_numbers() -> None:
    """A part of a table still knows where its rows stood."""
    table = as_table(pd.DataFrame(ROWS), ROLES, "memory")

    part = table.take([2, 0])

    assert (part.name, part.rows, part.labels) == ("memory", [3, 1], ["invoice", "filing"])
    assert len(part) == 2


def test_range_spans_the_present_values() -> None:
    """The range leaves missing values out, and is None where all are missing."""
    roles = ColumnRoles(("text",), "label", numeric=("pages", "amount"), private=("pages",))
    rows = [CanonicalRow((pages, math.nan), ()) for pages in (3.0, math.nan, -1.0)]

    assert numeric_columns(roles, rows) == (
        NumericColumn("pages", -1.0, 3.0, private=True),
        NumericColumn("amount", None, None),
    )


def memory(**columns: list[object]) -> pd.DataFrame:
    """Return a frame with a text and a label column beside others."""
    rows = len(next(iter(columns.values())))
    frame = {"text": [f"text {row}" for row in range(rows)], "kind": ["a", "b"] * rows}
    return pd.DataFrame({**{k: v[:rows] for k, v in frame.items()}, **columns}, dtype=object)


@pytest.mark.parametrize("role", ["text", "numeric", "categorical"])
@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        (pd.Timestamp("2024-02-29"), "a date and time"),
        (dt.date(2024, 2, 29), "a date"),
        (dt.timedelta(1), "a duration"),
        (b"x", "binary data"),
        (1j, "a value of the type complex"),
    ],
)
def test_a_cell_that_is_nothing_plain(role: str, cell: object, kind: str) -> None:
    """It is called what it is, by row and column, in every role that a column can have."""
    it = {role: ("it",)}
    roles = ColumnRoles(
        it.get("text", ("text",)), "kind", it.get("numeric", ()), it.get("categorical", ())
    )

    with pytest.raises(TableError, match=f"^memory: row 2 of 'it' is {kind}"):
        as_table(memory(it=[None, cell]), roles, "memory")


def test_declared_markers_are_missing_values() -> None:
    """In numbers and categories, as texts and as numbers, and the schema remembers them."""
    roles = ColumnRoles(
        ("text",), "kind", numeric=("pages",), categorical=("city",), missing=("NA", "-999")
    )
    frame = memory(pages=["NA", -999.0, 3], city=["Berlin", " NA", "-999"])

    table = as_table(frame, roles, "memory")
    rows = canonical_rows(table, roles.open_schema())

    assert [row.missing for row in rows] == [("pages",), ("pages", "city"), ("city",)]
    assert table.notes == ()


def test_what_looks_missing_is_noted() -> None:
    """Without a declaration, Namibia stays a category and a text, and somebody should look."""
    roles = ColumnRoles(("text",), "kind", categorical=("city",))
    frame = memory(text=["null", "a", "b"], city=["NA", "NA", "DE"])

    table = as_table(frame, roles, "memory")

    assert [document["features"]["city"] for document in table.documents] == ["NA", "NA", "DE"]
    assert [note.partition(", ")[0] for note in table.notes] == [
        "text: 1 row holds 'null'",
        "city: 2 rows hold 'NA'",
    ]


def test_columns_in_use_have_names_of_their_own() -> None:
    """Of two columns of one name nobody knows which is meant; others do not matter."""
    frame = memory(it=[1, 2])
    frame.columns = pd.Index(["text", "kind", "kind"])

    others = pd.concat([frame, memory(it=[1, 2])], axis=1).iloc[:, [1, 2, 3, 4]]
    others.columns = pd.Index(["same", "same", "text", "kind"])
    assert as_table(others, ColumnRoles(("text",), "kind"), "memory").labels == ["a", "b"]
    with pytest.raises(TableError, match=r"^memory: has two columns 'kind'; leave one of them$"):
        as_table(frame, ColumnRoles(("text",), "kind"), "memory")


def test_rows_with_unknown_labels() -> None:
    """They are refused with their number, or left out with a note, but never all of them."""
    roles = ColumnRoles(("text",), "kind")
    table = as_table(memory(kind=["a", "x", "b", "x"]), roles, "memory")

    assert known_rows(table, ("a", "b", "x"), "the bundle's", skip=False) is table
    with pytest.raises(TableError, match=r"^memory: 2 rows with unknown labels: 'x' \(2 rows\), "):
        known_rows(table, ("a", "b"), "the bundle's", skip=False)
    kept = known_rows(table, ("a", "b"), "the bundle's", skip=True)
    assert (kept.rows, kept.labels) == ([1, 3], ["a", "b"])
    assert kept.notes[-1].endswith("none of the bundle's, are left out of 4")
    with pytest.raises(TableError, match="4 rows with unknown labels"):
        known_rows(table, ("c",), "the bundle's", skip=True)
