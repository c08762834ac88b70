"""A classifier in a directory that transformers wrote: network, tokenizer, labels and length."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoModelForSequenceClassification
from transformers.utils import logging

from artifacts.cut import Cut
from artifacts.foreign.tokenizer import contradiction, read_tokenizers
from artifacts.inference import logits_of
from artifacts.network import (
    DocumentClassifier,
    DocumentClassifierConfig,
    Network,
    PlainClassifier,
    harmless_config,
    model_of,
    positions_of,
)
from artifacts.preprocessing import Preprocessing
from guards.errors import CallError, Finding, GuardRefused, first_line
from guards.schema import CanonicalRow, Schema

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tokenizers import Tokenizer

__all__ = ["ForeignModel", "labels_of", "read_model"]

_LONG = " ".join(map(str, range(2000)))
"""A text that most models cut, and that goes on otherwise than it ends."""

_TEXT_ALONE = Schema(("text",), (), (), ())

_NO_SAY = 512
"""The length where neither files nor positions set one."""

_LONGEST = 100_000
"""What a tokenizer says that knows no maximum length is far beyond this."""


@dataclass(frozen=True, slots=True)
class ForeignModel:
    """What was read; ``max_length_from`` says in words where the length was found."""

    network: Network
    tokenizer: Tokenizer
    max_length: int
    max_length_from: str


def read_model(directory: Path, max_length: int | None) -> ForeignModel:
    """Read a fine-tuned sequence classifier.

    Takes what ``save_pretrained`` of model and tokenizer wrote. Raises ``CallError`` where there is
    none, and ``GuardRefused`` for one that would not answer as it did in training.
    """
    config = _config(directory)
    network = _network(directory, config)
    library, tokenizer = read_tokenizers(directory)
    length, source = _max_length(directory, network, max_length)
    _check_vocabulary(directory, network, tokenizer)
    _check_long_text(
        directory, network, library, Preprocessing(_TEXT_ALONE, None, tokenizer, Cut(length))
    )
    return ForeignModel(network, tokenizer, length, source)


def labels_of(network: Network, in_table: Sequence[str]) -> tuple[str, ...]:
    """Give the labels in the order of the network's outputs.

    A model that was never told its labels calls them ``LABEL_0``, …; they are the table's where
    those are the numbers. Raises ``CallError`` when the table has a label that the model has not.
    """
    found = {int(index): str(label) for index, label in (network.config.id2label or {}).items()}
    labels = tuple(found[index] for index in sorted(found))
    numbers = tuple(map(str, range(len(labels))))
    if sorted(found) != [*range(len(set(labels)))]:
        message = f"id2label of the model's config.json must name 0, 1, … once each; it is {found}"
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


def _config(directory: Path) -> dict[str, Any]:
    try:
        config = json.loads((directory / "config.json").read_bytes())
    except (OSError, ValueError) as error:
        message = f"--model {directory}: no config.json of a model there: {first_line(error)}"
        raise CallError(message) from None
    if not isinstance(config, dict):
        message = f"--model {directory}: config.json is no JSON object"
        raise CallError(message)
    if config.get("problem_type") in {"multi_label_classification", "regression"}:
        raise _refused(directory, f"problem_type {config['problem_type']}")
    if config.get("is_encoder_decoder"):
        raise _refused(directory, "an encoder with a decoder")
    if config.get("quantization_config"):
        raise _refused(directory, "quantised weights, which the library would have to undo")
    return config


def _network(directory: Path, config: dict[str, Any]) -> Network:
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    ours = config.get("model_type") == DocumentClassifierConfig.model_type
    kind: Any = DocumentClassifier if ours else AutoModelForSequenceClassification
    try:
        model, told = kind.from_pretrained(
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
    if told["missing_keys"]:
        raise _incomplete(directory, sorted(told["missing_keys"]))
    network: Network = model if ours else PlainClassifier(model)
    if len(model.config.id2label or {}) < 2:  # noqa: PLR2004 (two classes make a choice)
        raise _refused(directory, "one output")
    network.train(mode=False)
    return network


def _check_long_text(
    directory: Path,
    network: Network,
    library: Any,  # noqa: ANN401 (a class of the library's own)
    preprocessing: Preprocessing,
) -> None:
    """Refuse a model that fails on a long text, or whose library cuts it otherwise."""
    encoding = preprocessing.encode([_LONG], [CanonicalRow((), ())])[0]
    most = preprocessing.cut.max_length
    theirs = library(_LONG, truncation=True, max_length=most)["input_ids"]
    if encoding.token_ids.tolist() != [theirs]:
        raise contradiction(
            directory,
            "a long text that keeps its head and its closing special tokens",
            "another cut by the library",
        )
    if isinstance(network, PlainClassifier):
        try:
            logits_of(network, [encoding, encoding])
        except Exception as error:  # noqa: BLE001 (whatever goes wrong here is a refusal)
            raise _refused(directory, f"{type(error).__name__}: {first_line(error)}") from None


def _max_length(directory: Path, network: Network, asked: int | None) -> tuple[int, str]:
    config = network.config.to_dict()
    positions = positions_of(config.get("encoder") or config)
    said = [(asked, "--max-length"), *_lengths_in_files(directory), (positions, "the positions")]
    known = [(tokens, place) for tokens, place in said if tokens is not None]
    length, source = known[0] if known else (_NO_SAY, "no file")
    if positions is not None and length > positions:
        if asked is not None:
            message = f"--max-length {asked}: the model has {positions} positions"
            raise CallError(message)
        length, source = positions, "the positions"
    return length, source


def _lengths_in_files(directory: Path) -> list[tuple[int | None, str]]:
    """Give the truncation that training left in the tokenizer's files, if it did."""
    return [
        (_number(directory / "tokenizer.json", "truncation", "max_length"), "tokenizer.json"),
        (_number(directory / "tokenizer_config.json", "model_max_length"), "tokenizer_config.json"),
    ]


def _number(file: Path, *path: str) -> int | None:
    try:
        value = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, int) and 0 < value < _LONGEST else None


def _check_vocabulary(directory: Path, network: Network, tokenizer: Tokenizer) -> None:
    embeddings: Any = model_of(network).get_input_embeddings()
    rows = embeddings.weight.shape[0]
    largest = max(tokenizer.get_vocab().values())
    if largest >= rows:
        raise GuardRefused(
            str(directory),
            [
                Finding(
                    code="vocabulary_mismatch",
                    subject="tokenizer.json",
                    expected=f"token ids below {rows}, the rows of the embedding",
                    observed=f"token id {largest}",
                    remedy="give the tokenizer that the model was trained with",
                )
            ],
        )


def _refused(directory: Path, observed: str) -> GuardRefused:
    return GuardRefused(
        str(directory),
        [
            Finding(
                code="model_not_supported",
                subject="config.json",
                expected="a classifier that gives one of several labels",
                observed=observed,
                remedy="train one classifier a label",
            )
        ],
    )


def _incomplete(directory: Path, missing: Sequence[str]) -> GuardRefused:
    return GuardRefused(
        str(directory),
        [
            Finding(
                code="model_incomplete",
                subject="model weights",
                expected="every weight of the classifier",
                observed=f"{len(missing)} are missing, the first is {missing[0]}",
                remedy="give the fine-tuned model, not the base that it started from",
            )
        ],
    )
