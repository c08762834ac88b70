"""Bundles that are trained once a run, small and real, for every test that needs one."""

from __future__ import annotations

import gc
import os
import shutil
from functools import cache
from typing import TYPE_CHECKING, Any

# On a busy machine two threads on a tiny network wait for each other more than they compute.
os.environ["OMP_NUM_THREADS"] = "1"
# The runtime would report its use from here too, as it is told not to in processes of the service.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import joblib
import onnx
import pytest
from hypothesis import HealthCheck, settings

from artifacts.acceleration import exporting
from artifacts.acceleration.exporting import export
from artifacts.bundle.opening import open_bundle
from artifacts.demo.documents import champion_training
from artifacts.imported.import_model import ImportOptions, import_model
from artifacts.sealing.add_engine import accelerate
from artifacts.tables import ColumnRoles, Table, as_table
from artifacts.training.options import TrainingOptions
from artifacts.training.train import train
from guards.integrity.isolation.parent import run_jobs
from service.lifecycle import judging
from tests.judging import judging_here
from tests.models import FAMILIES, common_columns, save_joined_model, save_model
from tests.once import made_once, shared_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# How long an example takes says how busy the machine is.
settings.register_profile(
    "tests", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")

ROLES = ColumnRoles(
    text=("text",), label="label", numeric=("pages", "amount"), categorical=("court", "sender")
)


EXPORTED = "exported.onnx"
"""The graph that a quantised engine was made of, beside the bundle of ``accelerated_of``."""

KINDS = (
    "trained",
    "in windows",
    "columns of another team",
    *(f"on {family}" for family in FAMILIES),
    *(f"sealed {family}" for family in FAMILIES),
)
"""Kinds of bundles: trained from scratch, with long texts whole, on a base of each family, or
sealed from elsewhere."""

NETWORKS = tuple(kind for kind in KINDS if kind not in {"columns of another team", "on bert"})
"""Kinds whose networks are of different make: those two have a BERT beside columns, as the trained
bundle has."""


def train_small(destination: Path, seed: int, rows: int = 240) -> Path:
    """Train a small bundle from scratch on demo documents; takes about two seconds."""
    table = as_table(champion_training(rows, seed), ROLES, "demo documents")
    options = TrainingOptions(epochs=1, max_length=64, seed=seed, accelerate=False)
    train(table, ROLES, destination, options)
    return destination


@pytest.fixture(scope="module", autouse=True)
def _imports_stay() -> None:
    """Leave what was imported out of garbage collections: every training asks for several.

    Each would look at all objects of torch, transformers and the tests, for nothing. A service that
    ends in this process has them looked at again.
    """
    if not gc.get_freeze_count():
        gc.collect()
        gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _judging_here() -> Iterator[None]:
    """Judge in this process: a child would import torch again for every test."""
    with judging_here():
        yield


@pytest.fixture
def in_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge in a child after all, as the product does."""
    monkeypatch.setattr(judging, "run_jobs", run_jobs)


@pytest.fixture(scope="session")
def small_table() -> Table:
    """Return labelled demo documents with two numeric and two categorical columns."""
    return as_table(champion_training(240, 7), ROLES, "demo documents")


@pytest.fixture(scope="session")
def champion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a sealed bundle, docs/1; never change it, copy it."""
    directory = shared_directory(tmp_path_factory) / "champion"
    destination = directory / "docs" / "1"
    made_once(directory, lambda: train_small(destination, seed=1))
    return destination


@pytest.fixture(scope="session")
def challenger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return another sealed bundle of the same schema, docs/2, fitted on other rows."""
    directory = shared_directory(tmp_path_factory) / "challenger"
    destination = directory / "docs" / "2"
    made_once(directory, lambda: train_small(destination, seed=2))
    return destination


@pytest.fixture(scope="session")
def bundle_of(
    champion: Path, small_table: Table, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Return a function that makes a bundle of any kind in ``KINDS``, once a run."""
    kinds = shared_directory(tmp_path_factory) / "kinds"
    labels = sorted(set(small_table.labels))
    texts = [document["text"] for document in small_table.documents]

    def make(kind: str, directory: Path, destination: Path) -> None:
        how, _, family = kind.partition(" ")
        model = directory / "model"
        if how == "in":
            in_windows = TrainingOptions(epochs=1, max_length=16, long="windows", accelerate=False)
            train(small_table, ROLES, destination, in_windows)
        elif how == "on":
            base = str(save_model(model, family, labels, texts))
            on_base = TrainingOptions(
                base=base, epochs=1, max_length=64, freeze_encoder=True, accelerate=False
            )
            train(small_table, ROLES, destination, on_base)
        elif how == "sealed":
            text_only = ColumnRoles(ROLES.text, ROLES.label)
            options = ImportOptions(save_model(model, family, labels, texts), accelerate=False)
            import_model(small_table, text_only, destination, options)
        else:
            columns = common_columns(champion_training(240, 7))
            directory.mkdir()
            joblib.dump(columns, file := directory / "columns.joblib")
            save_joined_model(model, labels, texts, len(columns.get_feature_names_out()))
            import_model(
                small_table, ROLES, destination, ImportOptions(model, file, accelerate=False)
            )

    def made(kind: str) -> Path:
        if kind == "trained":
            return champion
        directory = kinds / kind
        destination = directory / kind / "1"
        made_once(directory, lambda: make(kind, directory, destination))
        return destination

    return cache(made)


@pytest.fixture(scope="session")
def accelerated_of(
    bundle_of: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Return a function that makes a bundle of any kind with a quantised engine, once a run."""
    kinds = shared_directory(tmp_path_factory) / "accelerated"

    def make(kind: str, destination: Path) -> None:
        shutil.copytree(bundle_of(kind), destination)

        def keeping(*arguments: Any) -> onnx.ModelProto:  # noqa: ANN401 (those of the exporter)
            model = export(*arguments)
            onnx.save(model, destination.parent / EXPORTED)
            return model

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(exporting, "export", keeping)
            # Networks that were hardly trained are near a tie everywhere.
            accelerate(open_bundle(destination), None, max_flips=1.0)

    def made(kind: str) -> Path:
        destination = kinds / kind / "1"
        made_once(kinds / kind, lambda: make(kind, destination))
        return destination

    return cache(made)


@pytest.fixture(scope="session")
def accelerated(accelerated_of: Callable[[str], Path]) -> Path:
    """Return the champion with a quantised engine; never change it, copy it."""
    return accelerated_of("trained")


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[Path], Path]:
    """Return a function that copies a bundle to where a test may damage it."""

    def copy(bundle: Path) -> Path:
        destination = tmp_path / "copied" / bundle.parent.name / bundle.name
        shutil.copytree(bundle, destination)
        return destination

    return copy
