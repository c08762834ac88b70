"""Read the configuration of a model, and name what cannot be served."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from artifacts.bundle.network import harmless_config
from guards.errors import CallError, Finding, GuardRefused, first_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from transformers import PreTrainedConfig

    from guards.json_types import JsonObject

__all__ = ["check_supported", "parse_config", "read_config", "refused"]


def read_config(directory: Path, source: str) -> JsonObject:
    """Return ``config.json`` as it is written.

    Raises ``CallError`` if it is no JSON object, or repeats a key.
    """
    try:
        text = (directory / "config.json").read_bytes()
        config = json.loads(text, object_pairs_hook=_without_repetition)
    except (OSError, ValueError) as error:
        message = f"{source}: no model there: config.json cannot be read: {first_line(error)}"
        raise CallError(message) from None
    if not isinstance(config, dict):
        message = f"{source}: no model there: config.json is no JSON object"
        raise CallError(message)
    return config


def _without_repetition(pairs: list[tuple[str, object]]) -> JsonObject:
    """Return a JSON object; raises ``ValueError`` where a key is repeated."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        message = f"{next(name for name in names if names.count(name) > 1)!r} stands there twice"
        raise ValueError(message)
    return fields


def parse_config(config: JsonObject, source: str) -> PreTrainedConfig:
    """Return the library's configuration; raises ``CallError`` where it has no such model."""
    try:
        return harmless_config(config)
    except Exception as error:  # noqa: BLE001 (the library raises many kinds)
        message = f"{source}: no model there that the library has: {first_line(error)}"
        raise CallError(message) from None


def check_supported(config: JsonObject, parsed: PreTrainedConfig, source: str, *auto: str) -> None:
    """Raise ``GuardRefused`` for a model of a kind that no bundle can hold.

    ``config`` is the configuration as written. ``auto`` are the classes of the library through
    which the model would be loaded: one that runs code of its own instead cannot be served.
    """
    for observed, remedy in _unsupported(config, parsed, auto):
        raise refused(source, observed, remedy)


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
    own_code = config.get("auto_map") or {}
    for name in auto:
        if name in own_code:
            remedy = (
                "train a model of the library's own classes; where that is what was trained, "
                "remove auto_map from config.json"
            )
            yield f"a model that runs code of its own ({own_code[name]})", remedy


def refused(source: str, observed: str, remedy: str) -> GuardRefused:
    """Return the refusal of a model that cannot be served."""
    finding = Finding(
        code="model_not_supported",
        subject="config.json",
        expected="a classifier that gives one of several labels",
        observed=observed,
        remedy=remedy,
    )
    return GuardRefused(source, [finding])
