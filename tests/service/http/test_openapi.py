"""The description of the interface names what the running bundle takes and gives."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pytest

from guards.schema import CategoricalColumn, NumericColumn, Schema
from service.http.errors import STATUS
from service.http.openapi import openapi
from service.http.routes import OPERATIONS

if TYPE_CHECKING:
    from guards.json_types import JsonObject

SCHEMA = Schema(
    text=("text",),
    numeric=(NumericColumn("pages", 1, 90, required=True), NumericColumn("amount", 0, 10)),
    categorical=(
        CategoricalColumn("court", ("NDCA", "SDNY"), required=True),
        CategoricalColumn("sender", ("Jane Roe",), private=True),
    ),
    labels=("contract", "invoice"),
)
PATHS = {
    *("/v1/classify", "/classify", "/v1/feedback", "/v1/status", "/v1/verdict"),
    *("/metrics", "/v1/openapi.json", "/schema.json"),
}


def described(schema: Schema | None, *, requires_keys: bool = False) -> JsonObject:
    """Describe our own operations."""
    return openapi(OPERATIONS, schema, requires_keys=requires_keys)


def part(document: JsonObject, name: str) -> JsonObject:
    """Return a schema of the description."""
    component: JsonObject = document["components"]["schemas"][name]
    return component


def test_every_column_is_listed_with_its_type() -> None:
    """Columns, and which of them must be there."""
    features = part(described(SCHEMA), "Document")["properties"]["features"]
    assert features["properties"]["pages"]["type"] == ["number", "null"]
    assert features["properties"]["court"]["type"] == ["string", "null"]
    assert features["properties"]["court"]["examples"] == ["NDCA", "SDNY"]
    assert set(features["properties"]) == {"pages", "amount", "court", "sender"}
    assert features["required"] == ["pages", "court"]


def test_values_of_a_private_column_are_not_listed() -> None:
    """Without keys, the description is open to everybody."""
    assert "Jane Roe" not in json.dumps(described(SCHEMA))


def test_without_values_no_label_and_no_category_is_listed() -> None:
    """The columns, their types and which must be there remain."""
    document = openapi(OPERATIONS, SCHEMA, requires_keys=True, with_values=False)
    whole = json.dumps(document)
    assert not any(f'"{name}"' in whole for name in ("contract", "invoice", "NDCA", "SDNY"))
    features = part(document, "Document")["properties"]["features"]
    assert set(features["properties"]) == {"pages", "amount", "court", "sender"}
    assert features["required"] == ["pages", "court"]


def test_labels_are_listed() -> None:
    """A client can know every answer beforehand."""
    assert part(described(SCHEMA), "Prediction")["properties"]["label"]["enum"] == [
        "contract",
        "invoice",
    ]


def test_every_route_lists_every_status() -> None:
    """Whatever a request can meet is described, with the shape of an error."""
    document = described(SCHEMA)
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
        document = described(schema)
        named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
        assert named
        assert named <= set(document["components"]["schemas"])


def test_without_keys_no_security_is_named() -> None:
    """A generated client does not ask its user for a key that is not needed."""
    assert "security" not in json.dumps(described(SCHEMA)).lower()


def test_with_keys_every_operation_names_its_scope() -> None:
    """The scheme is a bearer token, and what it must allow stands beside each operation."""
    document = described(SCHEMA, requires_keys=True)
    ((name, scheme),) = document["components"]["securitySchemes"].items()
    assert scheme == {"type": "http", "scheme": "bearer"}
    for operation in OPERATIONS:
        entry = document["paths"][operation.path][operation.method.lower()]
        assert entry["security"] == [{name: [operation.scope] if operation.scope else []}]


def test_bodies_and_answers_are_described() -> None:
    """Both classification routes take the same body; the native one answers the bare list."""
    paths = described(SCHEMA)["paths"]
    ours, native = paths["/v1/classify"]["post"], paths["/classify"]["post"]
    assert ours["requestBody"] == native["requestBody"]
    answers = [o["responses"]["200"]["content"]["application/json"] for o in (ours, native)]
    assert answers == [
        {"schema": {"$ref": "#/components/schemas/Predictions"}},
        {"schema": {"$ref": "#/components/schemas/PredictionList"}},
    ]


def test_feedback_describes_sources_and_counts() -> None:
    """A client can know what a label may carry, and which counts the answer has."""
    document = described(SCHEMA)
    label = part(document, "Label")
    assert label["required"] == ["request_id", "label"]
    assert set(label["properties"]) == {
        *("request_id", "label", "source", "stratum", "inclusion_probability", "labelled_at")
    }
    assert part(document, "LabelSource")["enum"] == ["truth", "queue", "correction"]
    assert list(part(document, "FeedbackCounts")["properties"]) == [
        *("accepted", "matched", "unmatched", "rejected", "problems")
    ]


def test_the_verdict_describes_its_parameter_and_its_answer() -> None:
    """A client can know how to name a challenger, and every decision that may come."""
    document = described(SCHEMA)
    operation = document["paths"]["/v1/verdict"]["get"]
    (parameter,) = operation["parameters"]
    assert (parameter["name"], parameter["in"]) == ("challenger", "query")
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/Verdict"}
    decision = part(document, "Verdict")["properties"]["decision"]
    assert decision["enum"] == ["promote", "keep", "undecided"]


def test_while_starting_columns_stay_open() -> None:
    """Before the champion is there, the shape of a request is known already."""
    document = described(None)
    assert set(document["paths"]) == PATHS
    assert "properties" not in part(document, "Document")["properties"]["features"]
    assert "enum" not in part(document, "Prediction")["properties"]["label"]


def test_it_says_which_standard_it_follows() -> None:
    """OpenAPI 3.1 has JSON Schema's own null."""
    assert described(SCHEMA)["openapi"].startswith("3.1.")


@pytest.mark.parametrize("prefix", ["", "/prefix", "/two/parts"])
def test_paths_are_appended_to_what_is_before_the_document(prefix: str) -> None:
    """A generated client keeps the prefix that a proxy has put before this service."""
    root = f"https://example.test{prefix}"
    (server,) = described(SCHEMA)["servers"]
    assert urljoin(f"{root}/v1/openapi.json", server["url"]) == f"{root}/"
