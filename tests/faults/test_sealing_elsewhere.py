"""Models and columns from elsewhere that would answer otherwise than in training: rows 16 to 28."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pytest
import torch
from safetensors.numpy import load, save
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
)
from transformers import AutoModelForSequenceClassification, AutoTokenizer, BertConfig, BertModel

from artifacts.foreign.sealing import SealingOptions, seal_foreign
from artifacts.inference import probabilities_of
from artifacts.opening import open_bundle
from artifacts.tables import ColumnRoles, Table, as_table
from guards.errors import CallError, GuardRefused
from service.cli.main import main
from service.errors import InvalidDocuments
from service.http.schemas import parse_documents
from tests.artifacts.foreign.elsewhere import LABELS, encoded, expected, seal_columns
from tests.artifacts.foreign.test_columns import table
from tests.faults.resealing import edit_json, findings_of, the_finding
from tests.models import save_joined_model, save_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from artifacts.foreign.sealing import SealingReport
    from guards.errors import Finding

    Copy = Callable[[Path], Path]

TEXT_ALONE = ColumnRoles(("text",), "label")


def text_table() -> Table:
    """Give the table without its columns."""
    return as_table(table(), TEXT_ALONE, "the table")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Give a plain BERT of another team."""
    return save_model(tmp_path / "model", "bert", LABELS, list(table()["text"]))


def seal_model(model: Path, **options: Any) -> SealingReport:  # noqa: ANN401 (of many types)
    """Seal a model beside itself."""
    destination = model.parent / "sealed" / "1"
    return seal_foreign(
        text_table(), TEXT_ALONE, destination, SealingOptions(model, accelerate=False, **options)
    )


def refused(model: Path) -> Finding:
    """Give the one finding about a model that must not be sealed."""
    with pytest.raises(GuardRefused) as refusal:
        seal_model(model)
    assert not (model.parent / "sealed").exists()
    (finding,) = refusal.value.findings
    return finding


def edit(file: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a JSON file of a model."""
    document = json.loads(file.read_bytes())
    change(document)
    file.write_text(json.dumps(document))


def _places(encoder: Any) -> Any:  # noqa: ANN401 (scikit-learn is untyped)
    return ColumnTransformer([("places", encoder, ["place"])]).fit(table()[["place"]])


def test_row_28_unknown_that_looks_like_the_dropped_category(tmp_path: Path) -> None:
    """With the first category dropped, an unknown one looks like it: refused, with its name."""
    encoder = _places(OneHotEncoder(drop="first", handle_unknown="ignore"))

    with pytest.raises(GuardRefused) as refusal:
        seal_columns(tmp_path, table(), encoder, categorical=("place",))

    (finding,) = refusal.value.findings
    assert (finding.code, finding.subject) == ("unknown_looks_known", "place")
    assert "'Oslo'" in finding.observed
    assert not (tmp_path / "sealed").exists()


def test_row_28_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command exits with 78 and says so without a traceback."""
    encoder = _places(OneHotEncoder(drop="first", handle_unknown="ignore"))
    joblib.dump(encoder, tmp_path / "columns.joblib")
    table().to_csv(tmp_path / "table.csv", index=False)
    save_joined_model(tmp_path / "model", LABELS, list(table()["text"]), 3)
    monkeypatch.chdir(tmp_path)

    arguments = (
        "seal --model model --reference table.csv --text text --label label "
        "--columns columns.joblib --categorical place --out sealed/1"
    )
    with pytest.raises(SystemExit) as stop:
        main(arguments.split())

    assert stop.value.code == 78
    told = capsys.readouterr().err
    assert "unknown_looks_known: place" in told
    assert "Traceback" not in told
    assert not (tmp_path / "sealed").exists()


def test_row_28_no_infrequent_category_to_use(tmp_path: Path) -> None:
    """An encoder that was to use its infrequent category, and has none, is told of."""
    encoder = _places(OneHotEncoder(handle_unknown="infrequent_if_exist"))

    _, report = seal_columns(tmp_path, table(), encoder, categorical=("place",))

    assert any("place" in note and "no infrequent category" in note for note in report.notes)


def test_row_28_unknown_counts_as_infrequent(tmp_path: Path) -> None:
    """An encoder that was set to take unknown categories as infrequent ones is told of."""
    encoder = _places(OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=10))

    _, report = seal_columns(tmp_path, table(), encoder, categorical=("place",))

    assert any("an unknown category is encoded like" in note for note in report.notes)


