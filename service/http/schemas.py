"""From parsed JSON to validated documents and labels, listing every problem with its path."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from guards.schema import Problem
from service.documents import Document
from service.errors import InvalidDocuments, TooLarge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pydantic_core import ErrorDetails

    from guards.schema import Schema

__all__ = [
    "ClassifyBody",
    "DocumentBody",
    "FeedbackBody",
    "Label",
    "Limits",
    "check_limits",
    "parse_documents",
    "parse_labels",
]

_HALF_A_PAIR = "holds half of a surrogate pair"

_MOST_EXTRA = 1000
"""Features of one document beyond the bundle's columns: each is answered with a warning."""

_MOST_LEVELS = 16
"""How deep features may nest: a captured document becomes a log line, and its writer recurses."""

_EXTRA = "extra_forbidden"
_OWN_WORDS = {
    "model_type": "should be an object",
    "string_unicode": _HALF_A_PAIR,
    _EXTRA: "has a field that is not part of a request",
}
"""Where the library's message would name our classes or say too little."""

_Identifier = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class DocumentBody(BaseModel):
    """One document as it arrives."""

    model_config = ConfigDict(extra="forbid", strict=True)

    request_id: _Identifier | None = Field(
        default=None, description="Made when absent; comes back in the prediction and the log."
    )
    segment: _Identifier | None = Field(default=None, description="A group to compare within.")
    text: str = Field(description="The text columns of the training table, joined with one space.")
    features: dict[str, Any] = Field(default={}, description="The other columns, by name.")


class ClassifyBody(BaseModel):
    """The body of a classification: documents that succeed or fail together."""

    model_config = ConfigDict(extra="forbid", strict=True)

    documents: list[DocumentBody] = Field(min_length=1)


class Label(BaseModel):
    """A label that came late, for a document that was answered."""

    model_config = ConfigDict(extra="forbid", strict=True)

    request_id: _Identifier
    label: str


class FeedbackBody(BaseModel):
    """The body of a feedback; each label is accepted or rejected by itself."""

    model_config = ConfigDict(extra="forbid", strict=True)

    labels: list[Any] = Field(min_length=1)


MOST_LABELS = 1000
"""Labels of one request: each is a log line, and they must not crowd out the others."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one request may hold."""

    documents: int
    text_chars: int


def check_limits(body: object, schema: Schema, limits: Limits) -> list[int]:
    """Give the characters of each text of a classification that was not validated yet.

    Raises ``TooLarge`` for too many documents or features, or too long a text.
    """
    documents = _listed(body)
    if len(documents) > limits.documents:
        message = f"more than {limits.documents} documents in one request"
        raise TooLarge(message)
    most = len(schema.numeric) + len(schema.categorical) + _MOST_EXTRA
    characters = []
    for place, document in enumerate(documents):
        fields = document if isinstance(document, dict) else {}
        text, features = fields.get("text"), fields.get("features")
        if isinstance(text, str):
            characters.append(len(text))
            if len(text) > limits.text_chars:
                message = f"documents[{place}].text has more than {limits.text_chars} characters"
                raise TooLarge(message)
        if isinstance(features, dict) and len(features) > most:
            message = f"documents[{place}].features has more than {most} names"
            raise TooLarge(message)
    return characters


def parse_documents(body: object, schema: Schema) -> list[Document]:
    """Validate a classification, within the limits, against the bundle's schema.

    Raises ``InvalidDocuments`` with every problem.
    """
    try:
        parsed = ClassifyBody.model_validate(_without_crowds(body))
    except ValidationError as error:
        raise InvalidDocuments([*_problems(error), *_column_problems(body, schema)]) from None
    problems: list[Problem] = []
    documents = [
        _document(document, place, schema, problems)
        for place, document in enumerate(parsed.documents)
    ]
    if problems:
        raise InvalidDocuments(problems)
    return documents


