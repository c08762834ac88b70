"""From an event and its fields to one line of JSON: the structlog pipeline."""

import dataclasses
import json
import math
from collections.abc import Callable, Mapping, MutableMapping
from datetime import datetime
from functools import partial
from pathlib import PurePath
from typing import Any

import numpy as np
import structlog

from service.telemetry.events import SCHEMA, Event

__all__ = ["Renderer", "line_renderer"]

Renderer = Callable[[Event, datetime, int, Mapping[str, object]], bytes]

_STAMPS = ("timestamp", "event", "schema", "replica", "run", "seq")


def line_renderer(replica: str, run: str) -> Renderer:
    """Return the function that renders (event, moment, seq, fields) as one line, newline included.

    The line is compact JSON in UTF-8 and begins with the stamps, which a field of the same name
    never replaces. NaN and infinities become null, since JSON has neither. Dataclasses, mappings,
    paths, numpy scalars and arrays are written as what they hold; a value of any other type as
    `"unserializable: TYPE"`, so that neither the line nor what the value held gets out of hand.
    Lone surrogates, which UTF-8 has no bytes for, become `?`.

    The renderer raises what `json` raises on fields that nest without end.
    """
    logger = structlog.wrap_logger(
        structlog.ReturnLogger(),
        processors=[
            _write_timestamp,
            _put_stamps_first,
            structlog.processors.JSONRenderer(_dumps),
        ],
        wrapper_class=structlog.BoundLogger,
        context_class=dict,
    ).bind(schema=SCHEMA, replica=replica, run=run)
    return partial(_render, logger)


def _render(
    logger: structlog.BoundLogger,
    event: Event,
    moment: datetime,
    seq: int,
    fields: Mapping[str, object],
) -> bytes:
    line: str = logger.msg(event, timestamp=moment, seq=seq, fields=fields)
    return line.encode(errors="replace") + b"\n"


def _write_timestamp(
    _logger: object, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Write the moment, which is in UTC, as RFC 3339 with microseconds."""
    line["timestamp"] = line["timestamp"].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return line


def _put_stamps_first(
    _logger: object, _method: str, line: MutableMapping[str, Any]
) -> dict[str, Any]:
    stamps = {name: line[name] for name in _STAMPS}
    fields: dict[str, Any] = line["fields"]
    return stamps | fields | stamps


def _dumps(line: object, **_structlog_options: object) -> str:
    try:
        return _ENCODER.encode(line)
    except (TypeError, ValueError):
        return _ENCODER.encode(_plain(line))


def _plain(value: object) -> object:
    """Copy `value` with nothing in it that JSON cannot say."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | int):
        return value
    return _plain(_held(value))


def _held(value: object) -> object:
    """Return what an object that `json` does not know holds, one level down."""
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
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_held
)
