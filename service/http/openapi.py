"""The OpenAPI document of the running bundle: its columns, its labels, every status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from pydantic.json_schema import models_json_schema

from guards.evidence.criteria import Kind
from guards.evidence.verdict import Decision
from service.http.errors import STATUS
from service.http.schemas import ClassifyBody, Label, PredictionBody

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guards.json_types import JsonObject
    from guards.schema import Schema

__all__ = ["Operation", "openapi"]

_REF = "#/components/schemas/{model}"
_SECURITY = "key"

_SERVER = ".."
"""The address that paths are appended to, relative to ``/v1/openapi.json``: the root, or whatever a
proxy has put before it."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a path, as it is routed and described.

    ``scope`` is what a key must allow; None takes every valid key. ``body`` and ``answer`` name
    components of the document. ``parameters`` are (name, description) of what the query may hold.
    """

    method: str
    path: str
    scope: str | None
    summary: str
    body: str | None = None
    answer: str | None = None
    status: int = 200
    parameters: tuple[tuple[str, str], ...] = ()


def openapi(
    operations: Iterable[Operation],
    schema: Schema | None,
    *,
    requires_keys: bool,
    with_values: bool = True,
) -> JsonObject:
    """Describe the HTTP interface; without a schema (while starting) columns and labels stay open.

    With ``requires_keys``, each operation names the security scheme and its scope. Labels and
    examples of categories, which come from the training table, are listed ``with_values`` only.
    """
    paths: JsonObject = {}
    for operation in operations:
        described = _describe(operation)
        if requires_keys:
            described["security"] = [{_SECURITY: [operation.scope] if operation.scope else []}]
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    components: JsonObject = {"schemas": _schemas(schema, with_values=with_values)}
    if requires_keys:
        components["securitySchemes"] = {_SECURITY: {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Understudy", "version": "1"},
        "servers": [{"url": _SERVER}],
        "paths": paths,
        "components": components,
    }


def _describe(operation: Operation) -> JsonObject:
    success: JsonObject = {"description": "Done."}
    if operation.answer is not None:
        success |= _content(operation.answer)
    described: JsonObject = {
        "summary": operation.summary,
        "responses": {
            str(operation.status): success,
            **{
                str(status): {"description": code, **_content("Error")}
                for status, code in STATUS.values()
            },
        },
    }
    if operation.parameters:
        described["parameters"] = [
            {"name": name, "in": "query", "description": words, "schema": {"type": "string"}}
            for name, words in operation.parameters
        ]
    if operation.body is not None:
        described["requestBody"] = {"required": True, **_content(operation.body)}
    return described


def _schemas(schema: Schema | None, *, with_values: bool) -> JsonObject:
    _, definitions = models_json_schema(
        [(model, "validation") for model in (ClassifyBody, Label, PredictionBody)],
        ref_template=_REF,
    )
    schemas: JsonObject = definitions["$defs"]
    schemas["Document"] = schemas.pop("DocumentBody")
    schemas["ClassifyBody"]["properties"]["documents"]["items"] = _ref("Document")
    schemas["Prediction"] = schemas.pop("PredictionBody")
    if schema is not None:
        schemas["Document"]["properties"]["features"] = _features(schema, with_values=with_values)
    if schema is not None and with_values:
        schemas["Prediction"]["properties"]["label"]["enum"] = list(schema.labels)
    text, count = {"type": "string"}, {"type": "integer"}
    problems = _array(_object(path=text, problem=text))
    return schemas | {
        "Predictions": _object(predictions=_array(_ref("Prediction"))),
        "PredictionList": _array(_ref("Prediction")),
        "Labels": _object(labels=_array(_ref("Label"))),
        "FeedbackCounts": _object(
            accepted=count, matched=count, unmatched=count, rejected=count, problems=problems
        ),
        "Verdict": _verdict(),
        "Error": _object(error=_object(code=text, message=text, details=problems)),
    }


def _verdict() -> JsonObject:
    text, count, number = {"type": "string"}, {"type": "integer"}, {"type": ["number", "null"]}
    flag = {"type": "boolean"}
    return _object(
        challenger=text,
        replica=text,
        run=text,
        since={"type": "string", "format": "date-time"},
        documents=count,
        decision={"type": "string", "enum": list(get_args(Decision))},
        because=_array(text),
        labels_needed={"type": ["object", "null"]},
        criteria=_array(
            _object(
                kind={"type": "string", "enum": list(get_args(Kind))},
                name=text,
                shown=flag,
                bound=number,
                evidence=number,
                needed=number,
                words=text,
            )
        ),
        robust_to_missing=flag,
        honesty=_object(crossed=count, of=count),
    )


def _features(schema: Schema, *, with_values: bool) -> JsonObject:
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
                c.name: {
                    "type": ["string", "null"],
                    **(
                        {"examples": list(c.categories[:20])}
                        if with_values and not c.private
                        else {}
                    ),
                }
                for c in schema.categorical
            },
        },
        "required": required,
    }


def _content(component: str) -> JsonObject:
    return {"content": {"application/json": {"schema": _ref(component)}}}


def _ref(component: str) -> dict[str, str]:
    return {"$ref": _REF.format(model=component)}


def _array(items: JsonObject) -> JsonObject:
    return {"type": "array", "items": items}


def _object(**properties: JsonObject) -> JsonObject:
    return {"type": "object", "properties": properties}