def parse_labels(body: object, known: Sequence[str]) -> tuple[list[Label], list[Problem]]:
    """Split a feedback into labels that can be recorded, and the problems with the others.

    Raises ``TooLarge`` for more than ``MOST_LABELS``, and ``InvalidDocuments`` when the body has no
    list of labels at all.
    """
    labels = body.get("labels") if isinstance(body, dict) else None
    if isinstance(labels, list) and len(labels) > MOST_LABELS:
        message = f"more than {MOST_LABELS} labels in one request"
        raise TooLarge(message)
    try:
        parsed = FeedbackBody.model_validate(_with_one_stray(body, FeedbackBody))
    except ValidationError as error:
        raise InvalidDocuments(list(_problems(error))) from None
    judged = [_label(item, f"labels[{place}]", known) for place, item in enumerate(parsed.labels)]
    accepted = [label for label in judged if isinstance(label, Label)]
    rejected = [problem for problem in judged if isinstance(problem, Problem)]
    return accepted, rejected


def _label(item: object, path: str, known: Sequence[str]) -> Label | Problem:
    try:
        label = Label.model_validate(_with_one_stray(item, Label))
    except ValidationError as error:
        return next(_problems(error, path))
    if label.label not in known:
        return Problem(f"{path}.label", "is none of the bundle's labels")
    return label


def _listed(body: object) -> list[Any]:
    """Give the documents of a body that was not validated yet."""
    documents = body.get("documents") if isinstance(body, dict) else None
    return documents if isinstance(documents, list) else []


def _without_crowds(body: object) -> object:
    """Give a classification with at most one unknown field in each object."""
    if isinstance(body, dict) and isinstance(body.get("documents"), list):
        documents = [_with_one_stray(document, DocumentBody) for document in body["documents"]]
        body = {**body, "documents": documents}
    return _with_one_stray(body, ClassifyBody)


def _with_one_stray(item: object, model: type[BaseModel]) -> object:
    """Leave one of an object's unknown fields: a million are refused in the same words, slowly."""
    known = model.model_fields
    if not isinstance(item, dict) or len(item) <= len(known):
        return item
    stray = next(name for name in item if name not in known)
    return {name: item[name] for name in (*known, stray) if name in item}


def _column_problems(body: object, schema: Schema) -> Iterator[Problem]:
    """Look at the columns of a body that does not fit elsewhere: one answer lists everything."""
    for place, document in enumerate(_listed(body)):
        features = document.get("features", {}) if isinstance(document, dict) else None
        if isinstance(features, dict):
            yield from schema.canonical(features, path=f"documents[{place}].features")[1]


def _document(body: DocumentBody, place: int, schema: Schema, problems: list[Problem]) -> Document:
    path = f"documents[{place}]"
    if not _encodable(body.text):
        problems.append(Problem(f"{path}.text", _HALF_A_PAIR))
    if not all(map(_encodable, body.features)):
        problems.append(Problem(f"{path}.features", f"has a name that {_HALF_A_PAIR}"))
    if _nests_deeper(body.features, _MOST_LEVELS):
        problems.append(Problem(f"{path}.features", f"nests deeper than {_MOST_LEVELS} levels"))
    row, misfits = schema.canonical(body.features, path=f"{path}.features")
    problems += misfits
    return Document(
        request_id=body.request_id or uuid.uuid4().hex,
        segment=body.segment,
        text=body.text,
        features=body.features,
        row=row,
    )


def _nests_deeper(value: Mapping[str, object], levels: int) -> bool:
    level: list[Any] = [value]
    for _ in range(levels):
        held = (one.values() if isinstance(one, dict) else one for one in level)
        level = [item for items in held for item in items if isinstance(item, dict | list)]
        if not level:
            return False
    return True


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _problems(error: ValidationError, path: str = "") -> Iterator[Problem]:
    """Give each problem once, with its path below ``path``."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    yield from dict.fromkeys(Problem(_path(path, problem), _in_words(problem)) for problem in found)


def _path(path: str, problem: ErrorDetails) -> str:
    # The name of a field that we do not know is the user's own text.
    location = problem["loc"][:-1] if problem["type"] == _EXTRA else problem["loc"]
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path or "body"


def _in_words(problem: ErrorDetails) -> str:
    message = _OWN_WORDS.get(problem["type"], problem["msg"])
    return message[:1].lower() + message[1:]
