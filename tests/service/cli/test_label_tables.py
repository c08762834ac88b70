"""Tables of true labels, as people bring them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from guards.errors import TableError
from guards.evidence.labels import KnownLabels, LabelSource, TrueLabel
from service.cli.label_tables import add_tables, read_labels

if TYPE_CHECKING:
    from pathlib import Path

    from service.cli.label_tables import LabelTable


def _csv(tmp_path: Path, text: str) -> LabelTable:
    path = tmp_path / "labels.csv"
    path.write_text(text, encoding="utf-8")
    return read_labels(path)


def test_two_columns_are_enough(tmp_path: Path) -> None:
    """A row without a source counts as the truth that came regardless of the answers."""
    table = _csv(tmp_path, "request_id,label\na-1,contract\na-2, letter \n")

    assert table.labels == (TrueLabel("a-1", "contract"), TrueLabel("a-2", "letter"))
    assert table.problems == ()


def test_all_columns(tmp_path: Path) -> None:
    """Source, stratum, probability and time are read; other columns are ignored."""
    (label,) = _csv(
        tmp_path,
        "text,request_id,label,source,stratum,inclusion_probability,labelled_at\n"
        "Dear Sir,a-1,letter,queue,disagreement,0.25,2026-03-02T09:00:00+01:00\n",
    ).labels

    assert label == TrueLabel(
        "a-1",
        "letter",
        LabelSource.QUEUE,
        "disagreement",
        0.25,
        datetime(2026, 3, 2, 8, tzinfo=UTC),
    )


def test_a_drawn_row_without_label_waits_or_was_given_up(tmp_path: Path) -> None:
    """The time of labelling tells the two apart."""
    waiting, given_up = _csv(
        tmp_path,
        "request_id,label,source,stratum,inclusion_probability,labelled_at\n"
        "a-1,,queue,disagreement,1,\n"
        "a-2,,queue,disagreement,1,2026-03-02\n",
    ).labels

    assert (waiting.label, waiting.given_up) == (None, False)
    assert (given_up.label, given_up.given_up) == (None, True)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (",letter,,,,", "has no request_id"),
        ("a,,,,,", "has no label"),
        ("a,letter,hearsay,,,", "source 'hearsay' is none of 'truth', 'queue', 'correction'"),
        ("a,letter,queue,,0.5,", "needs a stratum and an inclusion_probability"),
        ("a,letter,queue,s,,", "needs a stratum and an inclusion_probability"),
        ("a,letter,queue,s,0,", "inclusion_probability '0' is no number above 0"),
        ("a,letter,queue,s,nan,", "inclusion_probability 'nan' is no number above 0"),
        ("a,letter,queue,s,half,", "inclusion_probability 'half' is no number above 0"),
        ("a,letter,,,,yesterday", "labelled_at 'yesterday' is no ISO 8601 time"),
        ("a,letter,,,,9999-12-31T23:59:59-05:00", "is no ISO 8601 time of the years 1 to 9999"),
    ],
)
def test_a_bad_row_is_left_out_with_its_number(tmp_path: Path, row: str, words: str) -> None:
    """One row does not spoil the others, and is never left out in silence."""
    table = _csv(
        tmp_path,
        "request_id,label,source,stratum,inclusion_probability,labelled_at\n"
        f"good,letter,,,,\n{row}\n",
    )

    assert [label.request_id for label in table.labels] == ["good"]
    (problem,) = table.problems
    assert "labels.csv: row 2: " in problem
    assert words in problem


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_numbers_are_texts_in_every_format(tmp_path: Path, ending: str) -> None:
    """An id or a label that is a whole number is its digits, as in a request."""
    path = tmp_path / f"labels.{ending}"
    frame = pd.DataFrame({"request_id": [17, 18], "label": [1.0, 0.0]})
    if ending == "csv":
        frame.astype(int).to_csv(path, index=False)
    elif ending == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_parquet(path)

    labels = read_labels(path).labels

    assert [(label.request_id, label.label) for label in labels] == [("17", "1"), ("18", "0")]


def test_moments_of_parquet(tmp_path: Path) -> None:
    """A column of times is read as such, and one without a zone is in UTC."""
    path = tmp_path / "labels.parquet"
    pd.DataFrame(
        {
            "request_id": ["a"],
            "label": ["letter"],
            "labelled_at": [pd.Timestamp("2026-03-02T08:00:00")],
        }
    ).to_parquet(path)

    assert read_labels(path).labels[0].labelled_at == datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize("column", ["request_id", "label"])
def test_a_missing_column_is_named(tmp_path: Path, column: str) -> None:
    """The error says which columns the table has instead."""
    other = {"request_id": "label", "label": "request_id"}[column]

    with pytest.raises(TableError, match=f"no column '{column}'; it has 'id', '{other}'"):
        _csv(tmp_path, f"id,{other}\n1,2\n")


def test_an_empty_table_has_no_labels(tmp_path: Path) -> None:
    """A queue in which nobody has begun is no error."""
    assert _csv(tmp_path, "request_id,label\n").labels == ()


@pytest.mark.parametrize("missing", [pd.NaT, pd.NA, None])
def test_a_missing_moment_of_parquet_is_an_empty_cell(tmp_path: Path, missing: object) -> None:
    """A row whose time is not known keeps its label."""
    path = tmp_path / "labels.parquet"
    moments = pd.Series([pd.Timestamp("2026-03-02"), missing], dtype="datetime64[us]")
    pd.DataFrame(
        {"request_id": ["a", "b"], "label": ["letter", "memo"], "labelled_at": moments}
    ).to_parquet(path)

    table = read_labels(path)

    assert table.problems == ()
    assert [label.labelled_at is None for label in table.labels] == [False, True]


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_a_list_is_no_label(tmp_path: Path, ending: str) -> None:
    """A document with several labels is left out, and not taken for a class of that name."""
    path = tmp_path / f"labels.{ending}"
    frame = pd.DataFrame({"request_id": ["a", "b"], "label": [["letter", "memo"], ["memo"]]})
    if ending == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_parquet(path)

    table = read_labels(path)

    assert table.labels == ()
    assert table.problems[0].endswith("row 1: label holds several labels")


@pytest.mark.parametrize("column", ["label", "request_id", "source"])
def test_a_column_that_is_there_twice_is_refused(tmp_path: Path, column: str) -> None:
    """Nobody can tell which of the two is meant."""
    with pytest.raises(TableError, match=f"has two columns '{column}'; leave one of them"):
        _csv(tmp_path, f"request_id,label,source,{column}\na,letter,truth,x\n")


def test_rows_with_more_cells_than_the_header_are_refused(tmp_path: Path) -> None:
    """The cells would stand under the wrong names."""
    with pytest.raises(TableError, match="row 1 has 3 cells, and the header 2"):
        _csv(tmp_path, "request_id,label\na,letter,memo\nb,memo,memo\n")


def test_another_delimiter_is_found(tmp_path: Path) -> None:
    """Spreadsheets of many countries write semicolons, and what was found is said."""
    table = _csv(tmp_path, "request_id;label\na;letter\n")

    assert [(label.request_id, label.label) for label in table.labels] == [("a", "letter")]
    assert table.notes[0].endswith("its cells are separated by ';'")


@pytest.mark.parametrize("label", ["nan", " ", "NaN"])
def test_what_looks_missing_is_no_label(tmp_path: Path, label: str) -> None:
    """A row that nobody labelled is left out, whatever a tool wrote for nothing."""
    table = _csv(tmp_path, f"request_id,label\na,letter\nb,{label}\n")

    assert [each.request_id for each in table.labels] == ["a"]
    assert table.problems[0].endswith("row 2: has no label")


def test_a_date_is_no_label(tmp_path: Path) -> None:
    """A cell that is nothing plain is called what it is."""
    path = tmp_path / "labels.parquet"
    days = [pd.Timestamp("2026-03-02"), pd.NaT]
    pd.DataFrame({"request_id": ["a", "b"], "label": days}).to_parquet(path)

    problems = read_labels(path).problems

    assert problems[0].endswith("row 1: label is a date and time; write it as a text")


def test_a_probability_may_have_a_decimal_comma(tmp_path: Path) -> None:
    """The same spreadsheets write those."""
    (label,) = _csv(
        tmp_path,
        "request_id,label,source,stratum,inclusion_probability\n"
        'a,letter,queue,disagreement,"0,25"\n',
    ).labels

    assert label.inclusion_probability == 0.25


def test_a_table_without_a_usable_row_is_a_wrong_call(tmp_path: Path) -> None:
    """A comparison without the labels that somebody named would mislead; the first row says why."""
    path = tmp_path / "labels.csv"
    path.write_text("request_id,label\n,letter\n,memo\n", encoding="utf-8")

    with pytest.raises(TableError, match=r"none of the rows can be used; .*row 1: has no request"):
        add_tables(KnownLabels(), [path])


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (["NA", "NA"], ["2 rows hold 'NA', which looks like a missing value and is a label here"]),
        (
            ["Memo", "memo"],
            [
                "the label 'Memo' (1 row) looks like 'memo', and is another one",
                "1 row with unknown labels: 'Memo' (1 row), none of the champion's",
            ],
        ),
        (["zz", "zz", "y"], ["3 rows with unknown labels: 'zz' (2 rows), 'y' (1 row), none of"]),
        (["memo", " 1", "1.0", "TRUE"], []),
    ],
)
def test_labels_that_nobody_can_have_answered_are_noted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], cells: list[str], says: list[str]
) -> None:
    """They would all count as wrong answers; another spelling of a known label is no news."""
    path = tmp_path / "labels.csv"
    rows = "".join(f"r-{number},{cell}\n" for number, cell in enumerate(cells))
    path.write_text(f"request_id,label\n{rows}", encoding="utf-8")

    add_tables(KnownLabels(), [path], ("memo", "1", "True"))

    notes = capsys.readouterr().err.splitlines()
    assert len(notes) == len(says)
    for note, words in zip(notes, says, strict=True):
        assert note.startswith(f"note: {path}: {words}")
