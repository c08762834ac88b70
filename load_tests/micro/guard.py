"""What the guard costs: ``python -m load_tests.micro.guard``.

Measures on one core, in processor seconds where nothing waits, medians of several runs; latencies
on the clock, with and without re-checks in turns, for a minute in all. The bundle has the shape of
MiniLM and fresh weights, since only sizes matter here. Prints a table and exits with 0: a target
that is missed is marked, and no exit code hangs on what a shared machine measures.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import statistics
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import joblib
import numpy as np
import pandas as pd
import torch
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from transformers import PreTrainedTokenizerFast

from artifacts.bundle.network import new_network
from artifacts.bundle.opening import Bundle, load, open_bundle
from artifacts.bundle.rechecking import Rechecker
from artifacts.bundle.sealed_columns import estimator_of
from artifacts.imported.import_model import ImportOptions, import_model
from artifacts.tables import ColumnRoles, as_table
from artifacts.training.wordpiece import SPECIAL_TOKENS, word_piece
from guards.bundle.sealed_files import read_sealed
from guards.integrity.state.fingerprint import digest
from guards.integrity.verify import verify
from service.engines.torch import TorchEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guards.bundle.sealed_files import SealedFiles

__all__ = ["main"]

_RUNS = 7
_NUMERIC, _CATEGORICAL = 20, 10
_ROWS = 100
_PAIRS = 10
_PHASE_S = 2.5
_RECHECK_S = 1.0
_LABELS = ("contract", "invoice", "letter")
_ROLES = ColumnRoles(
    ("text",),
    "label",
    tuple(f"number_{index}" for index in range(_NUMERIC)),
    tuple(f"category_{index}" for index in range(_CATEGORICAL)),
)
_MINILM = {
    "vocab_size": 30522,
    "hidden_size": 384,
    "num_hidden_layers": 6,
    "num_attention_heads": 12,
    "intermediate_size": 1536,
    "max_position_embeddings": 512,
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; ``most`` or ``least`` is the target, where there is one."""

    name: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None

    def __str__(self) -> str:
        """Print the line."""
        return f"{self.name:<56}{self.value:>10.2f} {self.unit:<6}{self._target()}"

    def _target(self) -> str:
        if self.most is not None:
            return f"≤ {self.most:g}" + "  missed" * (self.value > self.most)
        if self.least is not None:
            return f"≥ {self.least:g}" + "  missed" * (self.value < self.least)
        return ""


