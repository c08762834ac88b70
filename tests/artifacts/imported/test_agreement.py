"""Answers as the library gives them, for families of models, and models whose answers part."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from artifacts.bundle.inference import logits_of
from artifacts.bundle.preprocessing import Preprocessing
from artifacts.bundle.truncation import Truncation
from artifacts.imported.agreement import check_agreement
from artifacts.imported.model import read_model
from artifacts.tables import Table
from guards.errors import Finding, GuardRefused
from guards.schema import CanonicalRow, Schema
from load_tests.micro.family_models import FAMILIES, LABELS, TEXTS, write_model
from tests.models import save_joined_model, save_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from artifacts.pretrained.tokenizer import TokenizerFrom
    from guards.json_types import JsonObject

TABLE = Table(
    "texts",
    [{"text": text, "features": {}} for text in TEXTS],
    [LABELS[index % 3] for index in range(len(TEXTS))],
    [*range(1, len(TEXTS) + 1)],
)
TRIED = [*TEXTS[::9], "", "a", "\u4f60\u597d", " ".join(TEXTS)]


def refused(directory: Path) -> Finding:
    """Return the one finding about a model that can be read."""
    model = read_model(directory, None)
    with pytest.raises(GuardRefused) as refusal:
        check_agreement(directory, model, TABLE)
    (finding,) = refusal.value.findings
    return finding


def edit(file: Path, change: Callable[[JsonObject], None]) -> None:
    """Change a JSON file."""
    document = json.loads(file.read_bytes())
    change(document)
    file.write_text(json.dumps(document))


def scale(directory: Path, factors: dict[str, float]) -> None:
    """Multiply stored weights whose names end so."""
    weights = load_file(directory / "model.safetensors")
    for name in weights:
        for ending, factor in factors.items():
            if name.endswith(ending):
                weights[name] *= factor
    save_file(weights, directory / "model.safetensors", {"format": "pt"})


@pytest.mark.parametrize(
    ("family", "kind"),
    [
        ("ALBERT", "words"),
        ("DeBERTa-v2", "unigram"),
        ("XLM-R", "unigram"),
        ("XLNet", "wordpiece"),
        ("BigBird, full", "bytes"),
        ("Longformer", "bytes"),
    ],
)
def test_families_of_the_library(tmp_path: Path, family: str, kind: str) -> None:
    """Whatever the family and the tokenizer, the answers are those of the library's few lines."""
    write_model(tmp_path, FAMILIES[family], kind, own_class=False)
    model = read_model(tmp_path, None)
    check_agreement(tmp_path, model, TABLE)

    preprocessing = Preprocessing(
        Schema(("text",), (), (), LABELS), None, model.tokenizer, Truncation(model.max_length)
    )
    encodings = preprocessing.encode(TRIED, [CanonicalRow((), ())] * len(TRIED))
    ours = logits_of(model.network, encodings)

    theirs = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    with torch.inference_mode():
        expected = [
            theirs(**tokenizer(text, truncation=True, max_length=64, return_tensors="pt")).logits[0]
            for text in TRIED
        ]
    np.testing.assert_allclose(ours, torch.stack(expected), rtol=1e-5, atol=1e-5)
    assert np.ptp(ours, axis=0).min() > 1e-3  # the texts are told apart


def test_attention_that_a_short_text_switches_over(tmp_path: Path) -> None:
    """BigBird's sparse attention, which a short text switches off for good, is refused."""
    write_model(tmp_path, FAMILIES["BigBird"], "wordpiece", own_class=False)

    finding = refused(tmp_path)

    assert finding.code == "model_changes_itself"
    assert "--max-length" in finding.remedy


def test_sparse_attention_within_its_length(tmp_path: Path) -> None:
    """Where no text is long enough for sparse attention, the model is the same to all of them."""
    write_model(tmp_path, FAMILIES["BigBird"], "wordpiece", own_class=False)

    check_agreement(tmp_path, read_model(tmp_path, 14), TABLE)


def test_family_that_fails_on_an_empty_text(tmp_path: Path) -> None:
    """A model that cannot answer some text is refused, with the text and what was raised."""
    write_model(tmp_path, FAMILIES["Funnel"], "wordpiece", own_class=False)

    finding = refused(tmp_path)

    assert finding.code == "model_not_supported"
    assert finding.observed.startswith("RuntimeError for an empty text: ")


