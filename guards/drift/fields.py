"""Reads single fields of plain JSON, with messages that name a wrong one."""

from __future__ import annotations

from typing import TypeVar

__all__ = ["number", "required", "sequence"]

T = TypeVar("T")

_NAMES: dict[type, str] = {
    bool: "true or false",
    dict: "an object",
    float: "a number",
    int: "a whole number",
    list: "a list",
    str: "a text",
}


def required(data: object, name: str, kind: type[T]) -> T:
    """Return field ``name`` of a JSON object; ``ValueError`` when absent or not of that kind."""
    return _checked(_field(data, name), name, kind)


def sequence(data: object, name: str, kind: type[T]) -> tuple[T, ...]:
    """Return a list field whose items are all of one kind; ``ValueError`` when it is not that."""
    items: list[object] = required(data, name, list)
    return tuple(_checked(item, f"{name}[{index}]", kind) for index, item in enumerate(items))


def number(data: object, name: str) -> float | None:
    """Return a number field, or None where it is null; ``ValueError`` for anything else."""
    value = _field(data, name)
    return None if value is None else _checked(value, name, float)


def _field(data: object, name: str) -> object:
    fields = _checked(data, "the value", dict)
    if name not in fields:
        message = f"{name} is missing"
        raise ValueError(message)
    value: object = fields[name]
    return value


def _checked(value: object, name: str, kind: type[T]) -> T:
    # Writers of JSON may drop the fraction of a whole float; Python counts True as a whole number.
    try:
        typed = float(value) if kind is float and type(value) is int else value
    except OverflowError:
        message = f"{name} is beyond the largest double"
        raise ValueError(message) from None
    if isinstance(typed, kind) and (kind is bool or not isinstance(typed, bool)):
        return typed
    message = f"{name} must be {_NAMES[kind]}, found {type(value).__name__}"
    raise ValueError(message)
