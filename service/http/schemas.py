"""From parsed JSON to validated documents and labels, listing every problem with its path."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 (pydantic reads it at run time)
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from guards.bundle.json_parts import nests_deeper
from guards.events.feedback_received import FeedbackReceived
from guards.evidence.labels import LabelSource
from guards.json_types import JsonObject  # noqa: TC001 (pydantic reads it at run time)
from guards.labels import KnownLabel, canonical_label
from guards.moments import from_rfc3339
from guards.schema import Problem
from service.documents import NESTED, Document, memory_of
from service.errors import MAX_PROBLEMS, InvalidDocuments, TooLarge

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from pydantic_core import ErrorDetails

    from guards.schema import Schema
    from service.settings import Capture

__all__ = [
    "ClassifyBody",
    "DocumentBody",
    "FeedbackBody",
    "Label",
    "PredictionBody",
    "RequestLimits",
    "check_limits",
    "parse_documents",
    "parse_labels",
]

_HALF_A_PAIR = "holds half of a surrogate pair"

_MAX_EXTRA = 1000
"""Features of one document beyond the bundle's columns."""

_MAX_LEVELS = 16
"""How deep features may nest: writing a captured document to the log recurses."""

_MOMENT = "moment"
_NO_MOMENT = "should be a moment with its offset from UTC, such as 2026-03-01T08:30:00Z"
_LABEL = "label"
_NO_LABEL = "should be a text, a truth value, or a number that has lost no digits"
_EXTRA = "extra_forbidden"
_MESSAGES = {
    "model_type": "should be an object",
    "string_unicode": _HALF_A_PAIR,
    _EXTRA: "has an unknown field",
}
"""Used where pydantic's message would name our classes or say too little."""

_MAX_NAME = 128
"""Characters of an id, a segment, a stratum, and a label that the champion does not know."""

_Identifier = Annotated[str, StringConstraints(min_length=1, max_length=_MAX_NAME)]
_Stratum = Annotated[str, StringConstraints(max_length=_MAX_NAME)]
_Share = Annotated[float, Field(ge=0, le=1)]


def _moment(text: str) -> datetime:
    # Not by pydantic, which takes numbers for moments too. Any JSON may come here.
    try:
        return from_rfc3339(text)
    except (OverflowError, TypeError, ValueError):
        raise PydanticCustomError(_MOMENT, _NO_MOMENT) from None


def _label_text(value: object) -> object:
    """Return a number or truth value as the text of a label; texts are matched later."""
    if isinstance(value, str):
        return value
    text = canonical_label(value) if isinstance(value, bool | int | float) else None
    if not text:
        raise PydanticCustomError(_LABEL, _NO_LABEL)
    return text


class DocumentBody(BaseModel):
    """One document as it arrives."""

    model_config = ConfigDict(extra="forbid", strict=True)

    request_id: _Identifier | None = Field(
        default=None, description="Made when absent; comes back in the prediction and the log."
    )
    segment: _Identifier | None = Field(default=None, description="A group to compare within.")
    text: str = Field(description="The text columns of the training table, joined with one space.")
    features: JsonObject = Field(default={}, description="The other columns, by name.")


class ClassifyBody(BaseModel):
    """The body of a classification: documents that succeed or fail together."""

    model_config = ConfigDict(extra="forbid", strict=True)

    documents: list[DocumentBody] = Field(min_length=1)


class Label(BaseModel):
    """The true label of a document that was answered."""

    model_config = ConfigDict(extra="forbid", strict=True)

    request_id: _Identifier
    label: Annotated[
        str, BeforeValidator(_label_text, json_schema_input_type=str | int | float | bool)
    ] = Field(
        description="A label of the champion, or another of 1 to 128 characters: a class of its "
        "own. Numbers and truth values are those of a table: 1, 1.0 and '1' are one label."
    )
    source: LabelSource = Field(
        default=LabelSource.TRUTH,
        strict=False,
        description="Why there is a label: it came regardless of the answers, it was drawn, or "
        "somebody disliked the answer.",
    )
    stratum: _Stratum | None = Field(
        default=None, description="Where the document was drawn from; needed with source queue."
    )
    inclusion_probability: Annotated[float, Field(gt=0, le=1)] | None = Field(
        default=None, description="Of the draw; needed with source queue."
    )
    labelled_at: Annotated[datetime, BeforeValidator(_moment)] | None = Field(
        default=None, description="When the label became known; when it is received where absent."
    )