@pytest.mark.parametrize("segment", [0, 1])
def test_segments_that_the_tokenizer_marks(tmp_path: Path, segment: int) -> None:
    """A model whose tokenizer marks segments that a bundle does not hold is refused with that."""
    directory = save_model(tmp_path, "bert", LABELS, TEXTS)

    def mark(tokenizer: JsonObject) -> None:
        for piece in tokenizer["post_processor"]["single"]:
            next(iter(piece.values()))["type_id"] = segment

    edit(directory / "tokenizer.json", mark)
    names = ["input_ids", "token_type_ids", "attention_mask"]
    edit(directory / "tokenizer_config.json", lambda one: one.update(model_input_names=names))
    if segment == 0:
        check_agreement(directory, read_model(directory, None), TABLE)
        return

    finding = refused(directory)

    assert finding.code == "answers_differ"
    assert "token_type_ids 1" in finding.remedy


@pytest.mark.parametrize("choice", [None, "file"])
def test_segments_of_a_class_that_no_file_names(
    tmp_path: Path, choice: TokenizerFrom | None
) -> None:
    """Segments in tokenizer.json count, though today's library returns none."""
    directory = save_model(tmp_path, "bert", LABELS, TEXTS)

    def mark(tokenizer: JsonObject) -> None:
        next(iter(tokenizer["post_processor"]["single"][0].values()))["type_id"] = 1

    edit(directory / "tokenizer.json", mark)
    edit(directory / "tokenizer_config.json", lambda one: one.pop("model_input_names", None))
    model = read_model(directory, None, choice)

    with pytest.raises(GuardRefused, match="token_type_ids 0, 1"):
        check_agreement(directory, model, TABLE)


def test_reading_that_was_settled_is_compared(tmp_path: Path) -> None:
    """Once tokenizer.json was said to count, the library's other reading of rows is no matter."""
    write_model(tmp_path, FAMILIES["BERT"], "wordpiece", own_class=True)
    word = TEXTS[0].split()[-1].lower()

    def replace(tokenizer: JsonObject) -> None:
        first = {"type": "Replace", "pattern": {"String": word}, "content": "x"}
        steps = [tokenizer["normalizer"], first]
        tokenizer["normalizer"] = {"type": "Sequence", "normalizers": steps}

    edit(tmp_path / "tokenizer.json", replace)
    with pytest.raises(GuardRefused, match="whose normalizer differs"):
        read_model(tmp_path, None, None, TABLE)

    check_agreement(tmp_path, read_model(tmp_path, None, "file", TABLE), TABLE)


@pytest.mark.parametrize(
    "factors",
    [
        {"intermediate.dense.weight": 1e14, "output.dense.weight": 1e14},
        {"LayerNorm.weight": 1e14, "dense.weight": 1e14},
    ],
)
def test_finite_weights_that_overflow(tmp_path: Path, factors: dict[str, float]) -> None:
    """Weights that are finite, each by itself, and answers that are not."""
    directory = save_model(tmp_path, "bert", LABELS, TEXTS)
    scale(directory, factors)

    finding = refused(directory)

    assert finding.code == "answers_not_finite"
    assert finding.observed.startswith("no finite number for ")


def test_network_of_ours(tmp_path: Path) -> None:
    """A network of ours, which the library does not have, has to answer every text as well."""
    directory = save_joined_model(tmp_path, LABELS, TEXTS, 5)
    check_agreement(directory, read_model(directory, None), TABLE)

    scale(directory, {"intermediate.dense.weight": 1e14, "output.dense.weight": 1e14})

    assert refused(directory).code == "answers_not_finite"


@pytest.mark.parametrize(
    "settings",
    [
        {"_attn_implementation": "eager"},
        {"output_attentions": True},
        {"hidden_act": "relu"},
        {"layer_norm_eps": 0.1},
        {"is_decoder": True},
    ],
)
def test_settings_are_read_as_the_library_reads_them(tmp_path: Path, settings: JsonObject) -> None:
    """Whatever the configuration sets, the network that is sealed has it as the library's has."""
    directory = save_model(tmp_path, "bert", LABELS, TEXTS)
    edit(directory / "config.json", lambda one: one.update(settings))

    check_agreement(directory, read_model(directory, None), TABLE)
