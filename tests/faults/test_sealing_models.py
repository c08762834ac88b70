"""Models and tokenizers from elsewhere that would answer otherwise than in training."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save
from transformers import AutoModelForSequenceClassification, AutoTokenizer, BertConfig, BertModel

from artifacts.bundle.inference import probabilities_of
from artifacts.bundle.opening import open_bundle
from artifacts.imported.import_model import ImportOptions, import_model
from artifacts.tables import ColumnRoles, Table, as_table
from guards.errors import CallError, GuardRefused
from tests.artifacts.imported.elsewhere import LABELS
from tests.artifacts.imported.test_columns import table
from tests.faults.resealing import edit_json, findings_of, the_finding
from tests.models import save_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from artifacts.sealing.measure_and_seal import SealingReport
    from guards.errors import Finding
    from guards.json_types import JsonObject

    Copy = Callable[[Path], Path]

TEXT_ALONE = ColumnRoles(("text",), "label")


def text_table() -> Table:
    """Return the table without its columns."""
    return as_table(table(), TEXT_ALONE, "the table")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Return a plain BERT of another team."""
    return save_model(tmp_path / "model", "bert", LABELS, list(table()["text"]))


def seal_model(model: Path, **options: Any) -> SealingReport:  # noqa: ANN401 (of many types)
    """Seal a model beside itself."""
    destination = model.parent / "sealed" / "1"
    return import_model(
        text_table(), TEXT_ALONE, destination, ImportOptions(model, accelerate=False, **options)
    )


def refused(model: Path) -> Finding:
    """Return the one finding about a model that must not be sealed."""
    with pytest.raises(GuardRefused) as refusal:
        seal_model(model)
    assert not (model.parent / "sealed").exists()
    (finding,) = refusal.value.findings
    return finding


def edit(file: Path, change: Callable[[JsonObject], None]) -> None:
    """Change a JSON file of a model."""
    document = json.loads(file.read_bytes())
    change(document)
    file.write_text(json.dumps(document))


def test_case_in_one_file_against_the_other(model: Path) -> None:
    """A tokenizer whose files disagree about case is refused: training used one of the two."""
    cased = {"type": "BertNormalizer", "lowercase": False, "strip_accents": None}
    cased |= {"clean_text": True, "handle_chinese_chars": True}
    edit(model / "tokenizer.json", lambda one: one.update(normalizer=cased))
    edit(
        model / "tokenizer_config.json",
        lambda one: one.update(tokenizer_class="BertTokenizer", do_lower_case=True),
    )

    finding = refused(model)

    assert finding.code == "tokenizer_contradicts_itself"
    assert "tokenizer_config.json" in finding.expected


def test_reading_of_the_tokenizer_that_somebody_chose(model: Path) -> None:
    """Where the files of a tokenizer disagree, the option settles it, and the lineage has it."""
    edit(model / "tokenizer_config.json", lambda one: one.update(tokenizer_class="BertTokenizer"))
    edit(model / "tokenizer_config.json", lambda one: one.update(do_lower_case=False))
    assert "--tokenizer-from library" in refused(model).remedy

    seal_model(model, tokenizer_from="library")

    bundle = open_bundle(model.parent / "sealed" / "1")
    assert bundle.manifest.lineage["tokenizer_from"] == "library"
    assert '"lowercase":false' in bundle.preprocessing.tokenizer.to_str()


def test_text_that_is_cut_at_its_beginning(model: Path) -> None:
    """A model that was trained on the ends of texts is refused: service would keep beginnings."""
    edit(model / "tokenizer_config.json", lambda one: one.update(truncation_side="left"))

    finding = refused(model)

    assert finding.code == "tokenizer_contradicts_itself"
    assert finding.observed == "truncation_side left"


def _bake(tokenizer: JsonObject) -> None:
    tokenizer["truncation"] = {
        "direction": "Right", "max_length": 17, "strategy": "LongestFirst", "stride": 0,
    }  # fmt: skip
    tokenizer["padding"] = {
        "strategy": {"Fixed": 17}, "direction": "Right", "pad_to_multiple_of": None,
        "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "length", "source"),
    [(None, 17, "tokenizer.json"), (12, 12, "--max-length")],
)
def test_length_that_training_left_behind(
    model: Path, asked: int | None, length: int, source: str
) -> None:
    """Truncation in the tokenizer's file says how long texts were; its padding is left out."""
    edit(model / "tokenizer.json", _bake)

    report = seal_model(model, max_length=asked)

    bundle = open_bundle(model.parent / "sealed" / "1")
    assert bundle.manifest.text.max_length == length
    assert report.notes[0] == f"texts are cut to {length} tokens, from {source}"
    rows = bundle.preprocessing.canonical([{"features": {}}] * 2)
    short, long = bundle.preprocessing.encode(["word", "word " * 99], rows)
    assert (short.tokens < length, long.tokens) == (True, length)


