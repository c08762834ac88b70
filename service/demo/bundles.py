"""The demo's champion and challenger, trained once."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifacts.demo.documents import challenger_training, champion_training, fresh_validation
from artifacts.tables import ColumnRoles, as_table
from guards.bundle.sealed_files import read_sealed
from guards.errors import CallError, GuardRefused
from guards.integrity.environment import environment_differences
from service.child_environment import child_command, child_environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

__all__ = ["NAME", "DemoBundles", "demo_bundles", "validation_f1"]

NAME = "understudy-demo"
"""The name of the demo's bundles, unlike any of a user's: damaged ones are replaced."""

ROLES = ColumnRoles(
    text=("text",), label="label", numeric=("pages", "amount"), categorical=("court", "sender")
)

_ROWS = 2400
_VALIDATION_ROWS = 400
_MAX_LENGTH = 128


@dataclass(frozen=True, slots=True)
class DemoBundles:
    """The paths of the two bundles."""

    champion: Path
    challenger: Path


def demo_bundles(store: Path, say: Callable[[str], None]) -> DemoBundles:
    """Return the demo's bundles below ``store``, training what is missing, damaged or outdated.

    Also writes ``roles.json`` where there is none, so that ``understudy serve`` finds them. Raises
    ``CallError`` when a training fails.
    """
    bundles = DemoBundles(store / NAME / "1", store / NAME / "2")
    tables = {bundles.champion: champion_training, bundles.challenger: challenger_training}
    outdated = {path: table for path, table in tables.items() if not _is_current(path)}
    if outdated:
        say("training a champion on last year's labels, and a challenger on fresh ones")
        _train_side_by_side({path: table(_ROWS, 1) for path, table in outdated.items()})
    roles = store / "roles.json"
    if not roles.exists():
        names = {"champion": f"{NAME}/1", "challengers": [f"{NAME}/2"]}
        roles.write_text(json.dumps(names, indent=1) + "\n", encoding="utf-8")
    return bundles


def validation_f1(path: Path) -> float:
    """Return macro F1 on a fresh validation table, which neither bundle was trained on."""
    # Late, so that torch is not imported before the service starts.
    from artifacts.bundle.opening import open_bundle  # noqa: PLC0415
    from artifacts.evaluation.evaluate_bundle import measure  # noqa: PLC0415

    table = as_table(fresh_validation(_VALIDATION_ROWS, 3), ROLES, "validation documents")
    return float(measure(open_bundle(path), table)["macro_f1"]["value"])


def _is_current(path: Path) -> bool:
    """Tell whether a bundle is whole and was sealed under the installed libraries.

    The service verifies it in full; this is a check without torch before it is started.
    """
    try:
        sealed = read_sealed(path)
    except GuardRefused:
        return False
    return not environment_differences(sealed.manifest.environment)


def _train_side_by_side(tables: dict[Path, pd.DataFrame]) -> None:
    """Train each bundle with ``understudy train`` in a process of its own, on one thread.

    Two threads on so small a network wait for each other more than they compute. Only the first
    process shows its progress.
    """
    processes: dict[Path, subprocess.Popen[bytes]] = {}
    for path, table in tables.items():
        processes[path] = subprocess.Popen(  # noqa: S603 (our own command)
            _training(path, table),
            env={**child_environment(), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if processes else None,
        )
    failed = [path for path, process in processes.items() if process.wait() != 0]
    if failed:
        message = f"training {failed[0]} failed; run the demo again to see why"
        raise CallError(message)


def _training(path: Path, table: pd.DataFrame) -> list[str]:
    # An older version of the demo's bundle, a damaged or an unfinished one, is replaced.
    for directory in (path, path.parent / f".training-{path.name}"):
        shutil.rmtree(directory, ignore_errors=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = path.parent / f"training-{path.name}.jsonl"
    table.to_json(rows, orient="records", lines=True)
    return [
        *child_command("service.cli", "train", str(rows)),
        *("--text", *ROLES.text, "--label", ROLES.label),
        *(f"--numeric={name}" for name in ROLES.numeric),
        *(f"--categorical={name}" for name in ROLES.categorical),
        *("--max-length", str(_MAX_LENGTH), "--out", str(path)),
    ]
