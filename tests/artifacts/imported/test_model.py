"""Model directories as other teams leave them: odd files, odd settings, odd sizes."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any, Never

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    AutoConfig,
    AutoModelForMaskedLM,
    AutoModelForMultipleChoice,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    BartConfig,
    BertConfig,
    MPNetConfig,
    PreTrainedTokenizerFast,
)

from artifacts.bundle.inference import logits_of
from artifacts.bundle.network import model_of
from artifacts.bundle.preprocessing import Preprocessing
from artifacts.bundle.tokenizer import SealedTokenizer
from artifacts.bundle.truncation import Ends, Truncation
from artifacts.imported.agreement import check_agreement
from artifacts.imported.model import read_model
from artifacts.tables import Table
from artifacts.training.wordpiece import SPECIAL_TOKENS
from guards.errors import CallError, GuardRefused
from guards.schema import CanonicalRow, Schema
from tests.models import save_model

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from transformers import PreTrainedModel

    from artifacts.imported.model import ImportedModel
    from guards.errors import Finding
    from guards.json_types import JsonObject

LABELS = ("contract", "invoice", "letter")
TEXTS = [
    "The Motion is DENIED.",
    "invoice 12,345.67 for Caf\u00e9 Z\u00fcrich",
    "",
    " ".join(map(str, range(300))),
]
TINY: JsonObject = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "num_labels": 3,
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return a plain BERT of another team, whose tokenizer takes 64 tokens."""
    return save_model(tmp_path / "model", "bert", LABELS, TEXTS)


def edit(file: Path, change: Callable[[JsonObject], None]) -> None:
    """Change a JSON file."""
    document = json.loads(file.read_bytes())
    change(document)
    file.write_text(json.dumps(document))


def refused(directory: Path) -> Finding:
    """Return the one finding about a model that must not be sealed."""
    with pytest.raises(GuardRefused) as refusal:
        read_model(directory, None)
    (finding,) = refusal.value.findings
    return finding


def a_table(texts: Sequence[str]) -> Table:
    """Return a table of these texts."""
    documents = [{"text": text, "features": {}} for text in texts]
    return Table("texts", documents, ["letter"] * len(texts), [*range(1, len(texts) + 1)])


def assert_as_the_library(found: ImportedModel, directory: Path) -> None:
    """Assert that texts give the logits that the library's own few lines give."""
    schema = Schema(("text",), (), (), LABELS)
    preprocessing = Preprocessing(schema, None, found.tokenizer, Truncation(found.max_length))
    ours = logits_of(
        found.network, preprocessing.encode(TEXTS, [CanonicalRow((), ())] * len(TEXTS))
    )
    theirs = AutoModelForSequenceClassification.from_pretrained(
        directory, dtype=torch.float32
    ).eval()
    batch = AutoTokenizer.from_pretrained(directory)(
        TEXTS, padding=True, truncation=True, max_length=found.max_length, return_tensors="pt"
    )
    with torch.inference_mode():
        expected = theirs(**batch).logits.numpy()
    np.testing.assert_allclose(ours, expected, atol=1e-5)


def _halve(directory: Path) -> None:
    _saved(directory).half().save_pretrained(directory)


def _shard(directory: Path) -> None:
    model = _saved(directory)
    (directory / "model.safetensors").unlink()
    model.save_pretrained(directory, max_shard_size="50KB")


def _as_torch_saves(directory: Path) -> None:
    torch.save(_saved(directory).state_dict(), directory / "pytorch_model.bin")
    (directory / "model.safetensors").unlink()


def _vocabulary_alone(directory: Path) -> None:
    vocabulary = Tokenizer.from_file(str(directory / "tokenizer.json")).get_vocab()
    (directory / "tokenizer.json").unlink()
    (directory / "vocab.txt").write_text("\n".join(sorted(vocabulary, key=vocabulary.__getitem__)))
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 64}
    (directory / "tokenizer_config.json").write_text(json.dumps(settings))


def _saved(directory: Path) -> PreTrainedModel:
    model: PreTrainedModel = AutoModelForSequenceClassification.from_pretrained(
        directory, dtype=torch.float32
    )
    return model


@pytest.mark.parametrize("leave", [_halve, _shard, _as_torch_saves, _vocabulary_alone])
def test_answers_are_those_of_the_library(directory: Path, leave: Callable[[Path], None]) -> None:
    """In whichever form weights and vocabulary are kept, the answers are the library's."""
    leave(directory)

    found = read_model(directory, None)

    assert found.max_length == 64
    assert_as_the_library(found, directory)
    assert {weights.dtype for weights in model_of(found.network).state_dict().values()} <= {
        torch.float32,
        torch.int64,
    }


