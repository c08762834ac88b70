"""Compare a classifier that is to be sealed with the library's own call, on real and odd texts."""

from __future__ import annotations

import inspect
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification

from artifacts.bundle.inference import logits_of
from artifacts.bundle.network import TextClassifier, harmless_fields, model_of
from artifacts.bundle.preprocessing import Encoding, Preprocessing
from artifacts.bundle.tokenizer import SealedTokenizer
from artifacts.bundle.truncation import Truncation
from artifacts.pretrained.answers import (
    check_equal,
    check_finite_answer,
    check_unchanged,
    difference_of,
    largest_weights,
)
from artifacts.pretrained.configuration import refused
from artifacts.pretrained.weights import load
from artifacts.progress import Progress
from guards.errors import Finding, GuardRefused, first_line
from guards.schema import CanonicalRow, Schema

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from transformers import PreTrainedModel

    from artifacts.bundle.network import Network
    from artifacts.imported.model import ImportedModel
    from artifacts.tables import Table

__all__ = ["check_agreement"]

_ROWS = 12
_MANY_WORDS = 2000
_ODD = {
    "an empty text": "",
    "a text of one letter": "a",
    "a text of spaces": "  \n\t ",
    "a text of many numbers": " ".join(map(str, range(_MANY_WORDS))),
    "a text of one long word": "x" * _MANY_WORDS,
    "a text of several scripts": "\u0645\u0631\u062d\u0628\u0627 \u4f60\u597d "
    "\u0915\u0947 caf\u00e9 cafe\u0301 \U0001f600",
    "a text of punctuation": "12,345.67 $ % # @ -- ...",
}
"""Texts that no table may hold, and that may arrive."""


class _Trial(NamedTuple):
    """A text, its encoding, and what it is called in a finding, which never shows the text."""

    name: str
    text: str
    encoding: Encoding


def check_agreement(directory: Path, model: ImportedModel, table: Table) -> None:
    """Refuse a model that would answer otherwise when sealed than the library answers with it.

    Logits are compared on rows of ``table`` and on long, short and odd texts: with those of the
    library's model, loaded once more, which gets everything that the library's tokenizer returns;
    and with the model's own after other texts. All have to be finite, also for the tokens with the
    largest embeddings. Raises ``GuardRefused`` with a finding that names the text.
    """
    source = f"--model {directory}"
    trials = _trials(model, table)
    answers = _own_answers(source, model.network, trials)
    _check_largest(source, model, trials[-1].encoding)  # the shortest text is the empty one
    if isinstance(model.network, TextClassifier):
        _check_library(source, directory, model, trials, answers)


def _trials(model: ImportedModel, table: Table) -> list[_Trial]:
    """Return some rows of a table, its longest and shortest among them, and odd texts.

    Those of the most tokens come first: a model may change itself when it meets a short text.
    """
    written = [document["text"] for document in table.documents]
    by_length = sorted(range(len(written)), key=lambda index: len(written[index]))
    spread = np.linspace(0, len(written) - 1, min(_ROWS, len(written))).astype(int).tolist()
    rows = sorted({*spread, by_length[0], by_length[-1]})
    texts = {f"row {table.rows[index]}": written[index] for index in rows} | _ODD
    preprocessing = Preprocessing(
        Schema(("text",), (), (), ()), None, model.tokenizer, Truncation(model.max_length)
    )
    encodings = preprocessing.encode([*texts.values()], [CanonicalRow((), ())] * len(texts))
    columns = np.zeros(getattr(model.network.config, "columns_width", 0))
    trials = [
        _Trial(name, text, replace(encoding, columns=columns))
        for (name, text), encoding in zip(texts.items(), encodings, strict=True)
    ]
    return sorted(trials, key=lambda trial: -trial.encoding.tokens)


