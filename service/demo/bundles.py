"""The demo's champion and challenger: trained once, verified ever after."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifacts.demo.documents import challenger_training, champion_training, fresh_validation
from artifacts.measuring import measure
from artifacts.opening import open_bundle
from artifacts.tables import ColumnRoles, as_table
from artifacts.training import TrainingOptions, train
from guards.errors import GuardRefused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

__all__ = ["DemoBundles", "demo_bundles", "validation_f1"]

ROLES = ColumnRoles(
    text=("text",), label="label", numeric=("pages", "amount"), categorical=("court", "sender")
)

_ROWS = 2400
_VALIDATION_ROWS = 400
_MAX_LENGTH = 128


@dataclass(frozen=True, slots=True)
class DemoBundles:
    """Where the two bundles are, and what they say of themselves."""

    champion: Path
    challenger: Path


def demo_bundles(store: Path, say: Callable[[str], None]) -> DemoBundles:
    """Give the demo's bundles below ``store``, training what is not there or does not verify.

    Also writes ``roles.json`` where there is none, so that ``understudy serve`` finds them.
    """
    bundles = DemoBundles(store / "demo" / "1", store / "demo" / "2")
    for path, table, what, seed in (
        (bundles.champion, champion_training, "the champion, on last year's labels", 1),
        (bundles.challenger, challenger_training, "the challenger, on fresh labels", 2),
    ):
        if not _passes(path):
            say(f"training {what}")
            _train(path, table(_ROWS, seed), seed)
    roles = store / "roles.json"
    if not roles.exists():
        named = {"champion": "demo/1", "challengers": ["demo/2"]}
        roles.write_text(json.dumps(named, indent=1) + "\n", encoding="utf-8")
    return bundles


def validation_f1(path: Path) -> float:
    """Give macro F1 on a fresh validation table, which neither bundle was trained on."""
    table = as_table(fresh_validation(_VALIDATION_ROWS, 3), ROLES, "validation documents")
    f1: float = measure(open_bundle(path), table)["macro_f1"].value
    return f1


def _passes(path: Path) -> bool:
    try:
        open_bundle(path)
    except GuardRefused:
        return False
    return True


def _train(path: Path, frame: pd.DataFrame, seed: int) -> None:
    # The demo's own bundle from an older version, or a damaged one: made again.
    shutil.rmtree(path, ignore_errors=True)
    table = as_table(frame, ROLES, "demo documents")
    train(table, ROLES, path, TrainingOptions(epochs=3, max_length=_MAX_LENGTH, seed=seed))
