"""Read the configuration of a model, and name what cannot be served."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import transformers

from artifacts.bundle.model_types import TEXT_MODELS
from artifacts.bundle.network import DocumentClassifier, DocumentClassifierConfig, harmless_config
from guards.bundle.json_parts import parse_json
from guards.errors import CallError, Finding, GuardRefused, first_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from transformers import PreTrainedConfig

    from guards.json_types import JsonObject

__all__ = [
    "CLASSIFIER",
    "ENCODER",
    "check_supported",
    "class_names",
    "foreign_classes",
    "notes_on_classes",
    "parse_config",
    "read_config",
    "refused",
]

CLASSIFIER = "a classifier that gives one of several labels"
ENCODER = "an encoder on which a classifier can be trained"
"""What a model is expected to be, for findings."""


_MAX_LABELS = 100_000


def read_config(directory: Path, source: str) -> JsonObject:
    """Return ``config.json`` as it is written.

    Raises ``CallError`` if it is no JSON object, repeats a key, or is nested too deeply.
    """
    try:
        config = parse_json((directory / "config.json").read_bytes())
    except (OSError, ValueError) as error:
        message = f"{source}: no model there: config.json cannot be read: {first_line(error)}"
        raise CallError(message) from None
    if not isinstance(config, dict):
        message = f"{source}: no model there: config.json is no JSON object"
        raise CallError(message)
    return config


def parse_config(config: JsonObject, source: str) -> PreTrainedConfig:
    """Return the library's configuration; raises ``CallError`` where it has no such model."""
    kind = config.get("model_type")
    if str(kind) not in transformers.CONFIG_MAPPING and kind != DocumentClassifierConfig.model_type:
        named = "has no model_type" if kind is None else f"has the model_type {kind!r}"
        message = (
            f"{source}: no model there that the library has: its config.json {named}; give a model "
            f"that version {transformers.__version__} of the transformers library knows, such as "
            "one of model_type 'bert'"
        )
        raise CallError(message)
    labels = config.get("num_labels")
    if isinstance(labels, int) and labels > _MAX_LABELS:  # the library names each
        message = (
            f"{source}: num_labels of at most {_MAX_LABELS} in config.json, found {labels:.3g}"
        )
        raise CallError(message)
    try:
        return harmless_config(config)
    except Exception as error:  # noqa: BLE001 (the library raises many kinds)
        message = f"{source}: no model there that the library has: {first_line(error)}"
        raise CallError(message) from None


def class_names(architectures: object) -> list[str]:
    """Return the classes that saved a model, as ``architectures`` of its ``config.json`` says."""
    if isinstance(architectures, str):
        return [architectures]
    return [*map(str, architectures)] if isinstance(architectures, list) else []


def foreign_classes(architectures: object) -> list[str]:
    """Return those of the classes that saved a model which the library and Understudy lack."""
    return [
        name
        for name in class_names(architectures)
        if name.removeprefix("Flax").removeprefix("TF") not in _known_classes()
    ]


@cache
def _known_classes() -> frozenset[str]:
    """Return the names in the library and of Understudy's classifier; listing them takes long."""
    return frozenset({DocumentClassifier.__name__, *dir(transformers)})


def notes_on_classes(config: JsonObject) -> list[str]:
    """Return a note where a class that the library does not have saved the model."""
    return [
        f"the model was saved by a class {name} that the library does not have: what it computes "
        "beside its weights cannot be seen"
        for name in foreign_classes(config.get("architectures"))
    ]


def check_supported(
    config: JsonObject, parsed: PreTrainedConfig, source: str, *auto: str, expected: str
) -> None:
    """Raise ``GuardRefused`` for a model of a kind that no bundle can hold.

    ``config`` is the configuration as written. ``auto`` are the classes of the library through
    which the model would be loaded: one that runs code of its own instead cannot be served.
    ``expected`` says in words what the model has to be.
    """
    for observed, remedy in _unsupported(config, parsed, auto):
        raise refused(source, observed, remedy, expected)


def _unsupported(
    config: JsonObject, parsed: PreTrainedConfig, auto: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """Yield what a configuration says that cannot be served, and what to do about it."""
    if getattr(parsed, "is_encoder_decoder", False):
        yield "an encoder with a decoder", "train a classifier on an encoder alone, such as BERT"
    if config.get("quantization_config"):
        remedy = (
            "give the model as it was before its weights were quantised: `understudy seal` builds "
            "a quantised engine from it"
        )
        yield "quantised weights, which the library would have to undo", remedy
    encoder = parsed.encoder if isinstance(parsed, DocumentClassifierConfig) else config
    if encoder.get("model_type") not in TEXT_MODELS:
        remedy = "train a classifier of text alone, such as one on BERT"
        yield f"a model of model_type {encoder.get('model_type')!r}", remedy
    own_code = config.get("auto_map") or {}
    for name in auto:
        if name in own_code:
            remedy = (
                "train a model of the library's own classes; where that is what was trained, "
                "remove auto_map from config.json"
            )
            yield f"a model that runs code of its own ({own_code[name]})", remedy


def refused(source: str, observed: str, remedy: str, expected: str = CLASSIFIER) -> GuardRefused:
    """Return the refusal of a model that cannot be served, or be what is ``expected``."""
    finding = Finding("model_not_supported", "config.json", expected, observed, remedy)
    return GuardRefused(source, [finding])
