"""From a table to a bundle: what is fitted on what, and what a wrong call is told."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import socket
import sys
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pandas as pd
import pytest
import torch
from transformers import BertConfig, BertModel

from artifacts.bundle.inference import probabilities_of
from artifacts.bundle.network import model_of
from artifacts.bundle.opening import open_bundle
from artifacts.bundle.sealed_columns import estimator_of
from artifacts.bundle.tokenizer import canonical_json
from artifacts.evaluation.figures import evaluate
from artifacts.tables import ColumnRoles, Table, as_table
from artifacts.training import train as train_module
from artifacts.training.fine_tuning import FineTuned, fine_tune
from artifacts.training.held_out import share_of_each_class
from artifacts.training.options import TrainingOptions
from artifacts.training.train import train
from artifacts.training.wordpiece import learn_tokenizer
from guards.drift.feature_reference import CategoricalReference, NumericReference
from guards.errors import CallError, GuardRefused, TableError
from service.cli import main
from service.cli.labelled import read_labelled
from tests.bundles import ROLES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

QUICK = TrainingOptions(epochs=1, max_length=16, accelerate=False)
COLUMNS = ("--text", "text", "--label", "label", "--numeric", "pages", "--categorical", "court")


@pytest.fixture(scope="module")
def rows(small_table: Table) -> Table:
    """Return sixty labelled documents."""
    return small_table.take(range(60))


@pytest.fixture(scope="module")
def held_out(small_table: Table) -> Table:
    """Return twenty others of the same classes, with numbers far from theirs."""
    others = small_table.take(range(60, 80))
    documents = [
        {**document, "features": {**document["features"], "pages": 1e6}}
        for document in others.documents
    ]
    return replace(others, documents=documents)


@pytest.fixture(scope="module")
def trained(rows: Table, held_out: Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a bundle trained on the rows, with the others held out."""
    path = tmp_path_factory.mktemp("trained") / "docs" / "1"
    train(rows, ROLES, path, QUICK, held_out)
    return path


def numbers(table: Table, column: str) -> NDArray[np.float64]:
    """Return a numeric column with medians for the missing values."""
    values = np.array([document["features"][column] for document in table.documents], dtype=float)
    return np.where(np.isnan(values), np.nanmedian(values), values)


def test_preprocessing_is_fitted_on_training_rows_only(trained: Path, rows: Table) -> None:
    """Mean and spread of the scaler are numpy's over the training rows, held-out rows apart."""
    columns = estimator_of(open_bundle(trained).preprocessing.columns)

    scaler = columns.named_transformers_["numeric"]["scale"]

    for place, column in enumerate(ROLES.numeric):
        assert scaler.mean_[place] == pytest.approx(numbers(rows, column).mean(), rel=1e-12)
        assert scaler.scale_[place] == pytest.approx(numbers(rows, column).std(), rel=1e-12)


def test_schema_is_that_of_training_rows(trained: Path, rows: Table) -> None:
    """Ranges and known categories come from the training rows."""
    schema = open_bundle(trained).preprocessing.schema

    assert schema.numeric[0].maximum == numbers(rows, "pages").max() < 1e6
    courts = pd.Series([document["features"]["court"] for document in rows.documents])
    seen_twice = courts.value_counts().loc[lambda counts: counts >= 2]
    assert schema.categorical[0].categories == tuple(sorted(seen_twice.index))


def test_reference_and_figures_are_of_held_out_rows(trained: Path, held_out: Table) -> None:
    """The metrics in the manifest are those of the calibrated answers to the held-out rows."""
    bundle = open_bundle(trained)
    texts = [document["text"] for document in held_out.documents]
    encodings = bundle.preprocessing.encode(
        texts, bundle.preprocessing.canonical(held_out.documents)
    )
    probabilities = probabilities_of(bundle.network, bundle.manifest.temperature, encodings)
    truth = np.array([bundle.labels.index(label) for label in held_out.labels])

    figures = evaluate(probabilities, truth, bundle.labels)

    assert bundle.manifest.metrics == json.loads(json.dumps(figures))
    assert bundle.reference.documents == len(held_out)
    pages = bundle.reference.features["pages"]
    assert isinstance(pages, NumericReference)
    assert pages.minimum == 1e6


