"""The description of the interface names what the running bundle takes and gives."""

from __future__ import annotations

import json
import re
from typing import Any

from guards.schema import CategoricalColumn, NumericColumn, Schema
from service.http.errors import STATUS
from service.http.openapi import openapi

SCHEMA = Schema(
    text=("text",),
    numeric=(NumericColumn("pages", 1, 90, required=True), NumericColumn("amount", 0, 10)),
    categorical=(
        CategoricalColumn("court", ("NDCA", "SDNY"), required=True),
        CategoricalColumn("sender", ("Jane Roe",), private=True),
    ),
    labels=("contract", "invoice"),
)
PATHS = {"/v1/classify", "/classify", "/v1/feedback", "/v1/status"}


def part(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Give a schema of the description."""
    found: dict[str, Any] = document["components"]["schemas"][name]
    return found


def test_every_column_is_listed_with_its_type() -> None:
    """Columns, and which of them must be there."""
    features = part(openapi(SCHEMA), "Document")["properties"]["features"]
    assert features["properties"]["pages"]["type"] == ["number", "null"]
    assert features["properties"]["court"]["type"] == ["string", "null"]
    assert features["properties"]["court"]["examples"] == ["NDCA", "SDNY"]
    assert set(features["properties"]) == {"pages", "amount", "court", "sender"}
    assert features["required"] == ["pages", "court"]


def test_values_of_a_private_column_are_not_listed() -> None:
    """The description is open to everybody."""
    assert "Jane Roe" not in json.dumps(openapi(SCHEMA))


def test_labels_are_listed() -> None:
    """A client can know every answer beforehand."""
    assert part(openapi(SCHEMA), "Prediction")["properties"]["label"]["enum"] == [
        "contract",
        "invoice",
    ]


def test_every_route_lists_every_status() -> None:
    """Whatever a request can meet is described, with the shape of an error."""
    document = openapi(SCHEMA)
    assert set(document["paths"]) == PATHS
    for path, operations in document["paths"].items():
        for operation in operations.values():
            responses = operation["responses"]
            success = "202" if path == "/v1/feedback" else "200"
            assert set(responses) == {success, *(str(status) for status, _ in STATUS.values())}
            for status, _ in STATUS.values():
                schema = responses[str(status)]["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Error"}


def test_every_reference_leads_somewhere() -> None:
    """Nothing is referred to that is not there."""
    for schema in (SCHEMA, None):
        document = openapi(schema)
        named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
        assert named
        assert named <= set(document["components"]["schemas"])


def test_while_starting_columns_stay_open() -> None:
    """Before the champion is there, the shape of a request is known already."""
    document = openapi(None)
    assert set(document["paths"]) == PATHS
    assert "properties" not in part(document, "Document")["properties"]["features"]
    assert "enum" not in part(document, "Prediction")["properties"]["label"]


def test_it_says_which_standard_it_follows() -> None:
    """OpenAPI 3.1 has JSON Schema's own null."""
    assert openapi(SCHEMA)["openapi"].startswith("3.1.")
