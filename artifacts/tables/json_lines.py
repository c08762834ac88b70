"""Read the values of JSON Lines as those of a request: exact numbers, and no guess."""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import TYPE_CHECKING

from artifacts.tables.encodings import encoding_of, refuse_encoding
from artifacts.tables.raw import RawTable
from guards.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

__all__ = ["read_json_lines"]


def read_json_lines(path: Path, wanted: Collection[str] | None) -> RawTable:
    """Read one JSON object a line; a key that a row lacks is a missing cell, and blank lines none.

    NaN, which is no JSON although Python writes it, is a missing cell. Raises ``TableError`` with
    the row for a line that is no object, or holds a key twice or half of a surrogate pair.
    """
    encoding = encoding_of(path)
    names: dict[str, None] = {}
    cells: dict[str, list[object]] = {name: [] for name in wanted or ()}
    rows = 0
    try:
        with path.open(encoding=encoding) as file:
            for row in _objects(file, str(path)):
                if not row.keys() <= names.keys():
                    names.update(dict.fromkeys(row))
                    if wanted is None:
                        cells = {name: cells.get(name) or [None] * rows for name in names}
                for name, values in cells.items():
                    values.append(row.get(name))
                rows += 1
    except UnicodeDecodeError:
        raise refuse_encoding(path, encoding) from None
    found = {name: values for name, values in cells.items() if name in names}
    return RawTable(str(path), tuple(names), rows, found)


def _objects(lines: Iterable[str], name: str) -> Iterator[dict[str, object]]:
    decoder = json.JSONDecoder(object_pairs_hook=_object)
    filled = (line for line in lines if line.strip())
    for number, line in enumerate(filled, 1):
        try:
            row = decoder.decode(line)
            if "\\u" in line:
                # Escapes can write half of a surrogate pair, which is no character.
                json.dumps(row, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            message = f"{name}: row {number} cannot be read as JSON: {_words(error)}"
            raise TableError(message) from None
        if not isinstance(row, dict):
            message = f"{name}: row {number} is no object; write one object a line"
            raise TableError(message)
        yield row


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    row = dict(pairs)
    if len(row) < len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        message = f"it has two values for {twice!r}"
        raise ValueError(message)
    return row


def _words(error: Exception) -> str:
    if isinstance(error, UnicodeEncodeError):
        return "it holds half of a surrogate pair"
    if "integer string conversion" in str(error):
        return f"it holds a whole number of more than {sys.get_int_max_str_digits()} digits"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos + 1}"
    return "it nests too deep" if isinstance(error, RecursionError) else str(error)
