"""Make the sealed bundles that are damaged: ``python -m load_tests.fuzz.bases DIRECTORY``.

One is trained and has a quantised engine, one of each family is text alone, and the others have
columns of every estimator that a bundle may hold.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import joblib
import torch
from transformers import BertConfig, PreTrainedTokenizerFast
from transformers.utils import logging

from artifacts.bundle.network import new_network
from artifacts.bundle.opening import open_bundle
from artifacts.demo.documents import champion_training
from artifacts.imported.import_model import ImportOptions, import_model
from artifacts.sealing.add_engine import accelerate
from artifacts.tables import ColumnRoles, as_table
from artifacts.training.wordpiece import SPECIAL_TOKENS, learn_tokenizer
from load_tests.fuzz.columns import CATEGORIES, COLUMNS, NUMBERS, fitted
from load_tests.micro.family_models import FAMILIES, write_model

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ENGINE", "make_bases", "make_columns_base"]

ENGINE = "engine"
"""The base that has a quantised engine."""

_FAMILIES = ("BERT", "DistilBERT", "RoBERTa", "XLM-R", "ModernBERT")
_ROWS = 240


def make_bases(directory: Path) -> list[Path]:
    """Seal a bundle of each kind below ``directory``, and return their paths."""
    table = champion_training(_ROWS, seed=1)
    made = [make_columns_base(directory, kind, table) for kind in COLUMNS]
    made += [_make_family(directory, family, table) for family in _FAMILIES]
    return [*made, _make_accelerated(directory, made[0])]


def make_columns_base(directory: Path, kind: str, table: pd.DataFrame) -> Path:
    """Seal a network of two small layers that takes text and columns of one kind."""
    columns = fitted(kind, table)
    used = [*columns.feature_names_in_]
    roles = ColumnRoles(
        ("text",),
        "label",
        tuple(name for name in NUMBERS if name in used),
        tuple(name for name in CATEGORIES if name in used),
    )
    directory.mkdir(parents=True, exist_ok=True)
    joblib.dump(columns, file := directory / f"{kind}.joblib")
    model, width = directory / f"{kind} model", columns.transform(table[:1][used]).shape[1]
    _save_joined(model, table, width)
    destination = directory / kind / "1"
    options = ImportOptions(model, file, accelerate=False)
    import_model(as_table(table, roles, "documents"), roles, destination, options)
    return destination


def _save_joined(directory: Path, table: pd.DataFrame, width: int) -> None:
    tokenizer = learn_tokenizer([*table["text"]], 400)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
    )
    torch.manual_seed(0)
    network = new_network(
        config.to_dict(),
        columns_width=width,
        labels=tuple(sorted({*table["label"]})),
        preprocessing_fingerprint="",
    )
    network.save_pretrained(directory)
    pad, unk, cls, sep, mask = SPECIAL_TOKENS
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=64,
        pad_token=pad,
        unk_token=unk,
        cls_token=cls,
        sep_token=sep,
        mask_token=mask,
    ).save_pretrained(directory)


def _make_family(directory: Path, name: str, table: pd.DataFrame) -> Path:
    family, model, destination = FAMILIES[name], directory / f"{name} model", directory / name / "1"
    write_model(model, family, family.kind, own_class=False)
    # The labels of the model's own configuration stand for the table's first ones.
    labels = dict(zip(sorted({*table["label"]}), ("accept", "defer", "reject"), strict=False))
    known = table[table["label"].isin(labels)].replace({"label": labels})
    roles = ColumnRoles(("text",), "label")
    options = ImportOptions(model, accelerate=False, accept_labels=True)
    import_model(as_table(known, roles, "documents"), roles, destination, options)
    return destination


def _make_accelerated(directory: Path, base: Path) -> Path:
    destination = directory / ENGINE / "1"
    destination.parent.mkdir()
    shutil.copytree(base, destination)
    # Fresh weights are near a tie everywhere: how many labels eight bits change says nothing.
    accelerate(open_bundle(destination), None, max_flips=1.0)
    return destination


if __name__ == "__main__":
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    make_bases(Path(sys.argv[1]))