def test_seeded_split_holds_out_a_share(rows: Table, tmp_path: Path) -> None:
    """Without a validation table a seeded share is held out, of which the scaler sees nothing."""
    report = train(rows, ROLES, tmp_path / "docs" / "1", QUICK)

    columns = estimator_of(open_bundle(tmp_path / "docs" / "1").preprocessing.columns)
    assert report.metrics["rows"] == 9
    assert columns.named_transformers_["numeric"]["scale"].n_samples_seen_ == 51


def test_same_seed_same_bundle(trained: Path, rows: Table, held_out: Table, tmp_path: Path) -> None:
    """Training again with the same seed gives the same root fingerprint; with another, another."""
    once = open_bundle(trained).manifest.fingerprint

    again = train(rows, ROLES, tmp_path / "docs" / "1", QUICK, held_out)
    other = train(rows, ROLES, tmp_path / "other" / "docs" / "1", replace(QUICK, seed=1), held_out)

    assert again.fingerprint == once
    assert other.fingerprint != once


@pytest.mark.parametrize("column", ["text", "pages", "court"])
def test_training_learns(tmp_path: Path, column: str) -> None:
    """Whether text, a number or a category tells two classes apart, the network finds out."""
    generator = np.random.default_rng(4)
    truth = generator.integers(2, size=160)
    noise = generator.integers(2, size=160)
    words = np.array(["the goods were delivered", "the court has ordered"])
    told = {name: truth if name == column else noise for name in ("text", "pages", "court")}
    frame = pd.DataFrame(
        {
            "text": words[told["text"]],
            "pages": told["pages"] * 4 + generator.normal(size=160),
            "court": np.array(["NDCA", "SDNY"])[told["court"]],
            "label": truth.astype(str),
        }
    )
    roles = ColumnRoles(("text",), "label", ("pages",), ("court",))
    options = TrainingOptions(epochs=8, max_length=8, accelerate=False)

    report = train(as_table(frame, roles, "made"), roles, tmp_path / "made" / "1", options)

    assert report.metrics["accuracy"]["value"] > 0.9


def test_lineage_says_what_it_came_from(trained: Path, rows: Table, tmp_path: Path) -> None:
    """Seed, rows, label column and the data's digest are recorded; other data has another."""
    lineage = open_bundle(trained).manifest.lineage
    train(rows.take(range(59)), ROLES, tmp_path / "docs" / "1", QUICK)

    assert (lineage["rows"], lineage["seed"], lineage["label_column"]) == (60, 0, "label")
    assert lineage["data"].startswith("sha256:")
    assert lineage["validation"] is not None
    other = open_bundle(tmp_path / "docs" / "1").manifest.lineage
    assert other["data"] != lineage["data"]
    assert other["validation"] is None


def test_lineage_says_how_it_was_trained(trained: Path) -> None:
    """Batch size, class weights, and the epochs that were had and kept are recorded."""
    lineage = open_bundle(trained).manifest.lineage

    assert (lineage["batch_size"], lineage["class_weights"]) == (16, None)
    assert lineage["precision"] == "float32"
    assert (lineage["epochs"], lineage["epochs_trained"], lineage["best_epoch"]) == (1, 1, 1)


