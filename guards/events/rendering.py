"""From an event to one line of JSON: the structlog pipeline."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import structlog

from guards.events.events import SCHEMA, Event
from guards.moments import rfc3339
from guards.text import json_printable

if TYPE_CHECKING:
    from structlog.typing import EventDict

    from guards.json_types import JsonObject

__all__ = ["Renderer", "line_renderer"]

Renderer: TypeAlias = Callable[[Event, datetime, int], bytes]
"""Renders (event, moment, seq) as one line, newline included."""

_STAMP = ("timestamp", "event", "schema", "replica", "run", "seq")


def line_renderer(replica: str, run: str) -> Renderer:
    """Return the function that renders the lines of one run.

    A line is compact JSON in UTF-8 and begins with the stamp, whose fields an event never replaces.
    NaN and infinities become null, since JSON has neither. Dataclasses, mappings, paths, numpy
    scalars and arrays are written as their content, and a value of any other type as
    ``"unserializable: TYPE"``, so that content of unknown size stays out of the log. Lone
    surrogates, which UTF-8 cannot encode, become ``?``; other characters that are not printable are
    escaped, so that a line is one line for every reader and harmless on a terminal.

    The renderer raises what ``to_json`` of the event raises, and what ``json`` raises for a value
    that contains itself.
    """
    logger = structlog.wrap_logger(
        structlog.ReturnLogger(),
        processors=[_stamp_first, structlog.processors.JSONRenderer(_dumps)],
        wrapper_class=structlog.BoundLogger,
        context_class=dict,
    ).bind(schema=SCHEMA, replica=replica, run=run)
    return partial(_render, logger)


def _render(logger: structlog.BoundLogger, event: Event, moment: datetime, seq: int) -> bytes:
    line: str = logger.msg(event.name, timestamp=rfc3339(moment), seq=seq, fields=event.to_json())
    if not line.isprintable():
        line = json_printable(line.encode(errors="replace").decode())
    return line.encode() + b"\n"


def _stamp_first(_logger: object, _method: str, line: EventDict) -> EventDict:
    stamp = {name: line[name] for name in _STAMP}
    fields: JsonObject = line["fields"]
    return stamp | fields | stamp


def _dumps(line: object, **_structlog_options: object) -> str:
    try:
        return _ENCODER.encode(line)
    except (TypeError, ValueError):
        return _ENCODER.encode(_jsonable(line))


def _jsonable(value: object) -> object:
    """Copy a value with nothing in it that JSON cannot represent."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    if value is None or isinstance(value, str | int):
        return value
    return _jsonable(_content(value))


def _content(value: object) -> object:
    """Return the content of an object that ``json`` does not know, one level down."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, PurePath):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return f"unserializable: {type(value).__qualname__}"


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_content
)
