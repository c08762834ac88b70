"""Documents to send: generated to fit the service's schema, or read from a table."""

from __future__ import annotations

import csv
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = [
    "JsonObject",
    "TableError",
    "feature_schemas",
    "generate_documents",
    "read_documents",
]

JsonObject = dict[str, Any]

_SEED = 20
_MEDIAN_WORDS = 70
_SPREAD = 0.5  # of the logarithm: one text in twenty has more than 160 words
_MAX_WORDS = 400

_VOCABULARY = """
    the of and to for this that with by from under upon before after between each any all
    agreement amount appendix balance branch charge claim clause client committee contract court
    credit date deadline delivery department director draft evidence fee filing goods hearing
    index invoice issue judge lease letter liability manager market meeting notice offer office
    order page partner party payment period premises price project quarter receipt record refund
    renewal report request review schedule section seller service settlement shipment signature
    statement supplier tax term total transfer tenant value vendor warranty week witness year
    accepts amends attached confirmed due enclosed final gross joint late monthly net open paid
    prior received revised sent signed valid written
"""
_MAX_CELL_CHARS = 1 << 24  # the csv module's own limit is less than a service takes
_CATEGORIES = ("north", "east", "south", "west")


class TableError(Exception):
    """The table cannot be read, or lacks what was asked for."""


def feature_schemas(openapi: JsonObject) -> dict[str, JsonObject]:
    """Return the JSON schema of each feature column in the service's OpenAPI description."""
    document = openapi["components"]["schemas"].get("Document")
    if document is None:
        return {}
    schemas: dict[str, JsonObject] = document["properties"]["features"]["properties"]
    return schemas


def generate_documents(count: int, schemas: Mapping[str, JsonObject]) -> list[JsonObject]:
    """Return ``count`` documents with a value for each feature, the same ones at every call.

    Their length is lognormal with a median of 70 words: many short texts, and a few long ones.
    """
    rng = np.random.default_rng(_SEED)
    words = _VOCABULARY.split()
    lengths = np.clip(rng.lognormal(math.log(_MEDIAN_WORDS), _SPREAD, count), 1, _MAX_WORDS)
    return [
        _document(
            " ".join(rng.choice(words, size=int(length))),
            {name: _value(schema, rng) for name, schema in schemas.items()},
        )
        for length in lengths
    ]


def _value(schema: JsonObject, rng: np.random.Generator) -> int | str:
    if "number" in schema["type"]:
        return int(rng.integers(1, 100))
    return str(rng.choice(schema.get("examples") or _CATEGORIES))


def read_documents(
    path: Path, text: Sequence[str], numeric: Sequence[str] = (), categorical: Sequence[str] = ()
) -> list[JsonObject]:
    """Read the rows of a table as documents: CSV where its name ends so, else JSON Lines.

    The text columns are joined by one space. An empty cell is a null, and a row without any text
    is left out, since the service refuses those. Raises ``TableError``.
    """
    rows = _read_rows(path)
    for column in (*text, *numeric, *categorical):
        if not any(column in row for row in rows):
            message = f"{path}: no column {column!r}"
            raise TableError(message)
    documents = [
        _document(
            " ".join(filter(None, (_stripped(row.get(column)) for column in text))),
            {column: _number(row.get(column), f"{path}: row {n}: {column!r}") for column in numeric}
            | {column: _stripped(row.get(column)) or None for column in categorical},
        )
        for n, row in enumerate(rows, start=1)
    ]
    documents = [document for document in documents if document["text"]]
    if not documents:
        message = f"{path}: has no rows with text"
        raise TableError(message)
    return documents


def _document(text: str, features: Mapping[str, object]) -> JsonObject:
    return {"text": text, "features": features} if features else {"text": text}


def _read_rows(path: Path) -> list[JsonObject]:
    csv.field_size_limit(_MAX_CELL_CHARS)
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            if path.suffix.lower() == ".csv":
                return list(csv.DictReader(lines))
            return [dict(json.loads(line)) for line in lines if line.strip()]
    except OSError as error:
        message = f"{path}: {error.strerror}"
    except (csv.Error, TypeError, ValueError) as error:
        message = f"{path}: neither CSV nor JSON Lines ({error})"
    raise TableError(message)


def _stripped(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _number(cell: object, where: str) -> float | None:
    """Return a finite number, or None for a cell that JSON cannot hold as one."""
    try:
        number = float(_stripped(cell) or math.nan)
    except ValueError:
        message = f"{where} is not a number"
        raise TableError(message) from None
    return number if math.isfinite(number) else None
