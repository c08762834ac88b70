"""Read a file by its ending."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifacts.tables.csv_file import read_csv
from artifacts.tables.json_lines import read_json_lines
from guards.errors import TableError, first_line

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from artifacts.tables.raw import RawTable

__all__ = ["read_raw"]


def _read_parquet(path: Path, wanted: Collection[str] | None) -> RawTable:
    # Imported where it is needed: the library takes a third of a second.
    from artifacts.tables.parquet_file import read_parquet  # noqa: PLC0415

    return read_parquet(path, wanted)


_READERS: Mapping[str, Callable[[Path, Collection[str] | None], RawTable]] = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".parquet": _read_parquet,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
}

_OTHERS = {
    ".gz": "is compressed by gzip; unpack it first: gunzip",
    ".zip": "is a ZIP archive; unpack it first: unzip",
    ".xlsx": "is an Excel workbook; save its sheet as CSV UTF-8",
    ".xls": "is an Excel workbook; save its sheet as CSV UTF-8",
    ".json": "may be one JSON document; write one object a line, as .jsonl",
}
"""What is to be done about files of other endings."""

_STARTS = {
    b"\x1f\x8b": "holds gzip data; unpack it first: gunzip",
    b"PK\3\4": "holds a ZIP archive or an Excel workbook; unpack it, or save it as CSV UTF-8",
}
"""What is to be done about files that begin with these bytes."""


def read_raw(
    path: Path, wanted: Collection[str] | None = None, expected: Collection[str] = ()
) -> RawTable:
    """Read a CSV, Parquet or JSON Lines table with its values as they are.

    Holds the cells of the columns that are ``wanted``, or of all. Those and the ``expected`` ones
    tell the delimiter of a CSV, where its rows do not. The cells of a CSV are texts.
    Raises ``TableError`` for a table that cannot be read; whether it has the columns, whoever asks
    for them finds out.
    """
    reader = _READERS.get(path.suffix.lower())
    problem = _problem(path, known=reader is not None)
    if reader is None or problem is not None:
        message = f"{path}: {problem}"
        raise TableError(message)
    try:
        _check_start(path)
        if reader is read_csv:
            return read_csv(path, wanted, expected)
        return reader(path, wanted)
    except TableError:
        raise
    except Exception as error:  # noqa: BLE001 (three readers, many ways to fail)
        message = f"{path}: cannot be read as {path.suffix[1:]}: {first_line(error)}"
        raise TableError(message) from None


def _problem(path: Path, *, known: bool) -> str | None:
    """Return why a path is no table, and what to do; ``known`` says whether its ending is."""
    if path.is_dir():
        parts = any(path.glob("*.parquet"))
        hint = " of Parquet files; write them as one file" if parts else "; name a file"
        return f"is a directory{hint}"
    if not known:
        expected = "expected .csv, .tsv, .parquet, .jsonl or .ndjson"
        other = _OTHERS.get(path.suffix.lower())
        found = f"found {path.suffix or 'no ending'!r}"
        return f"{expected}, {found}" + (f", which {other}" if other else "")
    return None if path.is_file() else "no such file"


def _check_start(path: Path) -> None:
    """Raise ``TableError`` for a file of another kind, whatever its ending says."""
    with path.open("rb") as file:
        start = file.read(4)
    for mark, words in _STARTS.items():
        if start.startswith(mark):
            message = f"{path}: {words}"
            raise TableError(message)
