"""Configurations of models that no bundle can hold, and settings that change nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from transformers import BartConfig, MT5Config, T5Config

from artifacts.pretrained.configuration import (
    ENCODER,
    check_supported,
    notes_on_classes,
    parse_config,
    read_config,
)
from guards.errors import CallError, GuardRefused

if TYPE_CHECKING:
    from pathlib import Path

    from guards.json_types import JsonObject

BERT: JsonObject = {"model_type": "bert", "num_hidden_layers": 1}


def check(config: JsonObject) -> None:
    """Check a configuration as one of a classifier on an encoder."""
    parsed = parse_config(config, "--model here")
    kind = "AutoModelForSequenceClassification"
    check_supported(config, parsed, "--model here", kind, expected=ENCODER)


@pytest.mark.parametrize("kind", [BartConfig, MT5Config, T5Config])
@pytest.mark.parametrize("told", [False, True])
def test_encoder_with_a_decoder(kind: type, *, told: bool) -> None:
    """A family with a decoder is told by its kind, whether or not the configuration says so."""
    config = kind().to_dict()
    if not told:
        del config["is_encoder_decoder"]

    with pytest.raises(GuardRefused, match="an encoder with a decoder"):
        check(config)


@pytest.mark.parametrize("method", ["bitsandbytes", "gptq", "awq", "fp8"])
def test_quantised(method: str) -> None:
    """Quantised weights are refused, by whichever method."""
    with pytest.raises(GuardRefused, match=r"expected  an encoder .*\n.* quantised weights"):
        check({**BERT, "quantization_config": {"quant_method": method}})


def test_code_of_its_own() -> None:
    """A classifier that runs code of its own is refused; that of another class has no effect."""
    check({**BERT, "auto_map": {"AutoModelForMaskedLM": "modeling.Masked"}})

    with pytest.raises(GuardRefused, match=r"runs code of its own \(modeling.Classifier"):
        check({**BERT, "auto_map": {"AutoModelForSequenceClassification": "modeling.Classifier"}})


@pytest.mark.parametrize(
    "settings",
    [
        {"architectures": ["SomebodysClassifier"]},
        {"return_dict": False},
        {"use_return_dict": False},
        {"output_attentions": True},
        {"output_hidden_states": True},
        {"torchscript": True},
        {"torch_dtype": "float16"},
        {"transformers_version": "3.0.2"},
        {"use_cache": False},
        {"gradient_checkpointing": True},
        {"our_run": {"name": "seven", "tags": [1, 2]}},
        {"_name_or_path": "somebody/model"},
        {"quantization_config": None},
        {"auto_map": {}},
    ],
)
def test_settings_without_effect(settings: JsonObject) -> None:
    """What does not change the answers is no reason to refuse."""
    check({**BERT, **settings})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '"bert"',
        '{"id2label": {"0": "a", "0": "b"}}',
        '{"num_labels": 2, "num_labels": 3}',
        '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}",
    ],
    ids=["empty", "a list", "cut", "a text", "a label twice", "a name twice", "nested"],
)
def test_no_configuration(tmp_path: Path, content: str) -> None:
    """What is no JSON object, says a name twice or nests deeply is a wrong call in one line."""
    (tmp_path / "config.json").write_text(content)

    with pytest.raises(CallError, match="--model here: no model there") as error:
        read_config(tmp_path, "--model here")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({}, "has no model_type"),
        ({"model_type": "ours-2"}, "has the model_type 'ours-2'"),
        ({"model_type": 7}, "has the model_type 7"),
        ({"model_type": ["bert"]}, "has the model_type"),
    ],
)
def test_kind_of_model_that_the_library_lacks(config: JsonObject, named: str) -> None:
    """A configuration of no known kind is a wrong call, which does not list all the known ones."""
    with pytest.raises(CallError, match="no model there that the library has") as error:
        parse_config(json.loads(json.dumps(config)), "--model here")
    assert named in str(error.value)
    assert "albert" not in str(error.value)


@pytest.mark.parametrize(
    ("architectures", "noted"),
    [
        (["BertForSequenceClassification"], False),
        ("BertForSequenceClassification", False),
        (["TFBertForSequenceClassification"], False),
        (["DocumentClassifier"], False),
        (None, False),
        (7, False),
        (["BertMeanPoolClassifier"], True),
        ("MyNet", True),
    ],
)
def test_classes_that_the_library_lacks(architectures: object, *, noted: bool) -> None:
    """Of a model that somebody's own class saved, a note says what cannot be seen."""
    notes = notes_on_classes({**BERT, "architectures": architectures})

    assert len(notes) == noted
    assert all("that the library does not have" in note for note in notes)


@pytest.mark.parametrize("text", ["[" * 200_000, '{"model_type":' * 200_000])
def test_a_configuration_of_brackets_alone_is_told(tmp_path: Path, text: str) -> None:
    """It is a wrong call, and no error of the parser's."""
    (tmp_path / "config.json").write_text(text)

    with pytest.raises(CallError, match=r"config\.json cannot be read"):
        read_config(tmp_path, "--model here")


def test_more_labels_than_anybody_has_are_told() -> None:
    """The library would make a name for each."""
    with pytest.raises(CallError, match="num_labels of at most 100000"):
        parse_config({**BERT, "num_labels": 10**12}, "--model here")


def test_a_model_of_images() -> None:
    """A kind that takes no text is refused by its name."""
    with pytest.raises(GuardRefused, match="a model of model_type 'vit'"):
        check({"model_type": "vit"})


def test_settings_of_which_the_library_makes_nothing() -> None:
    """What the library raises is a wrong call in one line."""
    with pytest.raises(CallError, match="--model here: no model there that the library has"):
        parse_config({**BERT, "id2label": 7}, "--model here")