def test_the_temperature_of_a_weighted_training_is_sealed(
    rows: Table, held_out: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the one that was fitted with the biases in the last layer, and not a second one."""
    tuned: list[FineTuned] = []

    def recorded(*given: Any) -> FineTuned:  # noqa: ANN401 (what fine_tune takes)
        tuned.append(fine_tune(*given))
        return tuned[-1]

    monkeypatch.setattr(train_module, "fine_tune", recorded)
    options = replace(QUICK, class_weights="balanced")

    train(rows, ROLES, tmp_path / "docs" / "1", options, held_out)

    manifest = open_bundle(tmp_path / "docs" / "1").manifest
    assert manifest.temperature == tuned[0].temperature
    assert manifest.temperature is not None


def _fail(*_: object) -> NoReturn:
    raise OSError(28, "No space left on device")


@pytest.fixture
def interrupted(
    rows: Table, held_out: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Return where a bundle would be whose training ended, and which could not be sealed."""
    destination = tmp_path / "docs" / "1"
    with monkeypatch.context() as patch:
        patch.setattr(train_module, "measure_and_seal", _fail)
        with pytest.raises(OSError, match="No space"):
            train(rows, ROLES, destination, QUICK, held_out)
    return destination


def test_resumed_training_seals_the_same_bundle(
    trained: Path, interrupted: Path, rows: Table, held_out: Table
) -> None:
    """What was trained is not lost, and nothing is left beside the bundle once it is sealed."""
    report = train(rows, ROLES, interrupted, replace(QUICK, resume=True), held_out)

    assert report.fingerprint == open_bundle(trained).manifest.fingerprint
    assert [path.name for path in interrupted.parent.iterdir()] == ["1"]


def test_resuming_another_training_is_refused(
    interrupted: Path, rows: Table, held_out: Table
) -> None:
    """Another table, other rows held out, or another option is named; the checkpoints stay."""
    resumed = replace(QUICK, resume=True)
    calls = {
        "rows was 60, and is 59 now|data was": (rows.take(range(59)), resumed, held_out),
        "validation was .* and is None now": (rows, resumed, None),
        "epochs was 1, and is 2 now": (rows, replace(resumed, epochs=2), held_out),
        "batch_size was 16, and is 8 now": (rows, replace(resumed, batch_size=8), held_out),
        "class_weights was None, and is balanced now": (
            rows,
            replace(resumed, class_weights="balanced"),
            held_out,
        ),
        "precision was float32, and is bfloat16 now": (rows, replace(resumed, bf16=True), held_out),
        "max_length was 16, and is 32 now": (rows, replace(resumed, max_length=32), held_out),
    }
    for said, (table, options, others) in calls.items():
        with pytest.raises(CallError, match=said):
            train(table, ROLES, interrupted, options, others)
    with pytest.raises(CallError, match="go on from them with --resume"):
        train(rows, ROLES, interrupted, QUICK, held_out)

    assert (interrupted.parent / ".training-1" / "checkpoint-4").is_dir()


def test_checkpoints_are_kept_where_the_call_says(
    rows: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a directory of their own, the parent of the bundle stays as it was until sealing."""
    options = replace(QUICK, checkpoints=tmp_path / "fast disk")
    monkeypatch.setattr(train_module, "measure_and_seal", _fail)

    with pytest.raises(OSError, match="No space"):
        train(rows, ROLES, tmp_path / "docs" / "1", options)

    assert [path.name for path in tmp_path.iterdir()] == ["fast disk"]


@pytest.fixture(scope="module")
def base(rows: Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of a small encoder with random weights, and its tokenizer."""
    directory = tmp_path_factory.mktemp("base")
    tokenizer = learn_tokenizer([document["text"] for document in rows.documents], 500)
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=300)
    (directory / "tokenizer.json").write_bytes(canonical_json(tokenizer))
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    torch.manual_seed(9)
    BertModel(config).save_pretrained(directory)
    return directory


@pytest.mark.parametrize("frozen", [True, False])
def test_frozen_encoder_keeps_its_weights(
    rows: Table, base: Path, tmp_path: Path, *, frozen: bool
) -> None:
    """With a frozen encoder every weight of the base is in the bundle; else they move."""
    before = BertModel.from_pretrained(base).state_dict()
    options = replace(QUICK, base=str(base), freeze_encoder=frozen)

    train(rows, ROLES, tmp_path / "docs" / "1", options)

    weights = model_of(open_bundle(tmp_path / "docs" / "1").network).state_dict()
    kept = [torch.equal(weights[f"encoder.{name}"], value) for name, value in before.items()]
    assert all(kept) is frozen


def test_tokenizer_of_the_base_does_not_cut_or_pad(rows: Table, base: Path, tmp_path: Path) -> None:
    """The base's own truncation and padding are switched off: the bundle says how text is cut."""
    train(rows, ROLES, tmp_path / "docs" / "1", replace(QUICK, base=str(base)))

    bundle = open_bundle(tmp_path / "docs" / "1")
    tokens = [encoding.tokens for encoding in bundle.preprocessing.encode(
        ["the", "the " * 100], bundle.preprocessing.canonical([{"features": {}}] * 2)
    )]  # fmt: skip
    assert tokens == [3, 16]
    assert bundle.manifest.lineage["base"] == base.name


def test_longer_than_the_base_can_take(rows: Table, base: Path, tmp_path: Path) -> None:
    """More tokens than the base has positions for is refused before training."""
    options = replace(QUICK, base=str(base), max_length=65)

    with pytest.raises(CallError, match="--max-length 65: the base has 64 positions"):
        train(rows, ROLES, tmp_path / "docs" / "1", options)


@pytest.mark.parametrize("with_tokenizer", [False, True])
def test_base_that_is_none(
    rows: Table, base: Path, tmp_path: Path, *, with_tokenizer: bool
) -> None:
    """A directory without a model is told as such, whether or not a tokenizer is there."""
    directory = tmp_path / "no model here"
    directory.mkdir()
    if with_tokenizer:
        (directory / "tokenizer.json").write_bytes((base / "tokenizer.json").read_bytes())

    with pytest.raises(CallError, match="no model there"):
        train(rows, ROLES, tmp_path / "docs" / "1", replace(QUICK, base=str(directory)))


def test_marks_tell_two_classes_apart(tmp_path: Path) -> None:
    """What only a vowel mark tells is learnt from scratch."""
    generator = np.random.default_rng(5)
    truth = generator.integers(2, size=160)
    other = ["\u092e\u0928", "\u0918\u0930", "\u091c\u0932"]
    words = [
        [*generator.choice(other, 4), "\u0915" + ("\u0947", "\u0941")[label]] for label in truth
    ]
    texts = [" ".join(generator.permutation(row)) for row in words]
    table = as_table(
        pd.DataFrame({"text": texts, "label": truth.astype(str)}),
        ColumnRoles(("text",), "label"),
        "marks",
    )

    report = train(
        table,
        ColumnRoles(("text",), "label"),
        tmp_path / "docs" / "1",
        replace(QUICK, epochs=12),
    )

    assert report.metrics["accuracy"]["value"] >= 0.95


def test_texts_that_the_tokenizer_does_not_know(rows: Table, tmp_path: Path) -> None:
    """Held-out texts in another script than the training's are a note with the share."""
    documents = [
        {**document, "text": "\u0e01\u0e02 \u0e04\u0e07 " * 3} for document in rows.documents
    ]
    report = train(rows, ROLES, tmp_path / "docs" / "1", QUICK, replace(rows, documents=documents))

    (note,) = [note for note in report.notes if "unknown" in note]
    assert note.startswith("WARNING: 75% of the tokens")


def _lower_cases_against_its_settings(directory: Path) -> None:
    (directory / "tokenizer_config.json").write_text('{"do_lower_case": false}')


def _truncates_at_the_left(directory: Path) -> None:
    (directory / "tokenizer_config.json").write_text('{"truncation_side": "left"}')


def _has_a_token_too_many(directory: Path) -> None:
    tokenizer = json.loads((directory / "tokenizer.json").read_bytes())
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary["understudy"] = len(vocabulary)
    (directory / "tokenizer.json").write_text(json.dumps(tokenizer))


def _cannot_encode(directory: Path) -> None:
    tokenizer = json.loads((directory / "tokenizer.json").read_bytes())
    tokenizer["model"]["unk_token"] = "missing"  # noqa: S105 (a token of text)
    (directory / "tokenizer.json").write_text(json.dumps(tokenizer))


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_lower_cases_against_its_settings, "tokenizer_contradicts_itself"),
        (_truncates_at_the_left, "tokenizer_contradicts_itself"),
        (_has_a_token_too_many, "vocabulary_mismatch"),
        (_cannot_encode, "tokenizer_cannot_encode"),
    ],
)
def test_base_whose_tokenizer_is_not_its_own(
    spoil: Callable[[Path], None], code: str, rows: Table, base: Path, tmp_path: Path
) -> None:
    """The tokenizer of a base is checked as that of a model to seal is."""
    directory = shutil.copytree(base, tmp_path / "base")
    spoil(directory)

    with pytest.raises(GuardRefused) as refusal:
        train(rows, ROLES, tmp_path / "docs" / "1", replace(QUICK, base=str(directory)))

    assert [finding.code for finding in refusal.value.findings] == [code]
    assert not (tmp_path / "docs").exists()