def test_no_length_anywhere(model: Path) -> None:
    """Where no file says how long texts were, the positions do; more than those is a wrong call."""
    edit(model / "tokenizer_config.json", lambda one: one.pop("model_max_length"))

    assert "128 tokens, from the positions" in seal_model(model).notes[0]
    with pytest.raises(CallError, match="the model has 128 positions"):
        import_model(
            text_table(),
            TEXT_ALONE,
            model.parent / "longer" / "1",
            ImportOptions(model, max_length=129, accelerate=False),
        )


def test_tokens_without_embeddings(model: Path) -> None:
    """A tokenizer with a token more than the network has rows is refused."""
    rows = json.loads((model / "config.json").read_bytes())["vocab_size"]
    edit(model / "tokenizer.json", lambda one: one["model"]["vocab"].update(understudy=rows))

    finding = refused(model)

    assert finding.code == "vocabulary_mismatch"
    assert finding.observed == f"token id {rows}"


TWELVE = tuple(f"class {number}" for number in range(12))


def test_labels_sorted_as_strings(tmp_path: Path) -> None:
    """Twelve labels in the order 0, 1, 10, 11, 2 … are refused, and the order is named."""
    frame = table()
    frame["label"] = [TWELVE[row % 12] for row in range(len(frame))]
    model = save_model(tmp_path / "model", "bert", TWELVE, list(frame["text"]))
    sealed = tmp_path / "sealed" / "1"
    import_model(
        as_table(frame, TEXT_ALONE, "t"),
        TEXT_ALONE,
        sealed,
        ImportOptions(model, accelerate=False),
    )
    places = sorted(map(str, range(12)))

    def sort_as_strings(config: JsonObject) -> None:
        config["id2label"] = {str(n): TWELVE[int(places[n])] for n in range(12)}

    edit_json(sealed, "model/config.json", sort_as_strings)

    finding = the_finding(findings_of(sealed), "labels_changed", "model/config.json")

    assert "id2label" in finding.observed
    assert "sorted as" in finding.observed


def test_labels_that_were_never_told(tmp_path: Path) -> None:
    """LABEL_0 and so on are the table's numbers; with names in the table nobody can tell."""
    frame = table()
    generic = tuple(f"LABEL_{place}" for place in range(3))
    model = save_model(tmp_path / "model", "bert", generic, list(frame["text"]))
    with pytest.raises(CallError, match="id2label"):
        seal_model(model)
    frame["label"] = [row % 3 for row in range(len(frame))]
    numbered = as_table(frame, TEXT_ALONE, "the table")

    import_model(
        numbered, TEXT_ALONE, tmp_path / "sealed" / "1", ImportOptions(model, accelerate=False)
    )

    assert open_bundle(tmp_path / "sealed" / "1").labels == ("0", "1", "2")


def test_base_without_a_classifier(model: Path) -> None:
    """A base model is told from a fine-tuned one by the weights that it lacks."""
    config = BertConfig.from_pretrained(model)
    BertModel(config).save_pretrained(model)

    finding = refused(model)

    assert finding.code == "model_incomplete"
    assert "classifier" in finding.observed


@pytest.mark.parametrize(
    ("setting", "remedy"),
    [
        ({"problem_type": "multi_label_classification"}, "one classifier a label"),
        ({"problem_type": "regression"}, "ranges of the number"),
        ({"is_encoder_decoder": True}, "an encoder alone"),
        ({"quantization_config": {"load_in_8bit": True}}, "before its weights were quantised"),
    ],
)
def test_models_that_cannot_be_served(model: Path, setting: JsonObject, remedy: str) -> None:
    """What does not choose one of several labels is refused, each kind with its own remedy."""
    edit(model / "config.json", lambda config: config.update(setting))

    finding = refused(model)

    assert finding.code == "model_not_supported"
    assert remedy in finding.remedy


@pytest.mark.parametrize("calibrate", [True, False])
@pytest.mark.parametrize("family", ["bert", "distilbert", "roberta", "modernbert"])
def test_answers_are_those_of_the_library(tmp_path: Path, family: str, *, calibrate: bool) -> None:
    """The sealed bundle answers as the team's own few lines of code do."""
    texts = list(table()["text"])
    model = save_model(tmp_path / "model", family, LABELS, texts)
    seal_model(model, calibrate=calibrate)
    bundle = open_bundle(tmp_path / "sealed" / "1")
    tokenizer = AutoTokenizer.from_pretrained(model)
    theirs = AutoModelForSequenceClassification.from_pretrained(model).eval()

    rows = bundle.preprocessing.canonical([{"features": {}}] * len(texts))
    encodings = bundle.preprocessing.encode(texts, rows)
    ours = probabilities_of(bundle.network, bundle.manifest.temperature, encodings)

    with torch.inference_mode():
        logits = theirs(**tokenizer(texts, padding=True, return_tensors="pt")).logits
    scaled = torch.softmax(logits / bundle.manifest.temperature, dim=1).numpy()
    np.testing.assert_allclose(ours, scaled, atol=1e-5)
    assert (bundle.manifest.temperature == 1.0) is not calibrate