@pytest.mark.parametrize(
    ("encoder", "text"),
    [(OneHotEncoder(), "is no category that is known"), (OrdinalEncoder(), "is no category")],
)
def test_row_28_encoder_that_raises(encoder: Any, text: str, tmp_path: Path) -> None:  # noqa: ANN401
    """An encoder that cannot do with an unknown category: 422 for such a request, and a note."""
    bundle, report = seal_columns(tmp_path, table(), _places(encoder), categorical=("place",))

    assert any("answered with 422" in note for note in report.notes)
    with pytest.raises(InvalidDocuments) as refusal:
        parse_documents(
            {"documents": [{"text": "x", "features": {"place": "Berlin"}}]},
            bundle.preprocessing.schema,
        )
    (problem,) = refusal.value.problems
    assert problem.path == "documents[0].features.place"
    assert text in problem.problem


@pytest.mark.parametrize("power", ["box-cox", "log"])
def test_row_28_numbers_that_cannot_be_encoded(power: str, tmp_path: Path) -> None:
    """Where a transformer has no answer to a number, the request is refused, not answered."""
    frame = table().fillna({"price": 1.0})
    log = make_pipeline(FunctionTransformer(np.log))
    estimator = (PowerTransformer("box-cox") if power == "box-cox" else log).fit(frame[["price"]])
    trusted = ("sklearn.preprocessing._function_transformer.FunctionTransformer", "numpy.log")

    bundle, report = seal_columns(
        tmp_path, frame, estimator, numeric=("price",), trusted=trusted if power == "log" else ()
    )

    np.testing.assert_array_equal(encoded(bundle, frame), expected(estimator, frame))
    assert any("price: some numbers cannot be encoded" in note for note in report.notes)
    schema = bundle.preprocessing.schema
    assert not schema.canonical({"price": 1e-3})[1]
    (problem,) = schema.canonical({"price": -1.0})[1]
    assert problem.problem == "is beyond what can be encoded"
    assert schema.canonical({})[1]


def test_row_21_width_of_another_network(tmp_path: Path) -> None:
    """Columns of another width than the network takes are refused with both."""
    encoder = _places(OneHotEncoder(handle_unknown="ignore"))

    with pytest.raises(GuardRefused) as refusal:
        seal_columns(tmp_path, table(), encoder, categorical=("place",), width=7)

    (finding,) = refusal.value.findings
    assert finding.code == "width_mismatch"
    assert (finding.expected.split()[0], finding.observed) == ("7", "4")


def test_row_21_nothing_ordinary_can_be_encoded(tmp_path: Path) -> None:
    """An encoder's column that is declared a number is refused: no number is known to it."""
    frame = table().rename(columns={"grade": "level"})
    frame["level"] = [f"level {value}" for value in frame["level"]]
    encoder = OneHotEncoder().fit(frame[["level"]])
    frame["level"] = 1.0

    with pytest.raises(GuardRefused) as refusal:
        seal_columns(tmp_path, frame, encoder, numeric=("level",), width=4)

    assert [finding.code for finding in refusal.value.findings] == ["columns_unsafe"]


def test_row_22_weights_of_another_preprocessing(tmp_path: Path) -> None:
    """Weights that say with which preprocessing they were trained are sealed with no other."""
    encoder = _places(OneHotEncoder(handle_unknown="ignore"))
    save_joined_model(tmp_path / "model", LABELS, list(table()["text"]), 4)
    other = "sha256:" + "0" * 64
    edit(
        tmp_path / "model" / "config.json",
        lambda config: config.update(preprocessing_fingerprint=other),
    )

    with pytest.raises(GuardRefused) as refusal:
        seal_columns(tmp_path, table(), encoder, categorical=("place",))

    (finding,) = refusal.value.findings
    assert finding.code == "preprocessing_mismatch"
    assert other in finding.observed


def test_row_16_case_in_one_file_against_the_other(model: Path) -> None:
    """A tokenizer whose files disagree about case is refused: training used one of the two."""
    edit(model / "tokenizer.json", lambda one: one["normalizer"].update(lowercase=False))
    edit(
        model / "tokenizer_config.json",
        lambda one: one.update(tokenizer_class="BertTokenizer", do_lower_case=True),
    )

    finding = refused(model)

    assert finding.code == "tokenizer_contradicts_itself"
    assert "tokenizer_config.json" in finding.expected


def test_row_17_text_that_is_cut_at_its_beginning(model: Path) -> None:
    """A model that was trained on the ends of texts is refused: service would keep beginnings."""
    edit(model / "tokenizer_config.json", lambda one: one.update(truncation_side="left"))

    finding = refused(model)

    assert finding.code == "tokenizer_contradicts_itself"
    assert finding.observed == "truncation_side left"


