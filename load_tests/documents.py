"""Documents to send: generated to fit the service's schema, or read from a file."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["DocumentsError", "feature_schemas", "generate_documents", "read_documents"]

JsonObject = dict[str, Any]

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
_CATEGORIES = ("north", "east", "south", "west")


class DocumentsError(Exception):
    """The documents cannot be read."""


def feature_schemas(openapi: JsonObject) -> dict[str, JsonObject]:
    """Return the JSON schema of each feature column in the service's OpenAPI description."""
    document = openapi["components"]["schemas"].get("Document")
    if document is None:
        return {}
    schemas: dict[str, JsonObject] = document["properties"]["features"]["properties"]
    return schemas


def generate_documents(count: int, schemas: Mapping[str, JsonObject]) -> list[JsonObject]:
    """Return ``count`` documents with a value for each feature, the same ones at every call.

    Their length is lognormal with a median of 70 words: many short texts, and a few long ones. One
    text in twenty has more than 160 words, and none has more than 400.
    """
    rng = np.random.default_rng(20)
    words = _VOCABULARY.split()
    lengths = np.clip(rng.lognormal(math.log(70), 0.5, count), 1, 400)
    documents: list[JsonObject] = []
    for length in lengths:
        document: JsonObject = {"text": " ".join(rng.choice(words, size=int(length)))}
        if schemas:
            document["features"] = {name: _value(schema, rng) for name, schema in schemas.items()}
        documents.append(document)
    return documents


def _value(schema: JsonObject, rng: np.random.Generator) -> int | str:
    if "number" in schema["type"]:
        return int(rng.integers(1, 100))
    return str(rng.choice(schema.get("examples") or _CATEGORIES))


def read_documents(path: Path) -> list[JsonObject]:
    """Read JSON Lines of documents as ``/v1/classify`` takes them; raises ``DocumentsError``."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        documents = [dict(json.loads(line)) for line in lines if line.strip()]
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise DocumentsError(message) from None
    except (TypeError, ValueError) as error:
        message = f"{path}: not JSON Lines ({error})"
        raise DocumentsError(message) from None
    if not documents:
        message = f"{path}: has no documents"
        raise DocumentsError(message)
    return documents
