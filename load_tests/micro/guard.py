"""What the guard costs: ``python -m load_tests.micro.guard``.

Measures on one core, in processor seconds, medians of several runs. The bundle has the shape of
MiniLM and fresh weights, since only sizes matter here. Prints a table and exits with 0: a target
that is missed is marked, and no exit code hangs on what a shared machine measures.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import joblib
import pandas as pd
import torch
from transformers import BertConfig

from artifacts.bundle.network import new_network
from artifacts.bundle.opening import Bundle, load, open_bundle
from artifacts.bundle.rechecking import Rechecker
from artifacts.bundle.sealed_columns import estimator_of
from artifacts.imported.import_model import ImportOptions, import_model
from artifacts.tables import ColumnRoles, as_table
from guards.bundle.sealed_files import read_sealed
from guards.integrity.state.fingerprint import digest
from guards.integrity.verify import verify
from load_tests.documents import generate_documents
from load_tests.micro.common import (
    CATEGORICAL,
    CATEGORIES,
    LABELS,
    NUMERIC,
    columns_of_others,
    in_turns,
    print_line,
)
from load_tests.micro.model import SHAPES, save_tokenizer

if TYPE_CHECKING:
    from guards.bundle.sealed_files import SealedFiles

__all__ = ["main"]

_ROWS = 100
_ROLES = ColumnRoles(("text",), "label", NUMERIC, CATEGORICAL)


def main() -> None:
    """Make the bundle, measure, print."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as directory:
        path = _make_bundle(Path(directory))
        _measure_start(path)
        _measure_rechecks(open_bundle(path))


def _measure_start(path: Path) -> None:
    files = [file for file in path.rglob("*") if file.is_file()]
    megabytes = sum(file.stat().st_size for file in files) / 1e6
    loading_s: list[float] = []

    def timed(sealed: SealedFiles, columns: object) -> Bundle:
        started_s = time.process_time()
        bundle = load(sealed, columns)
        loading_s.append(time.process_time() - started_s)
        return bundle

    (reading_s,) = in_turns(lambda: [file.read_bytes() for file in files])
    checking_s, verifying_s = in_turns(lambda: read_sealed(path), lambda: verify(path, timed))
    guard_s = 2 * (verifying_s - statistics.median(loading_s) - reading_s)
    print_line("bundle", megabytes, "MB")
    print_line("reading its bytes", reading_s * 1e3, "ms")
    print_line("bytes against the manifest", megabytes / checking_s, "MB/s", at_least=400)
    print_line("guard at start, two such bundles", guard_s, "s", at_most=1.5)


def _measure_rechecks(bundle: Bundle) -> None:
    rechecker, columns = Rechecker(bundle), estimator_of(bundle.preprocessing.columns)
    digesting_s, rechecking_s = in_turns(lambda: digest(columns), rechecker.recheck)
    print_line("semantic fingerprint of 30 columns", digesting_s * 1e3, "ms", at_most=30)
    print_line("one re-check", rechecking_s * 1e3, "ms")


def _make_bundle(directory: Path) -> Path:
    """Seal a bundle of MiniLM's shape with 30 columns, as one that was trained elsewhere."""
    frame = _documents()
    columns = columns_of_others().fit(frame)
    joblib.dump(columns, directory / "columns.joblib")
    network = new_network(
        BertConfig(**SHAPES["minilm-l6"]).to_dict(),
        columns_width=columns.transform(frame[:1]).shape[1],
        labels=LABELS,
        preprocessing_fingerprint="",
    )
    network.save_pretrained(directory / "model")
    save_tokenizer(directory / "model", list(frame["text"]))
    options = ImportOptions(
        directory / "model", directory / "columns.joblib", max_length=256, accelerate=False
    )
    path = directory / "documents" / "1"
    import_model(as_table(frame, _ROLES, "documents"), _ROLES, path, options)
    return path


def _documents() -> pd.DataFrame:
    number, category = {"type": "number"}, {"type": "string", "examples": CATEGORIES}
    schemas = {name: number if name in NUMERIC else category for name in NUMERIC + CATEGORICAL}
    documents = generate_documents(_ROWS, schemas)
    return pd.DataFrame(
        {
            "text": [document["text"] for document in documents],
            "label": [LABELS[row % len(LABELS)] for row in range(_ROWS)],
            **pd.DataFrame([document["features"] for document in documents]),
        }
    )


if __name__ == "__main__":
    main()