def test_positions_that_start_late(directory: Path) -> None:
    """A family that numbers its positions from the padding token on has two fewer for text."""
    vocabulary = json.loads((directory / "config.json").read_bytes())["vocab_size"]
    edit(directory / "tokenizer_config.json", lambda one: one.pop("model_max_length"))
    config = MPNetConfig(vocab_size=vocabulary, max_position_embeddings=50, **TINY)
    AutoModelForSequenceClassification.from_config(config).save_pretrained(directory)

    found = read_model(directory, None)

    assert (found.max_length, found.max_length_from) == (48, "the positions")
    assert_as_the_library(found, directory)


def test_model_that_fails_on_a_long_text(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that its configuration promises too much of is refused, with what it raised."""
    vocabulary = json.loads((directory / "config.json").read_bytes())["vocab_size"]
    edit(directory / "tokenizer_config.json", lambda one: one.pop("model_max_length"))
    config = MPNetConfig(vocab_size=vocabulary, max_position_embeddings=50, **TINY)
    AutoModelForSequenceClassification.from_config(config).save_pretrained(directory)
    monkeypatch.setattr("artifacts.bundle.network._OFFSET_POSITIONS", frozenset())

    finding = refused(directory)

    assert finding.code == "model_not_supported"
    assert finding.observed.startswith("IndexError")


def test_one_output(directory: Path) -> None:
    """A network with a single output gives no one of several labels."""
    tokenizer = AutoTokenizer.from_pretrained(directory)
    config = BertConfig(vocab_size=len(tokenizer), **{**TINY, "num_labels": 1})
    AutoModelForSequenceClassification.from_config(config).save_pretrained(directory)

    finding = refused(directory)

    assert (finding.code, finding.observed) == ("model_not_supported", "one output")


def test_encoder_with_a_decoder(directory: Path) -> None:
    """A model that also writes is refused: its answer hangs on how its text ends."""
    config = BartConfig(
        vocab_size=100, d_model=16, encoder_layers=1, decoder_layers=1,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=16,
        decoder_ffn_dim=16,
    )  # fmt: skip
    AutoModelForSequenceClassification.from_config(config).save_pretrained(directory)

    assert refused(directory).code == "model_not_supported"


@pytest.mark.parametrize(
    ("kind", "observed"),
    [
        (AutoModelForTokenClassification, "a classifier of tokens"),
        (AutoModelForQuestionAnswering, "a model that finds answers in a text"),
        (AutoModelForMultipleChoice, "a model that chooses one of several texts"),
    ],
)
@pytest.mark.parametrize("family", ["bert", "modernbert"])
def test_head_of_another_task(tmp_path: Path, kind: Any, observed: str, family: str) -> None:  # noqa: ANN401 (a class of the library)
    """A model of another task is told as such, also where its weights have the same names."""
    directory = save_model(tmp_path / "model", family, LABELS, TEXTS)
    config = AutoConfig.from_pretrained(directory)
    kind.from_config(config).save_pretrained(directory)

    finding = refused(directory)

    assert finding.code == "model_not_supported"
    assert finding.observed.startswith(observed)


@pytest.mark.parametrize("embeddings", [False, True])
def test_model_without_a_classifier(directory: Path, *, embeddings: bool) -> None:
    """A language model and one of sentence embeddings are told as such: a classifier is missing."""
    config = AutoConfig.from_pretrained(directory)
    AutoModelForMaskedLM.from_config(config).save_pretrained(directory)
    if embeddings:
        (directory / "modules.json").write_text("[]")

    finding = refused(directory)

    assert finding.code == "model_incomplete"
    assert ("sentence embeddings" if embeddings else "BertForMaskedLM") in finding.remedy
    assert f"train --base {directory}" in finding.remedy


def test_name_of_the_class_is_no_head(directory: Path) -> None:
    """A complete classifier counts as one, whatever model its configuration was copied from."""
    edit(directory / "config.json", lambda one: one.update(architectures=["BertForMaskedLM"]))

    assert_as_the_library(read_model(directory, None), directory)


def test_quantised_weights(directory: Path) -> None:
    """Quantised weights are refused: read as they are they would be other numbers."""
    quantised = {"quant_method": "bitsandbytes", "load_in_8bit": True}
    edit(directory / "config.json", lambda one: one.update(quantization_config=quantised))

    finding = refused(directory)

    assert finding.code == "model_not_supported"
    assert "quantised" in finding.observed


@pytest.mark.parametrize("own_code", [False, True])
def test_nothing_is_fetched(
    directory: Path, monkeypatch: pytest.MonkeyPatch, *, own_code: bool
) -> None:
    """No connection is opened for kernels of others, nor for code, which is refused."""

    def connect(*_: object) -> Never:
        pytest.fail("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", connect)
    asked: JsonObject = {
        "_attn_implementation": "kernels-community/flash-attn",
        "attn_implementation": "kernels-community/flash-attn",
        "_name_or_path": "somebody/model",
    }
    edit(directory / "config.json", lambda one: one.update(asked))
    edit(
        directory / "tokenizer_config.json",
        lambda one: one.update(
            auto_map={"AutoTokenizer": ["somebody/model--code.Tokenizer", None]}
        ),
    )

    if own_code:
        remote = {"AutoModelForSequenceClassification": "somebody/model--modeling.Model"}
        edit(directory / "config.json", lambda one: one.update(auto_map=remote))
        assert "code of its own" in refused(directory).observed
        return

    found = read_model(directory, None)
    check_agreement(directory, found, a_table(TEXTS))

    assert found.network.config._attn_implementation in {"sdpa", "eager"}  # noqa: SLF001 (there is no other way to tell)


def test_kind_of_model_that_the_library_lacks(directory: Path) -> None:
    """A model of its own code is a wrong call, in one line."""
    edit(directory / "config.json", lambda one: one.update(model_type="ours-2"))

    with pytest.raises(CallError, match="no model there that the library has") as error:
        read_model(directory, None)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [None, "{", "[]"])
def test_directory_without_a_tokenizer(directory: Path, content: str | None) -> None:
    """A model without the tokenizer that it was trained with is a wrong call."""
    for file in directory.glob("*token*"):
        file.unlink()
    if content is not None:
        (directory / "tokenizer.json").write_text(content)

    with pytest.raises(CallError, match="no tokenizer there"):
        read_model(directory, None)


def test_special_tokens_that_only_the_library_adds(directory: Path) -> None:
    """A file without the special tokens that training saw is refused, and they are shown."""
    edit(directory / "tokenizer.json", lambda one: one.update(post_processor=None))
    edit(
        directory / "tokenizer_config.json",
        lambda one: one.update(tokenizer_class="BertTokenizer", do_lower_case=True),
    )

    finding = refused(directory)

    assert finding.code == "tokenizer_contradicts_itself"
    assert "[CLS]" not in finding.observed.partition(" by tokenizer.json")[0]
    assert "[CLS]" in finding.observed.partition(" by tokenizer.json")[2]


def _save_tokenizer(directory: Path, template: str) -> None:
    """Put a tokenizer of few words there, with special tokens around a text by the template."""
    words = {token: number for number, token in enumerate([*SPECIAL_TOKENS, "15", "1999"])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))  # noqa: S106 (a token of text)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=template, special_tokens=[(name, words[name]) for name in ("[CLS]", "[SEP]")]
    )
    for file in directory.glob("*token*"):
        file.unlink()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=16,
        pad_token="[PAD]",  # noqa: S106 (a token of text)
    ).save_pretrained(directory)


@pytest.mark.parametrize("template", ["[CLS] $A", "$A [SEP]", "[CLS] $A [SEP] [SEP]"])
def test_special_tokens_of_another_number(directory: Path, template: str) -> None:
    """However many special tokens open and close a text, a long one is cut as the library does."""
    _save_tokenizer(directory, template)

    assert_as_the_library(read_model(directory, None), directory)


def test_no_special_tokens(directory: Path) -> None:
    """A tokenizer that makes nothing of an empty text is refused: a network needs a token."""
    _save_tokenizer(directory, "$A")

    with pytest.raises(CallError, match="an empty one has no token"):
        read_model(directory, None)


def test_library_that_cuts_otherwise(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a long text would lose its closing token and the library keeps it: refused."""
    monkeypatch.setattr(SealedTokenizer, "ends", Ends(1, 0))

    finding = refused(directory)

    assert finding.code == "tokenizer_contradicts_itself"
    assert "closing special tokens" in finding.expected


@pytest.mark.parametrize("asked", [None, 32])
def test_truncation_at_the_left_in_the_file(directory: Path, asked: int | None) -> None:
    """A direction that training left in tokenizer.json counts as much as one in its settings."""
    baked = {"direction": "Left", "max_length": 17, "strategy": "LongestFirst", "stride": 0}
    edit(directory / "tokenizer.json", lambda one: one.update(truncation=baked))

    with pytest.raises(GuardRefused, match="truncation_side left"):
        read_model(directory, asked)
