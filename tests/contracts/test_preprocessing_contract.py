"""A row means the same in a CSV, in Parquet, in JSON Lines and in a request, bit for bit."""

from __future__ import annotations

import csv
import json
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from artifacts.bundle.opening import open_bundle
from artifacts.tables import Table, read_table
from guards.json_types import JsonObject
from service.http.schemas import parse_documents
from tests.bundles import ROLES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from artifacts.bundle.preprocessing import Encoding, Preprocessing

Row = JsonObject

COLUMNS = ("text", "pages", "amount", "court", "sender")
ROWS: list[Row] = [
    dict(zip(COLUMNS, values, strict=True))
    for values in (
        ('The motion, "as filed",\nis denied.', 12, 0.1 + 0.2, "NDCA", "Legal Department"),
        ("", None, None, None, None),
        ("caf\u00e9 cafe\u0301 \U0001f600", 1e6, 1234.5678901234567, "cafe\u0301", " Sable Media "),
        ("  spaces  ", -0.0, 1e-300, "never seen", "nan"),
        ("word " * 300, 3.0, 2**53, "SDNY", "NA"),
    )
]

# A carriage return is not among them: the CSV format itself does not keep it apart from a newline.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), max_size=30)
numbers = st.none() | st.floats(-1e290, 1e290)
categories = st.none() | st.sampled_from(["NDCA", "SDNY", "7", " NDCA"]) | texts
rows = st.lists(
    st.fixed_dictionaries(
        {
            "text": texts, "pages": numbers, "amount": numbers,
            "court": categories, "sender": categories,
        }
    ),
    min_size=1,
    max_size=5,
)  # fmt: skip


@pytest.fixture(
    scope="module", params=["trained", "in windows", "columns of another team", "on roberta"]
)
def preprocessing(
    request: pytest.FixtureRequest, bundle_of: Callable[[str], Path]
) -> Preprocessing:
    """Return the preprocessing of a bundle of each kind that has columns."""
    return open_bundle(bundle_of(request.param)).preprocessing


def through_csv(directory: Path, rows: Sequence[Row]) -> Table:
    """Send rows through a CSV file, where everything is text."""
    path = directory / "t.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["label", *rows[0]], quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows({"label": "letter", **row} for row in rows)
    return read_table(path, ROLES)


def through_parquet(directory: Path, rows: Sequence[Row]) -> Table:
    """Send rows through a Parquet file, where columns are typed."""
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    kinds = dict.fromkeys(ROLES.numeric, pa.float64())
    arrays = {
        name: pa.array(values, kinds.get(name, pa.string())) for name, values in columns.items()
    }
    table = pa.table({"label": ["letter"] * len(rows), **arrays})
    parquet.write_table(table, directory / "t.parquet")
    return read_table(directory / "t.parquet", ROLES)


def through_json_lines(directory: Path, rows: Sequence[Row]) -> Table:
    """Send rows through JSON Lines, where missing is null at first and then an absent key."""
    present = [{name: value for name, value in row.items() if value is not None} for row in rows]
    lines = [json.dumps({"label": "letter", **row}) for row in [rows[0], *present[1:]]]
    (directory / "t.jsonl").write_text("\n".join(lines))
    return read_table(directory / "t.jsonl", ROLES)


PATHS = {"csv": through_csv, "parquet": through_parquet, "json lines": through_json_lines}


def encoded_table(preprocessing: Preprocessing, table: Table) -> list[Encoding]:
    """Encode a table as training and evaluation do."""
    texts = [document["text"] for document in table.documents]
    return preprocessing.encode(texts, preprocessing.canonical(table.documents))


def encoded_request(preprocessing: Preprocessing, rows: Sequence[Row]) -> list[Encoding]:
    """Encode rows as the endpoint does with a request."""
    body = {
        "documents": [
            {"text": row["text"], "features": {k: v for k, v in row.items() if k != "text"}}
            for row in rows
        ]
    }
    documents = parse_documents(json.loads(json.dumps(body)), preprocessing.schema)
    return preprocessing.encode(
        [document.text for document in documents], [document.row for document in documents]
    )