def test_reading_that_somebody_chose(rows: Table, base: Path, tmp_path: Path) -> None:
    """The option settles which reading is trained with, and the lineage has it."""
    directory = shutil.copytree(base, tmp_path / "base")
    _lower_cases_against_its_settings(directory)
    options = replace(QUICK, base=str(directory), tokenizer_from="library")

    train(rows, ROLES, tmp_path / "docs" / "1", options)

    bundle = open_bundle(tmp_path / "docs" / "1")
    assert bundle.manifest.lineage["tokenizer_from"] == "library"
    tokenizer = bundle.preprocessing.tokenizer
    assert '"lowercase":false' in tokenizer.to_str()


def test_reading_of_no_base(rows: Table, tmp_path: Path) -> None:
    """To choose a reading of a base's tokenizer without a base is a wrong call."""
    options = replace(QUICK, tokenizer_from="file")

    with pytest.raises(CallError, match=r"--tokenizer-from .* --base; there is none"):
        train(rows, ROLES, tmp_path / "docs" / "1", options)


def test_base_without_special_tokens(rows: Table, base: Path, tmp_path: Path) -> None:
    """A tokenizer that makes nothing of an empty text is refused before training."""
    directory = shutil.copytree(base, tmp_path / "base")
    tokenizer = json.loads((directory / "tokenizer.json").read_bytes())
    (directory / "tokenizer.json").write_text(json.dumps({**tokenizer, "post_processor": None}))

    with pytest.raises(CallError, match=r"--base .*: .* an empty one has no token"):
        train(rows, ROLES, tmp_path / "docs" / "1", replace(QUICK, base=str(directory)))