def _bake(tokenizer: dict[str, Any]) -> None:
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
def test_row_17_length_that_training_left_behind(
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


def test_row_17_no_length_anywhere(model: Path) -> None:
    """Where no file says how long texts were, the positions do; more than those is a wrong call."""
    edit(model / "tokenizer_config.json", lambda one: one.pop("model_max_length"))

    assert "128 tokens, from the positions" in seal_model(model).notes[0]
    with pytest.raises(CallError, match="the model has 128 positions"):
        seal_foreign(
            text_table(),
            TEXT_ALONE,
            model.parent / "longer" / "1",
            SealingOptions(model, max_length=129, accelerate=False),
        )


def test_row_18_tokens_without_embeddings(model: Path) -> None:
    """A tokenizer with a token more than the network has rows is refused."""
    rows = json.loads((model / "config.json").read_bytes())["vocab_size"]
    edit(model / "tokenizer.json", lambda one: one["model"]["vocab"].update(understudy=rows))

    finding = refused(model)

    assert finding.code == "vocabulary_mismatch"
    assert finding.observed == f"token id {rows}"


TWELVE = tuple(f"class {number}" for number in range(12))


def test_row_19_labels_sorted_as_strings(tmp_path: Path) -> None:
    """Twelve labels in the order 0, 1, 10, 11, 2 … are refused, and the order is named."""
    frame = table()
    frame["label"] = [TWELVE[row % 12] for row in range(len(frame))]
    model = save_model(tmp_path / "model", "bert", TWELVE, list(frame["text"]))
    sealed = tmp_path / "sealed" / "1"
    seal_foreign(
        as_table(frame, TEXT_ALONE, "t"),
        TEXT_ALONE,
        sealed,
        SealingOptions(model, accelerate=False),
    )
    places = sorted(map(str, range(12)))

    def sort_as_strings(config: dict[str, Any]) -> None:
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

    seal_foreign(
        numbered, TEXT_ALONE, tmp_path / "sealed" / "1", SealingOptions(model, accelerate=False)
    )

    assert open_bundle(tmp_path / "sealed" / "1").labels == ("0", "1", "2")


def test_base_without_a_classifier(model: Path) -> None:
    """A base model is told from a fine-tuned one by the weights that it lacks."""
    config = BertConfig.from_pretrained(model)
    BertModel(config).save_pretrained(model)

    finding = refused(model)

    assert finding.code == "model_incomplete"
    assert "classifier" in finding.observed


@pytest.mark.parametrize("problem", ["multi_label_classification", "regression"])
def test_models_that_give_no_single_label(model: Path, problem: str) -> None:
    """Several labels a document, or a number, is not what the endpoint answers."""
    edit(model / "config.json", lambda config: config.update(problem_type=problem))

    assert refused(model).code == "model_not_supported"


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
    edit(model / "config.json", lambda config: config.update(auto_map=remote))

    seal_model(model)
    sealed = model.parent / "sealed" / "1"
    edit_json(
        sealed,
        "model/config.json",
        lambda config: config.update(auto_map=remote, _attn_implementation="evil/kernel"),
    )
    open_bundle(sealed)

    assert not trace.exists()
    assert not (sealed / "model" / "evil.py").exists()


def test_weights_of_another_class_count(model: Path) -> None:
    """Weights that do not fit the configuration are a wrong call, in one line."""
    weights = load((model / "model.safetensors").read_bytes())
    weights["classifier.bias"] = np.zeros(2, dtype=np.float32)
    (model / "model.safetensors").write_bytes(save(weights, {"format": "pt"}))

    with pytest.raises((CallError, GuardRefused)):
        seal_model(model)


@pytest.mark.parametrize("content", [None, "", "[]", "{"])
def test_directory_without_a_model(tmp_path: Path, content: str | None) -> None:
    """What is no model's directory is a wrong call that names it."""
    model = tmp_path / "model"
    model.mkdir()
    if content is not None:
        (model / "config.json").write_text(content)

    with pytest.raises(CallError, match=f"--model {model}"):
        seal_model(model)


def test_columns_that_no_answer_hears(model: Path) -> None:
    """A text classifier beside columns is sealed with a note: they are watched, and not heard."""
    frame = table()
    joblib.dump(_places(OneHotEncoder(handle_unknown="ignore")), model.parent / "c.joblib")
    roles = ColumnRoles(("text",), "label", (), ("place",))

    report = seal_foreign(
        as_table(frame, roles, "t"),
        roles,
        model.parent / "sealed" / "1",
        SealingOptions(model, model.parent / "c.joblib", accelerate=False),
    )

    assert any("no answer hears them" in note for note in report.notes)
    assert "place" in open_bundle(model.parent / "sealed" / "1").reference.features
