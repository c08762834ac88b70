"""The labels of an imported model, in the order of its outputs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from artifacts.tables.lookalikes import look_of
from guards.errors import CallError, Finding, GuardRefused, PartError
from guards.labels import canonical_label
from guards.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from guards.json_types import JsonObject

__all__ = ["OutputLabels", "labels_of"]

_MAX_DIGITS = 10
"""No head has so many outputs; Python refuses to read much longer numbers."""


class OutputLabels(NamedTuple):
    """The labels of a model in the order of its outputs, and notes on where they are from."""

    labels: tuple[str, ...]
    notes: list[str]


def labels_of(
    config: JsonObject, outputs: int, in_table: Sequence[str], source: str
) -> OutputLabels:
    """Return the labels in the order of the network's ``outputs``, in their canonical form.

    ``config`` is the configuration as it is written, since the library rewrites it when reading;
    ``source`` is the option of the model and its value, for messages. A model that was saved
    without labels calls output 0 ``LABEL_0``, …: such a name is replaced by that of ``label2id``,
    or, where no output has another, by the output's number if all labels of the table are such
    numbers, the first and the last one among them. Raises ``CallError`` for a map that does not
    name each output once or lacks a label of the table, and for numbers that may have been counted
    from 1, and ``GuardRefused`` for two maps that contradict each other.
    """
    by_index = _id2label(config, outputs)
    try:
        labels = _settled(by_index, _label2id(config, outputs))
    except PartError as contradiction:
        raise GuardRefused(source, contradiction.findings) from None
    _check_once(labels)
    numbers = tuple(map(str, range(outputs)))
    generic = all(label == _generic(index) for index, label in enumerate(labels))
    if generic and set(in_table) <= set(numbers):
        _check_both_ends(numbers, in_table)
        note = f"outputs 0 to {numbers[-1]} have no names, and are called by the table's numbers"
        return OutputLabels(numbers, [note])
    strange = sorted(set(in_table) - set(labels))
    if strange:
        message = (
            f"the table has label {strange[0]!r}, and the model knows {_shown(labels, strange[0])}"
            "; write the table's as the model does, or name them in the id2label of its config.json"
        )
        raise CallError(message)
    return OutputLabels(tuple(labels), [*_taken(by_index, labels), *_alike(labels)])


def _check_once(labels: Sequence[str]) -> None:
    twice = sorted(label for label, count in Counter(labels).items() if count > 1)
    if twice:
        indices = [index for index, label in enumerate(labels) if label == twice[0]]
        message = (
            f"outputs {indices[0]} and {indices[1]} of the model are both called {twice[0]!r} in "
            "its config.json; give each a label of its own"
        )
        raise CallError(message)


def _check_both_ends(numbers: Sequence[str], in_table: Sequence[str]) -> None:
    """Refuse numbers that may have been counted from 1, or be some of more."""
    if not {numbers[0], numbers[-1]} <= set(in_table):
        found = listed(sorted(set(in_table), key=int))
        message = (
            f"the {len(numbers)} outputs of the model have no names, and the table's labels are "
            f"{found}: without both 0 and {numbers[-1]} among them it is not certain which output "
            "each number means; name the outputs in the id2label of its config.json"
        )
        raise CallError(message)


def _shown(labels: Sequence[str], strange: str) -> str:
    """Return labels in quotes, and what sets those apart that look like a strange one."""
    alike = [
        label
        for label in labels
        if look_of(label) == look_of(strange) and not f"{label}{strange}".isascii()
    ]
    return listed(labels) + "".join(
        f" ({label!r} is {label!a}, and the table's {strange!a})" for label in alike
    )


def _taken(by_index: Mapping[int, str], labels: Sequence[str]) -> Iterator[str]:
    """Yield a note for names that are not those of ``id2label``."""
    outputs = [index for index, label in enumerate(labels) if by_index[index] != label]
    if outputs:
        named = listed([labels[index] for index in outputs])
        yield f"outputs {', '.join(map(str, outputs))} are called {named} by label2id alone"


def _alike(labels: Sequence[str]) -> Iterator[str]:
    """Yield a note for each label that looks like an earlier one."""
    first: dict[str, str] = {}
    for label in labels:
        other = first.setdefault(look_of(label), label)
        if other != label:
            yield f"labels {other!a} and {label!a} of the model look the same, and are two"


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