def _own_answers(source: str, network: Network, trials: Sequence[_Trial]) -> list[torch.Tensor]:
    """Return the logits of each text, each float32 [1, classes]; refuse what is no answer."""
    with Progress("comparing with the library", 2 * len(trials), "texts") as progress:

        def answer(index: int) -> torch.Tensor:
            progress.update()
            try:
                return torch.from_numpy(logits_of(network, [trials[index].encoding]))
            except Exception as error:  # noqa: BLE001 (whatever goes wrong here is a refusal)
                observed = f"{type(error).__name__} for {trials[index].name}: {first_line(error)}"
                remedy = "give a model that answers every text"
                raise refused(source, observed, remedy) from None

        answers = check_unchanged(source, [trial.name for trial in trials], answer)
    for trial, logits in zip(trials, answers, strict=True):
        check_finite_answer(source, trial.name, logits)
    return answers


def _check_largest(source: str, model: ImportedModel, encoding: Encoding) -> None:
    """Refuse a model that has no finite answer for some token; ``encoding`` is of an empty text."""
    weight = model_of(model.network).get_input_embeddings().get_parameter("weight")
    opening = SealedTokenizer(model.tokenizer).ends.opening
    tokens = largest_weights(weight)
    answers = logits_of(
        model.network,
        [
            replace(encoding, token_ids=np.insert(encoding.token_ids, opening, token, axis=1))
            for token in tokens
        ],
    )
    for token, answer in zip(tokens, torch.from_numpy(answers), strict=True):
        name = f"a text of the token {model.tokenizer.id_to_token(token)!r}"
        check_finite_answer(source, name, answer)


def _check_library(
    source: str,
    directory: Path,
    model: ImportedModel,
    trials: Sequence[_Trial],
    answers: Sequence[torch.Tensor],
) -> None:
    """Refuse other answers than those of the library's model, which is loaded once more."""
    config = type(model_of(model.network).config).from_dict(harmless_fields(model.config))
    theirs = load(AutoModelForSequenceClassification, directory, config, source).model
    for trial, answer in zip(trials, answers, strict=True):
        inputs = _inputs(source, model, trial)
        check_equal(
            source,
            trial.name,
            answer,
            _call(theirs, inputs),
            to="the answer that the library gives with its own tokenizer",
            remedy=partial(_remedy, theirs, inputs, answer),
        )


def _inputs(source: str, model: ImportedModel, trial: _Trial) -> dict[str, torch.Tensor]:
    """Return what the library's tokenizer makes of a text, which the same tokens have to be."""
    encoded = model.tokenizer_of_library(trial.text, truncation=True, max_length=model.max_length)
    if [encoded["input_ids"]] != trial.encoding.token_ids.tolist():
        finding = Finding(
            code="tokenizer_contradicts_itself",
            subject="tokenizer",
            expected="the token ids that the library's tokenizer gives",
            observed=f"{trial.name} has others",
        )
        raise GuardRefused(source, [finding])
    return {name: torch.tensor([values]) for name, values in encoded.items()}


def _call(model: PreTrainedModel, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return the logits of the library's own call, float32 [1, classes].

    As its Trainer does, it passes on what the model takes.
    """
    taken = inspect.signature(model.forward).parameters
    with torch.inference_mode():
        logits: torch.Tensor = model(**{k: v for k, v in inputs.items() if k in taken}).logits
    return logits


def _remedy(model: PreTrainedModel, inputs: dict[str, torch.Tensor], answer: torch.Tensor) -> str:
    """Return what to do where answers differ: by segments, if these make the difference."""
    by_ids_alone = _call(model, {"input_ids": inputs["input_ids"]})
    if "token_type_ids" not in inputs or difference_of(answer, by_ids_alone) is not None:
        return ""
    segments = sorted({*inputs["token_type_ids"].ravel().tolist()})
    return (
        "its tokenizer marks segments of a text (token_type_ids "
        f"{', '.join(map(str, segments))}), which a bundle does not hold; train a model without "
        "them, such as BERT or RoBERTa"
    )