class FeedbackBody(BaseModel):
    """The body of a feedback request; each label is accepted or rejected by itself."""

    model_config = ConfigDict(extra="forbid", strict=True)

    labels: list[object] = Field(min_length=1)


class PredictionBody(BaseModel):
    """The answer to one document."""

    request_id: str
    label: str
    confidence: _Share
    probabilities: dict[str, _Share]
    model: dict[str, str]
    warnings: list[dict[str, str | int]] = Field(
        description="Each with a code and a feature. Codes: unknown_category, missing_value, "
        "out_of_range, extra_feature, empty_text, truncated. Of many extra features, the last "
        "warning has the count of those that are not named."
    )


MAX_LABELS = 1000
"""Labels of one request: each becomes a log line, and the log's queue is shared."""


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """The limits of one request: its documents, and the characters of each text."""

    documents: int
    text_chars: int


def check_limits(body: object, schema: Schema, limits: RequestLimits) -> list[int]:
    """Return the number of characters of each text in a body that is not validated yet.

    Raises ``TooLarge`` for too many documents or features, or too long a text.
    """
    documents = _listed(body)
    if len(documents) > limits.documents:
        message = f"more than {limits.documents} documents in one request"
        raise TooLarge(message)
    max_features = len(schema.numeric) + len(schema.categorical) + _MAX_EXTRA
    characters = []
    for index, document in enumerate(documents):
        fields = document if isinstance(document, dict) else {}
        text, features = fields.get("text"), fields.get("features")
        if isinstance(text, str):
            characters.append(len(text))
            if len(text) > limits.text_chars:
                message = f"documents[{index}].text has more than {limits.text_chars} characters"
                raise TooLarge(message)
        if isinstance(features, dict) and len(features) > max_features:
            message = f"documents[{index}].features has more than {max_features} names"
            raise TooLarge(message)
    return characters


def parse_documents(body: object, schema: Schema, capture: Capture = "all") -> list[Document]:
    """Validate a body that is within the limits against the bundle's schema.

    Where ``capture`` is ``none``, no lists and objects are kept among the features. Raises
    ``InvalidDocuments`` with every problem, or as many as are listed.
    """
    try:
        parsed = ClassifyBody.model_validate(_with_few_unknown_fields(body))
    except ValidationError as error:
        found = chain(_problems(error), _column_problems(body, schema))
        raise InvalidDocuments(list(islice(found, MAX_PROBLEMS))) from None
    problems: list[Problem] = []
    documents = []
    for index, document in enumerate(parsed.documents):
        documents.append(_document(document, index, schema, problems, capture))
        if len(problems) >= MAX_PROBLEMS:
            break
    if problems:
        raise InvalidDocuments(problems)
    return documents


def parse_labels(
    body: object, known: Sequence[str], missing: Collection[str] = ()
) -> tuple[list[FeedbackReceived], list[Problem]]:
    """Split the labels of a feedback body into valid ones and the problems with the others.

    A label is one of the ``known`` ones of the champion where it has the same canonical form, or
    else it is brought into that form; one of the ``missing`` markers is no label. Raises
    ``TooLarge`` for more than ``MAX_LABELS``, and
    ``InvalidDocuments`` when the body has no list of labels at all.
    """
    labels = body.get("labels") if isinstance(body, dict) else None
    if isinstance(labels, list) and len(labels) > MAX_LABELS:
        message = f"more than {MAX_LABELS} labels in one request"
        raise TooLarge(message)
    try:
        parsed = FeedbackBody.model_validate(_with_one_unknown_field(body, FeedbackBody))
    except ValidationError as error:
        raise InvalidDocuments(list(_problems(error))) from None
    find = _finder(tuple(known))
    results = [
        _label(item, f"labels[{index}]", find, missing) for index, item in enumerate(parsed.labels)
    ]
    accepted = [label for label in results if isinstance(label, FeedbackReceived)]
    rejected = [problem for problem in results if isinstance(problem, Problem)]
    return accepted, rejected


@lru_cache(maxsize=8)
def _finder(labels: tuple[str, ...]) -> KnownLabel:
    return KnownLabel(labels)


