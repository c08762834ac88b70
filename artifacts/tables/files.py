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
}


def read_raw(path: Path, wanted: Collection[str] | None = None) -> RawTable:
    """Read a CSV, Parquet or JSON Lines table with its values as they are.

    Holds the cells of the columns that are ``wanted``, or of all. The cells of a CSV are texts.
    Raises ``TableError`` for a table that cannot be read; whether it has the columns, whoever asks
    for them finds out.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        endings = ".csv, .tsv, .parquet or .jsonl"
        message = f"{path}: expected {endings}, found {path.suffix or 'no ending'!r}"
        raise TableError(message)
    if not path.is_file():
        message = f"{path}: {'is a directory' if path.is_dir() else 'no such file'}"
        raise TableError(message)
    try:
        return reader(path, wanted)
    except TableError:
        raise
    except Exception as error:  # noqa: BLE001 (three readers, many ways to fail)
        message = f"{path}: cannot be read as {path.suffix[1:]}: {first_line(error)}"
        raise TableError(message) from None
