"""The OpenAPI document of the running bundle: its columns, its labels, every status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from service.http.errors import STATUS
from service.http.schemas import ClassifyBody, Label

if TYPE_CHECKING:
    from guards.schema import Schema

__all__ = ["openapi"]

_REF = "#/components/schemas/{model}"


def openapi(schema: Schema | None) -> dict[str, Any]:
    """Describe the HTTP interface; without a schema (while starting) columns stay open."""
    _, definitions = models_json_schema(
        [(ClassifyBody, "validation"), (Label, "validation")], ref_template=_REF
    )
    schemas: dict[str, Any] = definitions["$defs"]
    schemas["Document"] = schemas.pop("DocumentBody")
    schemas["ClassifyBody"]["properties"]["documents"]["items"] = _ref("Document")
    if schema is not None:
        schemas["Document"]["properties"]["features"] = _features(schema)
    schemas |= _answers(schema)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Understudy", "version": "1"},
        "paths": {
            "/v1/classify": {
                "post": _operation("Classify documents.", "ClassifyBody", "Predictions")
            },
            "/classify": {
                "post": _operation("The same, for BentoML's clients.", "ClassifyBody", None)
            },
            "/v1/feedback": {
                "post": _operation("Report labels that came late.", "Labels", None, "202")
            },
            "/v1/status": {"get": _operation("How things are.", None, None)},
        },
        "components": {"schemas": schemas},
    }


def _features(schema: Schema) -> dict[str, Any]:
    required = [
        *(column.name for column in schema.numeric if column.required),
        *(column.name for column in schema.categorical if column.required),
    ]
    return {
        "type": "object",
        "description": "Columns by name; an absent or null one is missing.",
        "properties": {
            **{c.name: {"type": ["number", "null"]} for c in schema.numeric},
            **{
                c.name: {"type": ["string", "null"], **_examples(c.categories, private=c.private)}
                for c in schema.categorical
            },
        },
        "required": required,
    }


def _examples(categories: tuple[str, ...], *, private: bool) -> dict[str, Any]:
    return {} if private else {"examples": list(categories[:20])}


def _answers(schema: Schema | None) -> dict[str, Any]:
    label: dict[str, Any] = {"type": "string"}
    if schema is not None:
        label["enum"] = list(schema.labels)
    share = {"type": "number", "minimum": 0, "maximum": 1}
    text = {"type": "string"}
    return {
        "Prediction": {
            "type": "object",
            "properties": {
                "request_id": text,
                "label": label,
                "confidence": share,
                "probabilities": {"type": "object", "additionalProperties": share},
                "model": _object(name=text, version=text, fingerprint=text),
                "warnings": {"type": "array", "items": _object(code=text, feature=text)},
            },
        },
        "Predictions": _object(predictions={"type": "array", "items": _ref("Prediction")}),
        "Labels": _object(labels={"type": "array", "items": _ref("Label")}),
        "Error": _object(
            error=_object(
                code=text,
                message=text,
                details={"type": "array", "items": _object(path=text, problem=text)},
            )
        ),
    }


def _operation(
    summary: str, body: str | None, answer: str | None, success: str = "200"
) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done."}
    if answer is not None:
        good["content"] = {"application/json": {"schema": _ref(answer)}}
    bad = {"content": {"application/json": {"schema": _ref("Error")}}}
    operation: dict[str, Any] = {
        "summary": summary,
        "responses": {
            success: good,
            **{str(status): {"description": code, **bad} for status, code in STATUS.values()},
        },
    }
    if body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _ref(body)}},
        }
    return operation


def _ref(name: str) -> dict[str, str]:
    return {"$ref": _REF.format(model=name)}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties}
