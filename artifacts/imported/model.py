"""Read a classifier from a directory that the transformers library wrote."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoModelForSequenceClassification
from transformers.utils import logging

from artifacts.bundle.inference import logits_of
from artifacts.bundle.network import (
    DocumentClassifier,
    DocumentClassifierConfig,
    Network,
    TextClassifier,
    harmless_config,
    positions_of,
    token_rows,
)
from artifacts.bundle.preprocessing import Preprocessing
from artifacts.bundle.truncation import Truncation
from artifacts.pretrained.tokenizer import (
    LibraryTokenizer,
    TokenizerFrom,
    check_vocabulary,
    contradiction,
    read_tokenizers,
)
from guards.errors import CallError, Finding, GuardRefused, first_line
from guards.schema import CanonicalRow, Schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tokenizers import Tokenizer

    from guards.json_types import JsonObject

__all__ = ["ImportedModel", "labels_of", "read_model"]

_LONG = " ".join(map(str, range(2000)))
"""A text that most models truncate, and whose end differs from where it is truncated."""

_TEXT_ONLY = Schema(("text",), (), (), ())

_DEFAULT_LENGTH = 512
"""The length if neither files nor positions set one."""

_MAX_LENGTH = 100_000
"""Tokenizers without a maximum length have a number far beyond this in their files."""


@dataclass(frozen=True, slots=True)
class ImportedModel:
    """A model that was read, and ``notes`` about its tokenizer.

    ``max_length_from`` says in words where the length was found, and ``tokenizer_from`` which
    reading of the tokenizer's files it is.
    """

    network: Network
    tokenizer: Tokenizer
    max_length: int
    max_length_from: str
    tokenizer_from: TokenizerFrom
    notes: tuple[str, ...]


def read_model(
    directory: Path, max_length: int | None, tokenizer_from: TokenizerFrom | None = None
) -> ImportedModel:
    """Read a fine-tuned sequence classifier, as ``save_pretrained`` wrote it with its tokenizer.

    Raises ``CallError`` if there is none, and ``GuardRefused`` for one that would not answer as it
    did in training.
    """
    config = _config(directory)
    network = _network(directory, config)
    library, read = read_tokenizers(directory, f"--model {directory}", tokenizer_from)
    length, source = _max_length(directory, network, max_length)
    check_vocabulary(directory, token_rows(network), read.tokenizer)
    preprocessing = Preprocessing(_TEXT_ONLY, None, read.tokenizer, Truncation(length))
    _check_long_text(directory, network, library, preprocessing)
    return ImportedModel(network, read.tokenizer, length, source, read.tokenizer_from, read.notes)


def labels_of(network: Network, in_table: Sequence[str]) -> tuple[str, ...]:
    """Return the labels in the order of the network's outputs.

    A model that was saved without labels calls them ``LABEL_0``, …. If the labels of the table are
    the numbers, they are used instead. Raises ``CallError`` if the table has an unknown label.
    """
    by_index = {int(index): str(label) for index, label in (network.config.id2label or {}).items()}
    labels = tuple(by_index[index] for index in sorted(by_index))
    numbers = tuple(map(str, range(len(labels))))
    if sorted(by_index) != [*range(len(set(labels)))]:
        message = (
            f"id2label of the model's config.json must name 0, 1, … once each; it is {by_index}"
        )
        raise CallError(message)
    if labels == tuple(f"LABEL_{number}" for number in numbers) and set(in_table) <= set(numbers):
        return numbers
    strange = sorted(set(in_table) - set(labels))
    if strange:
        message = (
            f"the table has label {strange[0]!r}, and the model knows {', '.join(labels)}; "
            "write the table's as the model does, or name them in the id2label of its config.json"
        )
        raise CallError(message)
    return labels


def _config(directory: Path) -> JsonObject:
    try:
        config = json.loads((directory / "config.json").read_bytes())
    except (OSError, ValueError) as error:
        message = f"--model {directory}: no config.json of a model there: {first_line(error)}"
        raise CallError(message) from None
    if not isinstance(config, dict):
        message = f"--model {directory}: config.json is no JSON object"
        raise CallError(message)
    for observed, remedy in _unsupported(config):
        raise _refused(directory, observed, remedy)
    return config


def _unsupported(config: JsonObject) -> Iterator[tuple[str, str]]:
    """Yield what a configuration says that cannot be served, and what to do about it."""
    if config.get("problem_type") == "multi_label_classification":
        yield "problem_type multi_label_classification", "train one classifier a label"
    if config.get("problem_type") == "regression":
        yield "problem_type regression", "train a classifier of ranges of the number"
    if config.get("is_encoder_decoder"):
        yield "an encoder with a decoder", "train a classifier on an encoder alone, such as BERT"
    if config.get("quantization_config"):
        remedy = (
            "give the model as it was before its weights were quantised: `understudy seal` builds "
            "a quantised engine from it"
        )
        yield "quantised weights, which the library would have to undo", remedy


def _network(directory: Path, config: JsonObject) -> Network:
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    ours = config.get("model_type") == DocumentClassifierConfig.model_type
    kind: Any = DocumentClassifier if ours else AutoModelForSequenceClassification
    try:
        model, loading = kind.from_pretrained(
            str(directory),
            config=harmless_config(config),
            dtype=torch.float32,
            output_loading_info=True,
            trust_remote_code=False,
            local_files_only=True,
        )
    except Exception as error:  # noqa: BLE001 (the library raises many kinds)
        message = f"--model {directory}: no sequence classifier there: {first_line(error)}"
        raise CallError(message) from None
    if loading["missing_keys"]:
        raise _incomplete(directory, sorted(loading["missing_keys"]))
    network: Network = model if ours else TextClassifier(model)
    if len(model.config.id2label or {}) < 2:  # noqa: PLR2004 (two classes make a choice)
        raise _refused(directory, "one output", "train with two labels or more (`num_labels`)")
    network.train(mode=False)
    return network


def _check_long_text(
    directory: Path,
    network: Network,
    library: LibraryTokenizer,
    preprocessing: Preprocessing,
) -> None:
    """Refuse a model that fails on a long text, or a library that truncates it differently."""
    encoding = preprocessing.encode([_LONG], [CanonicalRow((), ())])[0]
    max_length = preprocessing.truncation.max_length
    theirs = library(_LONG, truncation=True, max_length=max_length)["input_ids"]
    if encoding.token_ids.tolist() != [theirs]:
        raise contradiction(
            directory,
            "a long text that keeps its head and its closing special tokens",
            "another cut by the library",
        )
    if isinstance(network, TextClassifier):
        try:
            logits_of(network, [encoding, encoding])
        except Exception as error:  # noqa: BLE001 (whatever goes wrong here is a refusal)
            raise _refused(
                directory,
                f"{type(error).__name__}: {first_line(error)}",
                "give --max-length the number of tokens that the model takes; where it is shorter "
                "already, give a model that answers two texts in one batch",
            ) from None


def _max_length(directory: Path, network: Network, requested: int | None) -> tuple[int, str]:
    config = network.config.to_dict()
    positions = positions_of(config.get("encoder") or config)
    sources = [
        (requested, "--max-length"),
        (_number(directory / "tokenizer.json", "truncation", "max_length"), "tokenizer.json"),
        (_number(directory / "tokenizer_config.json", "model_max_length"), "tokenizer_config.json"),
        (positions, "the positions"),
    ]
    known = [(length, source) for length, source in sources if length is not None]
    length, source = known[0] if known else (_DEFAULT_LENGTH, "no file")
    if positions is not None and length > positions:
        if requested is not None:
            message = f"--max-length {requested}: the model has {positions} positions"
            raise CallError(message)
        length, source = positions, "the positions"
    return length, source


def _number(file: Path, *path: str) -> int | None:
    try:
        value = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, int) and 0 < value < _MAX_LENGTH else None


def _refused(directory: Path, observed: str, remedy: str) -> GuardRefused:
    finding = Finding(
        code="model_not_supported",
        subject="config.json",
        expected="a classifier that gives one of several labels",
        observed=observed,
        remedy=remedy,
    )
    return GuardRefused(str(directory), [finding])


def _incomplete(directory: Path, missing: Sequence[str]) -> GuardRefused:
    finding = Finding(
        code="model_incomplete",
        subject="model weights",
        expected="every weight of the classifier",
        observed=f"{len(missing)} are missing, the first is {missing[0]!r}",
    )
    return GuardRefused(str(directory), [finding])