def _label(
    item: object, path: str, find: KnownLabel, missing: Collection[str]
) -> FeedbackReceived | Problem:
    try:
        label = Label.model_validate(_with_one_unknown_field(item, Label))
    except ValidationError as error:
        return next(_problems(error, path))
    name = find(label.label)
    if name is None:
        if problem := _problem_with_name(label.label.strip()):
            return Problem(f"{path}.label", problem)
        name = canonical_label(label.label)
        name = None if name in missing else name
    if not name:
        return Problem(f"{path}.label", "stands for a missing value")
    if label.source is LabelSource.QUEUE:
        for field in ("stratum", "inclusion_probability"):
            if getattr(label, field) is None:
                return Problem(f"{path}.{field}", "is needed where the source is queue")
    return FeedbackReceived(
        request_id=label.request_id,
        label=name,
        source=label.source,
        stratum=label.stratum,
        inclusion_probability=label.inclusion_probability,
        labelled_at=label.labelled_at,
    )


def _problem_with_name(name: str) -> str | None:
    """Return what is wrong with a label that the champion does not know."""
    if not name:
        return "is empty"
    if len(name) > _MAX_NAME:
        return f"has more than {_MAX_NAME} characters"
    return None if _encodable(name) else _HALF_A_PAIR


def _listed(body: object) -> list[object]:
    """Return the documents of a body that is not validated yet."""
    documents = body.get("documents") if isinstance(body, dict) else None
    return documents if isinstance(documents, list) else []


def _with_few_unknown_fields(body: object) -> object:
    """Leave at most one unknown field in each object of a body."""
    if isinstance(body, dict) and isinstance(body.get("documents"), list):
        documents = [
            _with_one_unknown_field(document, DocumentBody) for document in body["documents"]
        ]
        body = {**body, "documents": documents}
    return _with_one_unknown_field(body, ClassifyBody)


def _with_one_unknown_field(item: object, model: type[BaseModel]) -> object:
    """Leave one of an object's unknown fields: reporting a million is slow and no clearer."""
    known = model.model_fields
    if not isinstance(item, dict) or len(item) <= len(known):
        return item
    unknown = next(name for name in item if name not in known)
    return {name: item[name] for name in (*known, unknown) if name in item}


def _column_problems(body: object, schema: Schema) -> Iterator[Problem]:
    """Yield the problems with the columns of a body that has others: one answer lists all."""
    for index, document in enumerate(_listed(body)):
        features = document.get("features", {}) if isinstance(document, dict) else None
        if isinstance(features, dict):
            yield from schema.canonical(features, path=f"documents[{index}].features")[1]


def _document(
    body: DocumentBody, index: int, schema: Schema, problems: list[Problem], capture: Capture
) -> Document:
    path = f"documents[{index}]"
    if not _encodable(body.text):
        problems.append(Problem(f"{path}.text", _HALF_A_PAIR))
    if not all(map(_encodable, body.features)):
        problems.append(Problem(f"{path}.features", f"has a name that {_HALF_A_PAIR}"))
    if nests_deeper(body.features, _MAX_LEVELS):
        problems.append(Problem(f"{path}.features", f"nests deeper than {_MAX_LEVELS} levels"))
    row, misfits = schema.canonical(body.features, path=f"{path}.features")
    problems += misfits
    features = _scalars(body.features) if capture == "none" else body.features
    return Document(
        request_id=body.request_id or uuid.uuid4().hex,
        segment=body.segment,
        text=body.text,
        features=features,
        row=row,
        memory_bytes=memory_of(body.text, features),
    )


def _scalars(features: JsonObject) -> JsonObject:
    """Return features with ``[]`` for each list and object.

    A challenger may have columns beyond the champion's, and refuses either in one. Four megabytes
    of lists take a hundred of memory, for as long as the document waits.
    """
    if NESTED.isdisjoint(map(type, features.values())):
        return features
    return {name: [] if type(value) in NESTED else value for name, value in features.items()}


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _problems(error: ValidationError, path: str = "") -> Iterator[Problem]:
    """Return each problem once, with its path below ``path``."""
    details = error.errors(include_input=False, include_url=False, include_context=False)
    yield from dict.fromkeys(Problem(_path(path, detail), _message(detail)) for detail in details)


def _path(path: str, detail: ErrorDetails) -> str:
    # The name of an unknown field is the user's own text, and is left out.
    location = detail["loc"][:-1] if detail["type"] == _EXTRA else detail["loc"]
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path or "body"


def _message(detail: ErrorDetails) -> str:
    message = _MESSAGES.get(detail["type"], detail["msg"])
    return message[:1].lower() + message[1:]
