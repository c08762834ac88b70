"""Bundles that are small and real, for every test that needs one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import joblib
import onnx
import pytest

from artifacts.acceleration import exporting
from artifacts.acceleration.exporting import export
from artifacts.bundle.opening import open_bundle
from artifacts.demo.documents import champion_training
from artifacts.imported.import_model import ImportOptions, import_model
from artifacts.sealing.add_engine import accelerate
from artifacts.tables import ColumnRoles, Table, as_table
from artifacts.training.options import TrainingOptions
from artifacts.training.train import train
from tests.models import FAMILIES, common_columns, save_joined_model, save_model

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "EXPORTED",
    "KINDS",
    "NETWORKS",
    "ROLES",
    "accelerate_copy",
    "demo_table",
    "make_bundle",
    "train_small",
]

ROLES = ColumnRoles(
    text=("text",), label="label", numeric=("pages", "amount"), categorical=("court", "sender")
)

EXPORTED = "exported.onnx"
"""The graph that a quantised engine was made of, beside the bundle of ``accelerate_copy``."""

KINDS = (
    "trained",
    "in windows",
    "columns of another team",
    *(f"on {family}" for family in FAMILIES),
    *(f"sealed {family}" for family in FAMILIES),
)
"""Kinds of bundles: trained from scratch, with long texts whole, on a base of each family, or
sealed from elsewhere."""

NETWORKS = ("in windows", *(f"sealed {family}" for family in FAMILIES))
"""Kinds whose networks are of different make: our head, and each encoder with its own."""


def demo_table() -> Table:
    """Return labelled demo documents with two numeric and two categorical columns."""
    return as_table(champion_training(240, 7), ROLES, "demo documents")


def train_small(destination: Path, seed: int, rows: int = 240) -> Path:
    """Train a small bundle from scratch on demo documents; takes about two seconds."""
    table = as_table(champion_training(rows, seed), ROLES, "demo documents")
    options = TrainingOptions(epochs=1, max_length=64, seed=seed, accelerate=False)
    train(table, ROLES, destination, options)
    return destination


def make_bundle(kind: str, table: Table, directory: Path, destination: Path) -> None:
    """Make a bundle of a kind but the first; what it is made of is left in ``directory``."""
    labels = sorted(set(table.labels))
    texts = [document["text"] for document in table.documents]
    model = directory / "model"
    how, _, family = kind.partition(" ")
    if how == "in":
        in_windows = TrainingOptions(epochs=1, max_length=16, long="windows", accelerate=False)
        train(table, ROLES, destination, in_windows)
    elif how == "on":
        base = str(save_model(model, family, labels, texts))
        on_base = TrainingOptions(
            base=base, epochs=1, max_length=64, freeze_encoder=True, accelerate=False
        )
        train(table, ROLES, destination, on_base)
    elif how == "sealed":
        text_only = ColumnRoles(ROLES.text, ROLES.label)
        options = ImportOptions(save_model(model, family, labels, texts), accelerate=False)
        import_model(table, text_only, destination, options)
    else:
        columns = common_columns(champion_training(240, 7))
        directory.mkdir()
        joblib.dump(columns, file := directory / "columns.joblib")
        save_joined_model(model, labels, texts, len(columns.get_feature_names_out()))
        import_model(table, ROLES, destination, ImportOptions(model, file, accelerate=False))


def accelerate_copy(bundle: Path, destination: Path) -> None:
    """Copy a bundle and add a quantised engine; the exported graph is left beside it."""
    shutil.copytree(bundle, destination)

    def keeping(*arguments: Any) -> onnx.ModelProto:  # noqa: ANN401 (those of the exporter)
        model = export(*arguments)
        onnx.save(model, destination.parent / EXPORTED)
        return model

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporting, "export", keeping)
        # Networks that were hardly trained are near a tie everywhere.
        accelerate(open_bundle(destination), None, max_flips=1.0)