def main() -> None:
    """Make the bundle, measure, print."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as directory:
        bundle = _make_bundle(Path(directory))
        for figure in _figures(bundle):
            print(figure, flush=True)


def _figures(path: Path) -> Iterator[Figure]:
    size_bytes = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    reading_s = _cpu_s(lambda: [file.read_bytes() for file in path.rglob("*") if file.is_file()])
    checking_s = _cpu_s(lambda: read_sealed(path))
    yield Figure("bundle", size_bytes / 1e6, "MB")
    yield Figure("reading its bytes", reading_s * 1e3, "ms")
    yield Figure("bytes against the manifest", size_bytes / 1e6 / checking_s, "MB/s", least=400)
    whole_s, loading_s = _verifying_s(path)
    guard_s = 2 * (whole_s - loading_s - reading_s)
    yield Figure("guard at start, two such bundles", guard_s, "s", most=1.5)
    bundle = open_bundle(path)
    columns = estimator_of(bundle.preprocessing.columns)
    yield Figure(
        "semantic fingerprint of 30 columns", _cpu_s(lambda: digest(columns)) * 1e3, "ms", most=30
    )
    yield from _rechecking(bundle)


def _rechecking(bundle: Bundle) -> Iterator[Figure]:
    """Compare latencies of single documents with a re-check every second and without."""
    rechecker = Rechecker(bundle)
    yield Figure("one re-check", _cpu_s(rechecker.recheck) * 1e3, "ms")
    _latencies_s(bundle, None)  # warms up
    without: list[float] = []
    beside: list[float] = []
    for pair in range(_PAIRS):
        # They take turns in going first: a machine that slows down favours neither.
        for again in (False, True) if pair % 2 else (True, False):
            latencies = _latencies_s(bundle, rechecker if again else None)
            (beside if again else without).extend(latencies)
    for percent in (50, 99):
        plain_s = np.percentile(without, percent)
        ratio = np.percentile(beside, percent) / plain_s
        yield Figure(f"champion p{percent} of single documents", plain_s * 1e3, "ms")
        yield Figure(f"p{percent} with a re-check every second ÷ without", ratio, "")


def _latencies_s(bundle: Bundle, rechecker: Rechecker | None) -> list[float]:
    """Encode and classify one document after the other for a while, beside re-checks if any."""
    engine, preprocessing = TorchEngine(bundle), bundle.preprocessing
    documents = as_table(_documents(np.random.default_rng(1)), _ROLES, "documents").documents
    rows = preprocessing.canonical(documents)
    waiting = zip(cycle(document["text"] for document in documents), cycle(rows), strict=True)
    latencies: list[float] = []
    with _rechecked(rechecker):
        until = time.perf_counter() + _PHASE_S
        while (started := time.perf_counter()) < until:
            text, row = next(waiting)
            engine.probabilities(preprocessing.encode([text], [row]))
            latencies.append(time.perf_counter() - started)
    return latencies


@contextmanager
def _rechecked(rechecker: Rechecker | None) -> Iterator[None]:
    stop = Event()

    def recheck() -> None:
        while rechecker is not None and not stop.wait(_RECHECK_S):
            rechecker.recheck()

    thread = Thread(target=recheck)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _cpu_s(work: Callable[[], object]) -> float:
    """Return the median processor seconds of this process over some runs."""
    seconds = []
    for _ in range(_RUNS):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    return statistics.median(seconds)


def _verifying_s(path: Path) -> tuple[float, float]:
    """Return the median processor seconds of a verification, and of building what it probes."""
    loading: list[float] = []

    def timed(sealed: SealedFiles, columns: object) -> Bundle:
        started = time.process_time()
        bundle = load(sealed, columns)
        loading.append(time.process_time() - started)
        return bundle

    return _cpu_s(lambda: verify(path, timed)), statistics.median(loading)


def _make_bundle(directory: Path) -> Path:
    """Seal a bundle of MiniLM's shape with 30 columns, as one that was trained elsewhere."""
    frame = _documents(np.random.default_rng(0))
    numeric, categorical = list(_ROLES.numeric), list(_ROLES.categorical)
    columns = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numeric),
            ("categories", OneHotEncoder(handle_unknown="ignore"), categorical),
        ]
    ).fit(frame)
    joblib.dump(columns, directory / "columns.joblib")
    _save_model(directory / "model", columns.transform(frame[:1]).shape[1])
    options = ImportOptions(
        directory / "model", directory / "columns.joblib", max_length=256, accelerate=False
    )
    path = directory / "documents" / "1"
    import_model(as_table(frame, _ROLES, "documents"), _ROLES, path, options)
    return path


def _documents(generator: np.random.Generator) -> pd.DataFrame:
    words = generator.integers(1000, _MINILM["vocab_size"], size=(_ROWS, 60))
    numbers = generator.normal(size=(_ROWS, _NUMERIC))
    categories = generator.integers(20, size=(_ROWS, _CATEGORICAL))
    return pd.DataFrame(
        {
            "text": [" ".join(f"w{word}" for word in row) for row in words],
            "label": [_LABELS[row % len(_LABELS)] for row in range(_ROWS)],
            **{f"number_{index}": numbers[:, index] for index in range(_NUMERIC)},
            **{
                f"category_{index}": [f"c{value}" for value in categories[:, index]]
                for index in range(_CATEGORICAL)
            },
        }
    )


def _save_model(directory: Path, width: int) -> None:
    vocabulary = {token: index for index, token in enumerate(SPECIAL_TOKENS)}
    vocabulary |= {f"w{index}": index for index in range(len(vocabulary), _MINILM["vocab_size"])}
    tokenizer = word_piece(vocabulary)
    network = new_network(
        None,
        {"model_type": "bert", **_MINILM},
        columns_width=width,
        labels=_LABELS,
        preprocessing_fingerprint="",
    )
    network.save_pretrained(directory)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(directory)


if __name__ == "__main__":
    main()