def assert_bit_equal(ours: Sequence[Encoding], theirs: Sequence[Encoding]) -> None:
    """Assert that encodings are the same in every bit and every observation."""
    assert len(ours) == len(theirs)
    for first, second in zip(ours, theirs, strict=True):
        assert first.token_ids.tolist() == second.token_ids.tolist()
        assert first.columns.tobytes() == second.columns.tobytes()
        assert first.row.categories == second.row.categories
        assert first.row.unknown == second.row.unknown
        assert first.row.missing == second.row.missing
        assert first.row.out_of_range == second.row.out_of_range
        assert (first.unknown_tokens, first.truncated) == (second.unknown_tokens, second.truncated)


@pytest.mark.parametrize("path", PATHS)
def test_table_and_request_are_encoded_alike(
    preprocessing: Preprocessing, tmp_path: Path, path: str
) -> None:
    """Training and serving see one and the same input, whatever file training read."""
    table = PATHS[path](tmp_path, ROWS)

    assert_bit_equal(encoded_table(preprocessing, table), encoded_request(preprocessing, ROWS))


@settings(max_examples=40)
@given(rows=rows)
def test_any_row_is_encoded_alike(preprocessing: Preprocessing, rows: list[Row]) -> None:
    """Whatever texts, numbers and categories a row holds, the four ways agree about it."""
    request = encoded_request(preprocessing, rows)

    with TemporaryDirectory() as directory:
        for through in PATHS.values():
            assert_bit_equal(encoded_table(preprocessing, through(Path(directory), rows)), request)


def test_numbers_as_texts_are_numbers(preprocessing: Preprocessing) -> None:
    """A client that sends its numbers as texts, as a CSV does, gets the same encodings."""
    numbers = [{**row, "pages": row["pages"] and repr(row["pages"])} for row in ROWS]
    ours, theirs = (encoded_request(preprocessing, rows) for rows in (numbers, ROWS))

    assert_bit_equal(ours, theirs)
    assert ["pages" in encoding.row.coerced for encoding in ours] == [
        isinstance(row["pages"], str) for row in numbers
    ]
    assert not any("pages" in encoding.row.coerced for encoding in theirs)


def test_order_of_keys_does_not_matter(preprocessing: Preprocessing) -> None:
    """Features are known by name."""
    turned = [dict(reversed(row.items())) for row in ROWS]

    assert_bit_equal(encoded_request(preprocessing, turned), encoded_request(preprocessing, ROWS))


def test_batch_equals_one_by_one(preprocessing: Preprocessing, small_table: Table) -> None:
    """A document is encoded the same alone and among others, to the last bit."""
    table = small_table.take(range(60))
    singles = [encoded_table(preprocessing, table.take([index]))[0] for index in range(60)]

    assert_bit_equal(encoded_table(preprocessing, table), singles)


def test_input_is_not_changed(preprocessing: Preprocessing, small_table: Table) -> None:
    """Documents and rows are the same before and after."""
    documents = small_table.documents[:20]
    before = deepcopy(documents)
    rows = preprocessing.canonical(documents)
    rows_before = [repr(row) for row in rows]

    preprocessing.encode([document["text"] for document in documents], rows)

    assert documents == before
    assert [repr(row) for row in rows] == rows_before


def test_threads_do_not_disturb_each_other(
    preprocessing: Preprocessing, small_table: Table
) -> None:
    """Many threads get the encodings that each would get alone."""
    tables = [small_table.take(range(start, start + 20)) for start in range(0, 200, 20)]
    expected = [encoded_table(preprocessing, table) for table in tables]

    with ThreadPoolExecutor(8) as threads:
        for _ in range(3):
            encodings = threads.map(lambda table: encoded_table(preprocessing, table), tables)
            for ours, theirs in zip(encodings, expected, strict=True):
                assert_bit_equal(ours, theirs)