def test_half_precision_is_sealed_in_full(model: Path) -> None:
    """Weights in bfloat16 are kept exactly, as float32."""
    theirs = AutoModelForSequenceClassification.from_pretrained(model).to(torch.bfloat16)
    theirs.save_pretrained(model)

    seal_model(model)

    sealed = load((model.parent / "sealed" / "1" / "model" / "model.safetensors").read_bytes())
    name = "classifier.weight"
    assert sealed[name].dtype == np.float32
    np.testing.assert_array_equal(sealed[name], theirs.state_dict()[name].float().numpy())


def test_configuration_that_asks_for_code(model: Path, tmp_path: Path) -> None:
    """A configuration that names code of its own has none of it run, when sealing or opening."""
    trace = tmp_path / "executed"
    (model / "evil.py").write_text(f"import os; os.mkdir({str(trace)!r})\n")
    remote = {
        "AutoConfig": "evil.Config",
        "AutoModelForSequenceClassification": "evil.Model",
    }
    seal_model(model)
    sealed = model.parent / "sealed" / "1"
    edit_json(
        sealed,
        "model/config.json",
        lambda config: config.update(auto_map=remote, _attn_implementation="evil/kernel"),
    )
    edit(model / "config.json", lambda config: config.update(auto_map=remote))

    open_bundle(sealed)
    with pytest.raises(GuardRefused, match="code of its own"):
        import_model(
            text_table(),
            TEXT_ALONE,
            tmp_path / "second" / "1",
            ImportOptions(model, accelerate=False),
        )

    assert not trace.exists()


def test_answers_that_fit_exchanged_labels(model: Path) -> None:
    """A model whose labels are numbered otherwise than in training is refused, unless accepted."""
    frame = table()
    answers = _balanced_answers(model, list(frame["text"]))
    exchanged = {0: 1, 1: 2, 2: 0}
    frame["label"] = [LABELS[exchanged[answer]] for answer in answers]
    permuted = as_table(frame, TEXT_ALONE, "the table")
    destination = model.parent / "sealed" / "1"

    with pytest.raises(GuardRefused) as refusal:
        import_model(permuted, TEXT_ALONE, destination, ImportOptions(model, accelerate=False))
    report = import_model(
        permuted,
        TEXT_ALONE,
        destination,
        ImportOptions(model, accelerate=False, accept_labels=True),
    )

    (finding,) = refusal.value.findings
    assert finding.code == "labels_exchanged"
    assert "--accept-labels" in finding.remedy
    assert any(finding.observed in note for note in report.notes)


def _balanced_answers(model: Path, texts: list[str]) -> list[int]:
    """Change a model's last bias so that it gives all of its answers; return those to texts."""
    theirs = AutoModelForSequenceClassification.from_pretrained(model).eval()
    inputs = AutoTokenizer.from_pretrained(model)(
        texts, padding=True, truncation=True, return_tensors="pt"
    )
    with torch.no_grad():
        theirs.classifier.bias -= theirs(**inputs).logits.mean(dim=0)
        answers: list[int] = theirs(**inputs).logits.argmax(dim=1).tolist()
    theirs.save_pretrained(model)
    assert set(answers) == {0, 1, 2}
    return answers


def test_weights_of_another_class_count(model: Path) -> None:
    """Weights that do not fit the configuration are refused, with both shapes."""
    weights = load((model / "model.safetensors").read_bytes())
    weights["classifier.bias"] = np.zeros(2, dtype=np.float32)
    (model / "model.safetensors").write_bytes(save(weights, {"format": "pt"}))

    finding = refused(model)

    assert finding.code == "weights_unused"
    assert (finding.expected[:17], finding.observed) == ("'classifier.bias'", "(2,) in the file")


@pytest.mark.parametrize("content", [None, "", "[]", "{"])
def test_directory_without_a_model(tmp_path: Path, content: str | None) -> None:
    """What is no model's directory is a wrong call that names it."""
    model = tmp_path / "model"
    model.mkdir()
    if content is not None:
        (model / "config.json").write_text(content)

    with pytest.raises(CallError, match=f"--model {model}"):
        seal_model(model)