def csv(path: Path, table: Table, days: Sequence[int] = ()) -> Path:
    """Write a table as CSV, with a column of days if there are any."""
    frame = pd.DataFrame([document["features"] for document in table.documents])
    frame["text"] = [document["text"] for document in table.documents]
    frame["label"] = table.labels
    if days:
        frame["day"] = days
    frame.to_csv(path, index=False)
    return path


def called(*arguments: object) -> int:
    """Run a command line and give its exit code."""
    with pytest.raises(SystemExit) as done:
        main([str(argument) for argument in arguments])
    code = done.value.code or 0
    assert isinstance(code, int)
    return code


def test_command_line_trains_by_time_with_a_private_column(
    rows: Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With ``--time`` the last rows are held out, however they stand in the table."""
    days = (np.random.default_rng(1).permutation(60) + 1).tolist()
    table = csv(tmp_path / "t.csv", rows, days)
    out = tmp_path / "docs" / "1"

    code = called(
        *("train", table, *COLUMNS, "--numeric", "day", "--time", "day", "--private", "court"),
        *("--epochs", 1, "--max-length", 16, "--out", out),
    )

    assert code == 0
    said = capsys.readouterr()
    assert "held-out rows, figures with 95 % intervals" in said.out
    assert "note: onnx-int8: " in said.err
    bundle = open_bundle(out)
    assert bundle.manifest.parity is not None
    assert bundle.manifest.parity["onnx-int8"].documents == 5
    day = bundle.preprocessing.schema.numeric[1]
    assert (day.minimum, day.maximum) == (1.0, 51.0)
    reference = bundle.reference.features["day"]
    assert isinstance(reference, NumericReference)
    assert (reference.minimum, reference.maximum) == (52.0, 60.0)
    assert bundle.preprocessing.schema.private == ("court",)
    court = bundle.reference.features["court"]
    assert isinstance(court, CategoricalReference)
    assert court.private


def _blank(table: Table, row: int, column: str, value: object) -> Table:
    documents = [dict(document) for document in table.documents]
    documents[row] = {
        **documents[row],
        "features": {**documents[row]["features"], column: value},
    }
    return replace(table, documents=documents)


@pytest.mark.parametrize("value", ["SECRET", "1,5", "1_000", "1e999"])
def test_cell_that_is_no_number(
    rows: Table, tmp_path: Path, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    """The row of the table, the column and the value are named."""
    table = csv(tmp_path / "t.csv", _blank(rows, 41, "pages", value))

    code = called("train", table, *COLUMNS, "--out", tmp_path / "docs" / "1")

    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    (line,) = said.err.splitlines()
    start = f"understudy: {table}: row 42 of 'pages' holds '{value}': it is not a finite number"
    assert line.startswith(start)


def _said(capsys: pytest.CaptureFixture[str], code: int, *arguments: object) -> tuple[str, str]:
    assert called(*arguments) == code
    printed = capsys.readouterr()
    return printed.out, printed.err


def _refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    code = called("train", *arguments)
    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert said.err.startswith("understudy: ")
    assert len(said.err.splitlines()) == 1
    return said.err


def test_wrong_tables_are_refused_in_one_line(
    rows: Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing column, no rows, one class and too few rows each have one line and exit code 2."""
    good = csv(tmp_path / "good.csv", rows)
    empty = tmp_path / "empty.csv"
    empty.write_text("text,label,pages,court\n")
    alike = csv(tmp_path / "alike.csv", replace(rows, labels=["letter"] * 60))
    few = csv(tmp_path / "few.csv", rows.take(range(3)))
    out = ("--out", tmp_path / "docs" / "1")

    assert "no column 'nowhere'" in _refused(capsys, good, *COLUMNS, "--numeric", "nowhere", *out)
    assert "has no rows" in _refused(capsys, empty, *COLUMNS, *out)
    assert "one class only, 'letter'" in _refused(capsys, alike, *COLUMNS, *out)
    assert "too few" in _refused(capsys, few, *COLUMNS, *out)
    assert "no such file" in _refused(capsys, tmp_path / "none.csv", *COLUMNS, *out)
    skipping = (good, *COLUMNS, "--skip-unknown-labels", *out)
    assert "--validation, and there is none" in _refused(capsys, *skipping)
    assert not (tmp_path / "docs").exists()


def test_several_labels_are_refused_in_one_line(
    rows: Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A multi-label table is refused by row, with what to do instead."""
    lines = [
        {"text": document["text"], "label": [label, "urgent"], **document["features"]}
        for document, label in zip(rows.documents, rows.labels, strict=True)
    ]
    table = tmp_path / "t.jsonl"
    table.write_text("".join(json.dumps(line) + "\n" for line in lines))

    said = _refused(capsys, table, *COLUMNS, "--out", tmp_path / "docs" / "1")

    assert "row 1 of 'label' holds several labels" in said


def test_validation_with_a_label_that_training_lacks(
    rows: Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A class that nobody could learn is refused by name."""
    table = csv(tmp_path / "t.csv", rows)
    validation = csv(tmp_path / "v.csv", replace(rows, labels=[*rows.labels[:-1], "postcard"]))
    arguments = (table, *COLUMNS, "--validation", validation, "--out", tmp_path / "docs" / "1")

    said = _refused(capsys, *arguments)

    assert "1 row with unknown labels: 'postcard' (1 row), none of the training rows': " in said
    assert "; use --skip-unknown-labels to leave them out" in said


def test_unknown_labels_may_be_left_out(
    held_out: Table, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows with labels that a bundle lacks are counted in a note, and not measured."""
    labels = ["postcard", "postcard", "telegram", *held_out.labels[3:]]
    table = csv(tmp_path / "v.csv", replace(held_out, labels=labels))

    assert (
        "3 rows with unknown labels: 'postcard' (2 rows), 'telegram' (1 row), none of the "
        in (_said(capsys, 2, "evaluate", trained, table)[1])
    )
    out, err = _said(capsys, 0, "evaluate", trained, table, "--skip-unknown-labels", "--json")
    assert json.loads(out)["rows"] == len(held_out) - 3
    assert err.startswith("note: ")
    assert "are left out of 20" in err


def test_labels_of_other_spellings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bundle trained on truth values takes them as any table writes them."""
    frame = pd.DataFrame({"text": [f"text {n}" for n in range(40)], "label": [True, False] * 20})
    roles = ColumnRoles(("text",), "label")
    train(as_table(frame, roles, "memory"), roles, tmp_path / "docs" / "1", QUICK)
    frame.assign(label=["TRUE", " False "] * 20).to_csv(tmp_path / "v.csv", index=False)

    out, _ = _said(capsys, 0, "evaluate", tmp_path / "docs" / "1", tmp_path / "v.csv", "--json")

    assert set(json.loads(out)["classes"]) == {"false", "true"}


def test_identifiers_as_labels_are_refused(
    rows: Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says how many labels there are, before anything is trained."""
    labels = [f"d{number}" for number in range(60)]
    table = csv(tmp_path / "t.csv", replace(rows, labels=labels))

    said = _refused(capsys, table, *COLUMNS, "--out", tmp_path / "docs" / "1")

    assert "column 'label' has 60 different labels in 60 rows" in said


def test_declared_markers_are_part_of_the_bundle(
    rows: Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What training took for missing is missing in a request, and is no category."""
    roles = replace(ROLES, missing=("NA", "pages=-999.90", "court=?"))
    table = _blank(_blank(rows, 0, "court", "NA"), 1, "pages", "NA")
    table = _blank(_blank(table, 3, "pages", -999.9), 4, "court", "?")

    train(_blank(table, 2, "court", "NA"), roles, tmp_path / "docs" / "1", QUICK)

    schema = open_bundle(tmp_path / "docs" / "1").preprocessing.schema
    assert (schema.missing, "NA" in schema.categorical[0].categories) == (("NA",), False)
    row, problems = schema.canonical({"court": "NA", "pages": " NA"})
    assert (row.missing[:1], "court" in row.missing, problems) == (("pages",), True, [])
    row, problems = schema.canonical({"court": "?", "pages": "-9.999e2"})
    assert (row.missing[:1], "court" in row.missing, problems) == (("pages",), True, [])
    (pages,) = (column for column in schema.numeric if column.name == "pages")
    assert (pages.missing, pages.minimum is not None and pages.minimum > 0) == (("-999.90",), True)
    capsys.readouterr()
    read_labelled(open_bundle(tmp_path / "docs" / "1"), csv(tmp_path / "t.csv", table), None)
    assert "looks like a missing value" not in capsys.readouterr().err


def test_destination_that_exists(
    rows: Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bundle is never overwritten, and that is said before anything is trained."""
    table = csv(tmp_path / "t.csv", rows)

    assert "exists already" in _refused(capsys, table, *COLUMNS, "--out", tmp_path)


def test_options_that_contradict_each_other(
    rows: Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be meant is refused in one line before anything is fitted."""
    table = csv(tmp_path / "t.csv", rows)
    call = (table, *COLUMNS, "--out", tmp_path / "docs" / "1")

    assert "there is no --base" in _refused(capsys, *call, "--freeze-encoder")
    assert "there is no checkpoint" in _refused(capsys, *call, "--resume")
    assert "wandb: is not installed" in _refused(capsys, *call, "--report-to", "wandb")
    assert not (tmp_path / "docs").exists()


def test_the_last_line_of_an_interrupted_training_says_how_to_go_on(
    rows: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once there is a checkpoint; before, nothing is left and nothing is promised."""
    table = csv(tmp_path / "t.csv", rows)
    call = ("train", table, *COLUMNS, "--epochs", 1, "--out", tmp_path / "docs" / "1")

    def interrupted(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(train_module, "fine_tune", interrupted)
        early = _said(capsys, 130, *call)[1].splitlines()[-1]
        assert [*(tmp_path / "docs").iterdir()] == []
    monkeypatch.setattr(train_module, "measure_and_seal", interrupted)
    late = _said(capsys, 130, *call)[1].splitlines()[-1]

    place = tmp_path / "docs" / ".training-1"
    assert early == "understudy: interrupted, before the first checkpoint"
    assert late == (
        "understudy: interrupted; the same command with --resume goes on from the last checkpoint "
        f"in {place}"
    )
    assert (place / "checkpoint-4").is_dir()


def test_the_last_rows_with_a_class_of_their_own(
    rows: Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A class that came up lately cannot be learnt from the rows before; what to do is said."""
    table = csv(tmp_path / "t.csv", replace(rows, labels=[*rows.labels[:-1], "new"]), range(60))
    out = ("--out", tmp_path / "docs" / "1")

    said = _refused(capsys, table, *COLUMNS, "--time", "day", *out)

    assert "have label 'new', which the training rows lack: hold other rows out with" in said
    assert "--validation, or leave out" in said


def test_two_processes_train_one_bundle(rows: Table, tmp_path: Path) -> None:
    """Started as a launcher starts them, they share the batches, and one seals and reports."""
    table = csv(tmp_path / "t.csv", rows)
    out = tmp_path / "docs" / "1"
    options = ("--epochs=1", "--batch-size=4", "--max-length=16", "--no-accelerate", "--json")
    arguments = ["train", str(table), *COLUMNS, *options, "--out", str(out)]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # Forked, they need not import what this process has imported.
    processes = multiprocessing.get_context("fork")
    launched = [
        processes.Process(target=_train_as, args=(rank, port, arguments, tmp_path / str(rank)))
        for rank in range(2)
    ]
    for process in launched:
        process.start()
    for process in launched:
        process.join()

    said = [(tmp_path / str(rank)).read_text() for rank in range(2)]
    assert [process.exitcode for process in launched] == [0, 0], said
    assert json.loads(said[0])["fingerprint"] == open_bundle(out).manifest.fingerprint
    assert said[1] == ""
    assert [path.name for path in out.parent.iterdir()] == ["1"]


def _train_as(rank: int, port: int, arguments: list[str], said: Path) -> None:
    """Run a command as one of two processes of a launcher, and keep its standard output."""
    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    with said.open("w", encoding="utf-8") as sys.stdout:
        main(arguments)


def test_rows_that_nobody_labelled_are_noted(rows: Table, tmp_path: Path) -> None:
    """Many tools write -1 for them, and a class would be learnt of it."""
    labels = [("0", "1", "-1")[number % 3] for number in range(len(rows))]

    report = train(replace(rows, labels=labels), ROLES, tmp_path / "docs" / "1", QUICK)

    assert report.notes[0].startswith(f"label: {len(rows) // 3} rows with the label '-1'")


def test_notes_say_which_epoch_was_kept(rows: Table, tmp_path: Path) -> None:
    """If a later epoch was worse, the report names the one whose weights are sealed."""
    generator = np.random.default_rng(1)
    noise = replace(rows, labels=generator.permutation(rows.labels).tolist())

    how = replace(QUICK, epochs=8)
    report = train(rows, ROLES, tmp_path / "docs" / "1", how, validation=noise)

    lineage = open_bundle(tmp_path / "docs" / "1").manifest.lineage
    assert lineage["best_epoch"] < 8
    kept = f"the weights are those of epoch {lineage['best_epoch']} of 8"
    assert any(kept in note for note in report.notes)


def test_columns_that_are_hard_to_fit(rows: Table, tmp_path: Path) -> None:
    """Columns that are constant, or missing throughout, are trained on without complaint."""
    features = {"pages": 3, "amount": None, "court": None, "sender": "only one"}
    table = replace(rows, documents=[{**d, "features": features} for d in rows.documents])

    train(table, ROLES, tmp_path / "docs" / "1", QUICK)

    schema = open_bundle(tmp_path / "docs" / "1").preprocessing.schema
    assert schema.numeric[1].minimum is None
    assert schema.categorical[0].categories == ()


def test_table_in_memory(tmp_path: Path) -> None:
    """A frame with two classes and no features is enough, and a message names it."""
    frame = pd.DataFrame({"text": ["good thing", "bad thing"] * 10, "label": [1, 0] * 10})
    roles = ColumnRoles(text=("text",), label="label")

    train(as_table(frame, roles, "memory"), roles, tmp_path / "docs" / "1", QUICK)

    assert open_bundle(tmp_path / "docs" / "1").labels == ("0", "1")
    with pytest.raises(TableError, match=r"^memory: no column"):
        as_table(frame, replace(roles, label="verdict"), "memory")


def test_each_class_is_held_out_in_its_share() -> None:
    """A split keeps classes in proportion, and a class of one row stays in training."""
    labels = ["a"] * 100 + ["b"] * 40 + ["c"]
    held = share_of_each_class(labels, seed=5)
    assert Counter(labels[place] for place in held) == {"a": 15, "b": 6}
    assert held == share_of_each_class(labels, seed=5)
