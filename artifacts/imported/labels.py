"""The labels of an imported model, in the order of its outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.errors import CallError, Finding, GuardRefused, PartError
from guards.labels import canonical_label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guards.json_types import JsonObject

__all__ = ["labels_of"]

_MAX_DIGITS = 10
"""No head has so many outputs; Python refuses to read much longer numbers."""


def labels_of(
    config: JsonObject, outputs: int, in_table: Sequence[str], source: str
) -> tuple[str, ...]:
    """Return the labels in the order of the network's ``outputs``, in their canonical form.

    ``config`` is the configuration as it is written, since the library rewrites it when reading;
    ``source`` is the option of the model and its value, for messages. A model that was saved
    without labels calls output 0 ``LABEL_0``, …: such a name is replaced by that of ``label2id``,
    or, where no output has another, by the output's number if all labels of the table are such
    numbers. Raises ``CallError`` for a map that does not name each output once or lacks a label of
    the table, and ``GuardRefused`` for two maps that contradict each other.
    """
    try:
        labels = _settled(_id2label(config, outputs), _label2id(config, outputs))
    except PartError as contradiction:
        raise GuardRefused(source, contradiction.findings) from None
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        indices = [index for index, label in enumerate(labels) if label == twice[0]]
        message = (
            f"outputs {indices[0]} and {indices[1]} of the model are both called {twice[0]!r} in "
            "its config.json; give each a label of its own"
        )
        raise CallError(message)
    numbers = tuple(map(str, range(outputs)))
    generic = all(label == _generic(index) for index, label in enumerate(labels))
    if generic and set(in_table) <= set(numbers):
        return numbers
    strange = sorted(set(in_table) - set(labels))
    if strange:
        message = (
            f"the table has label {strange[0]!r}, and the model knows {', '.join(labels)}; "
            "write the table's as the model does, or name them in the id2label of its config.json"
        )
        raise CallError(message)
    return tuple(labels)


def _generic(index: int) -> str:
    return f"LABEL_{index}"


def _id2label(config: JsonObject, outputs: int) -> dict[int, str]:
    """Return the name of each output by ``id2label``, generic ones where there is no such map."""
    written = config.get("id2label")
    if written is None:
        return {index: _generic(index) for index in range(outputs)}
    by_index = {
        _index(key, outputs, "id2label"): _name(label, "id2label")
        for key, label in _items(written, "id2label")
    }
    if len(by_index) < len(written) or sorted(by_index) != [*range(outputs)]:
        message = (
            f"id2label of the model's config.json must name 0, 1, … once each, for the {outputs} "
            f"outputs of its head; it is {written}"
        )
        raise CallError(message)
    return by_index


def _label2id(config: JsonObject, outputs: int) -> dict[str, int]:
    """Return the output of each name by ``label2id``."""
    by_name: dict[str, int] = {}
    for label, index in _items(config.get("label2id") or {}, "label2id"):
        name, output = _name(label, "label2id"), _index(index, outputs, "label2id")
        if by_name.setdefault(name, output) != output:
            observed = f"{name!r} is output {by_name[name]} and output {output} by label2id"
            raise _contradiction(observed)
    return by_name


def _settled(by_index: Mapping[int, str], by_name: Mapping[str, int]) -> list[str]:
    """Return the name of each output; the maps have to agree where both have real names.

    Raises ``PartError`` where they do not.
    """
    names = [by_index[index] for index in range(len(by_index))]
    for name, index in by_name.items():
        if name in names and names[index] != name:
            observed = (
                f"{name!r} is output {names.index(name)} by id2label, and {index} by label2id"
            )
            raise _contradiction(observed)
        if _generic(index) == name:
            continue
        if names[index] not in (name, _generic(index)):
            observed = f"output {index} is {names[index]!r} by id2label, and {name!r} by label2id"
            raise _contradiction(observed)
        names[index] = name
    return names


def _items(written: object, field: str) -> list[tuple[object, object]]:
    if not isinstance(written, dict):
        message = f"{field} of the model's config.json is no JSON object: {written}"
        raise CallError(message)
    return [*written.items()]


def _index(value: object, outputs: int, field: str) -> int:
    """Return a whole number from 0 to ``outputs`` - 1, which may be written as text."""
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) < _MAX_DIGITS and int(text) < outputs):
        message = (
            f"{field} of the model's config.json names output {value!r}; its head has the "
            f"{outputs} outputs 0 to {outputs - 1}"
        )
        raise CallError(message)
    return int(text)


def _name(value: object, field: str) -> str:
    label = canonical_label(value)
    if not label:
        message = f"{field} of the model's config.json has {value!r}, which names no label"
        raise CallError(message)
    return label


def _contradiction(observed: str) -> PartError:
    return PartError(
        Finding(
            code="labels_contradict",
            subject="config.json",
            expected="id2label and label2id that number the labels alike",
            observed=observed,
        )
    )
