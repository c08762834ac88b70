"""Read a classifier from a directory that the transformers library wrote."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transformers import AutoModelForSequenceClassification

from artifacts.bundle.inference import logits_of
from artifacts.bundle.network import (
    DocumentClassifier,
    DocumentClassifierConfig,
    Network,
    TextClassifier,
    positions_of,
    token_rows,
)
from artifacts.bundle.preprocessing import Preprocessing
from artifacts.bundle.truncation import Truncation
from artifacts.pretrained.configuration import (
    CLASSIFIER,
    check_supported,
    class_names,
    notes_on_classes,
    parse_config,
    read_config,
    refused,
)
from artifacts.pretrained.directory import check_files
from artifacts.pretrained.tokenizer import (
    TokenizerFrom,
    check_vocabulary,
    contradiction,
    read_tokenizers,
)
from artifacts.pretrained.weights import (
    check_embedding,
    check_finite,
    check_places,
    check_precision,
    load,
)
from guards.errors import CallError, first_line
from guards.schema import CanonicalRow, Schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tokenizers import Tokenizer

    from artifacts.pretrained.readings import LibraryTokenizer
    from artifacts.tables import Table
    from guards.json_types import JsonObject

__all__ = ["ImportedModel", "read_model"]

_LONG = " ".join(map(str, range(2000)))
"""A text that most models truncate, and whose end differs from where it is truncated."""

_TEXT_ONLY = Schema(("text",), (), (), ())

_DEFAULT_LENGTH = 512
"""The length if neither files nor positions set one."""

_MAX_LENGTH = 100_000
"""Tokenizers without a maximum length have a number far beyond this in their files."""


_OTHER_TASKS = {
    "ForMultipleChoice": "a model that chooses one of several texts",
    "ForNextSentencePrediction": "a model that says whether one text follows another",
    "ForQuestionAnswering": "a model that finds answers in a text",
    "ForTokenClassification": "a classifier of tokens",
}
"""What classes of the library are, whose weights may look like those of a sequence classifier."""

_LANGUAGE_MODELS = ("ForMaskedLM", "ForPreTraining", "LMHeadModel", "ForCausalLM")


@dataclass(frozen=True, slots=True)
class ImportedModel:
    """A model that was read, with its configuration as it is written.

    ``tokenizer_of_library`` is the library's own; ``max_length_from`` says in words where the
    length was found, and ``tokenizer_from`` which reading of the tokenizer's files it is; ``notes``
    are to be read.
    """

    network: Network
    config: JsonObject
    tokenizer_of_library: LibraryTokenizer
    tokenizer: Tokenizer
    max_length: int
    max_length_from: str
    tokenizer_from: TokenizerFrom
    notes: tuple[str, ...]


def read_model(
    directory: Path,
    max_length: int | None,
    tokenizer_from: TokenizerFrom | None = None,
    table: Table | None = None,
) -> ImportedModel:
    """Read a fine-tuned sequence classifier, as ``save_pretrained`` wrote it with its tokenizer.

    The tokenizer has to encode all rows of ``table``.

    Raises ``CallError`` if there is none, and ``GuardRefused`` for one that would not answer as it
    did in training.
    """
    source = f"--model {directory}"
    notes = check_files(directory, source)
    config = read_config(directory, source)
    network = _network(directory, config, source)
    notes += [*notes_on_classes(config), *check_precision(directory, source)]
    library, read = read_tokenizers(directory, source, tokenizer_from, table)
    length, length_from = _max_length(directory, network, max_length)
    check_vocabulary(directory, token_rows(network), read.tokenizer)
    preprocessing = Preprocessing(_TEXT_ONLY, None, read.tokenizer, Truncation(length))
    _check_long_text(directory, network, library, preprocessing)
    return ImportedModel(
        network=network,
        config=config,
        tokenizer_of_library=library,
        tokenizer=read.tokenizer,
        max_length=length,
        max_length_from=length_from,
        tokenizer_from=read.tokenizer_from,
        notes=(*notes, *read.notes),
    )


def _network(directory: Path, config: JsonObject, source: str) -> Network:
    parsed = parse_config(config, source)
    check_supported(
        config, parsed, source, "AutoModelForSequenceClassification", expected=CLASSIFIER
    )
    for observed, remedy in _no_classifier(config):
        raise refused(source, observed, remedy)
    ours = isinstance(parsed, DocumentClassifierConfig)
    kind: Any = DocumentClassifier if ours else AutoModelForSequenceClassification
    loaded = load(kind, directory, parsed, source)
    remedy = _remedy(directory, config)
    check_places(source, loaded, loaded.missing, loaded.unexpected, remedy)
    check_finite(source, loaded.model)
    check_embedding(source, loaded.model, CLASSIFIER)
    if (parsed.num_labels or 0) < 2:  # noqa: PLR2004 (two classes make a choice)
        raise refused(source, "one output", "train with two labels or more (`num_labels`)")
    model = loaded.model
    return model if isinstance(model, DocumentClassifier) else TextClassifier(model)


def _no_classifier(config: JsonObject) -> Iterator[tuple[str, str]]:
    """Yield why a model does not choose one of several labels, and what to do about it."""
    if config.get("problem_type") == "multi_label_classification":
        yield "problem_type multi_label_classification", "train one classifier a label"
    if config.get("problem_type") == "regression":
        yield "problem_type regression", "train a classifier of ranges of the number"
    for name in class_names(config.get("architectures")):
        for task, description in _OTHER_TASKS.items():
            if name.endswith(task):
                yield f"{description} ({name})", "train a model to choose one label for a text"


def _remedy(directory: Path, config: JsonObject) -> str:
    """Return what to do where weights of the classifier are missing."""
    if (directory / "modules.json").is_file():
        return (
            "it is a model of sentence embeddings; train a classifier on it: "
            f"`understudy train --base {directory} …`"
        )
    for name in class_names(config.get("architectures")):
        if name.endswith(_LANGUAGE_MODELS):
            return (
                f"it is a language model ({name}); train a classifier on it: "
                f"`understudy train --base {directory} …`"
            )
    return ""


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
            observed = f"{type(error).__name__}: {first_line(error)}"
            remedy = (
                "give --max-length the number of tokens that the model takes; where it is shorter "
                "already, give a model that answers two texts in one batch"
            )
            source = f"--model {directory}"
            raise refused(source, observed, remedy) from None


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
    except (OSError, RecursionError, ValueError):
        return None
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, int) and 0 < value < _MAX_LENGTH else None
