"""The champion, whose answers depend on columns, and a bundle that is less confident."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from artifacts.tables import ColumnRoles, as_table
from artifacts.training.options import TrainingOptions
from artifacts.training.train import train
from load_tests.diagnosis.documents import CLASSES, table

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["train_champion", "train_unsure"]

_ROLES = ColumnRoles(
    text=("text",), label="label", numeric=("pages", "amount"), categorical=("court",)
)
_ROWS = 1200
_OPTIONS = TrainingOptions(epochs=5, max_length=48, accelerate=False, seed=1)
_GUESSED = 0.25


def train_champion(bundle: Path) -> Path:
    """Train the bundle that answers in the good period; takes about fifteen seconds."""
    train(as_table(table(1, _ROWS), _ROLES, "documents"), _ROLES, bundle, _OPTIONS)
    return bundle


def train_unsure(bundle: Path) -> Path:
    """Train on the same documents, of which a quarter have a label by chance."""
    rows = table(1, _ROWS)
    generator = np.random.default_rng(2)
    guessed = generator.random(_ROWS) < _GUESSED
    rows.loc[guessed, "label"] = generator.choice(list(CLASSES), int(guessed.sum()))
    train(as_table(rows, _ROLES, "documents"), _ROLES, bundle, _OPTIONS)
    return bundle
