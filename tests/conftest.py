"""Bundles that are made once a run, and the order in which files of tests are run.

What imports torch is imported where a fixture needs it: the process that hands tests to the others
would take ten seconds for it before they can begin.
"""

from __future__ import annotations

import gc
import os
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

# On a busy machine two threads on a tiny network wait for each other more than they compute.
os.environ["OMP_NUM_THREADS"] = "1"
# Processes that tests start find our sources compiled, instead of compiling them each anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# The runtime would report its use from here too, as it is told not to in processes of the service.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import pytest
from hypothesis import HealthCheck, settings

from guards.integrity.isolation.parent import run_jobs
from service.lifecycle import judging, runtime
from tests.exports import exported_once
from tests.forking import one_fork_server
from tests.judging import judging_here
from tests.once import made_once, shared_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from artifacts.tables import Table

# How long an example takes says how busy the machine is.
settings.register_profile(
    "tests",
    deadline=None,
    derandomize=True,
    # They are the same in every run.
    max_examples=30,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("tests")

TESTS = Path(__file__).parent

LONG_FIRST = (
    *("serving/test_bento", "faults/test_inputs"),
    *("serving", "contracts", "load_tests", "faults", "artifacts", "test_imports"),
)
"""How paths of files begin that take long, however few tests they have.

The first makes the bundles that many others need; the second needs none of them.
"""


def pytest_collection() -> None:
    """Hold garbage collections off while tests are imported: what they import stays."""
    gc.disable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run long files first, so that no process waits for another's at the end."""

    @cache
    def rank(path: Path) -> int:
        name = path.relative_to(TESTS).as_posix()
        found = (place for place, start in enumerate(LONG_FIRST) if name.startswith(start))
        return next(found, len(LONG_FIRST))

    items.sort(key=lambda item: rank(item.path))


def pytest_collection_finish() -> None:
    """Leave what was imported out of garbage collections, which begin here."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="module", autouse=True)
def _imports_stay() -> None:
    """Leave what was imported out of garbage collections: every training asks for several.

    Each would look at all objects of torch, transformers and the tests, for nothing.
    """
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _judging_here() -> Iterator[None]:
    """Judge in this process: a child would import torch again for every test."""
    with judging_here():
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_fork_server() -> Iterator[None]:
    """Let the challengers of all tests be forked from one process."""
    with one_fork_server():
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_balancer() -> Iterator[None]:
    """Let a stop in this process not wait for balancers to notice: here are none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runtime, "_GRACE_S", 0.0)
        yield


@pytest.fixture(scope="session", autouse=True)
def _exported_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Export each network once a run."""
    with exported_once(shared_directory(tmp_path_factory) / "exports"):
        yield


@pytest.fixture
def in_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge in a child after all, as the product does."""
    monkeypatch.setattr(judging, "run_jobs", run_jobs)


@pytest.fixture(scope="session")
def small_table() -> Table:
    """Return labelled demo documents with two numeric and two categorical columns."""
    from tests.bundles import demo_table  # noqa: PLC0415 (it imports torch)

    return demo_table()


@pytest.fixture(scope="session")
def champion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a sealed bundle, docs/1; never change it, copy it."""
    return _trained(tmp_path_factory, "champion", seed=1)


@pytest.fixture(scope="session")
def challenger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return another sealed bundle of the same schema, docs/2, fitted on other rows."""
    return _trained(tmp_path_factory, "challenger", seed=2)


@pytest.fixture(scope="session")
def bundle_of(
    champion: Path, small_table: Table, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Return a function that makes a bundle of any kind in ``bundles.KINDS``, once a run."""
    from tests.bundles import make_bundle  # noqa: PLC0415 (it imports torch)

    kinds = shared_directory(tmp_path_factory) / "kinds"

    def made(kind: str) -> Path:
        if kind == "trained":
            return champion
        directory = kinds / kind
        destination = directory / kind / "1"
        made_once(directory, lambda: make_bundle(kind, small_table, directory, destination))
        return destination

    return cache(made)


@pytest.fixture(scope="session")
def accelerated_of(
    bundle_of: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Return a function that makes a bundle of any kind with a quantised engine, once a run."""
    from tests.bundles import accelerate_copy  # noqa: PLC0415 (it imports torch)

    kinds = shared_directory(tmp_path_factory) / "accelerated"

    def made(kind: str) -> Path:
        destination = kinds / kind / "1"
        made_once(kinds / kind, lambda: accelerate_copy(bundle_of(kind), destination))
        return destination

    return cache(made)


@pytest.fixture(scope="session")
def accelerated(accelerated_of: Callable[[str], Path]) -> Path:
    """Return the champion with a quantised engine; never change it, copy it."""
    return accelerated_of("trained")


@pytest.fixture(scope="session")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a sealed bundle in which one word and one column decide; see ``tests.ruled``."""
    from tests.ruled import seal_ruled  # noqa: PLC0415 (it imports torch)

    directory = shared_directory(tmp_path_factory) / "ruled"
    destination = directory / "ruled" / "1"
    made_once(directory, lambda: seal_ruled(directory / "made", destination))
    return destination


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[Path], Path]:
    """Return a function that copies a bundle to where a test may damage it."""

    def copy(bundle: Path) -> Path:
        destination = tmp_path / "copied" / bundle.parent.name / bundle.name
        shutil.copytree(bundle, destination)
        return destination

    return copy


def _trained(factory: pytest.TempPathFactory, name: str, seed: int) -> Path:
    from tests.bundles import train_small  # noqa: PLC0415 (it imports torch)

    directory = shared_directory(factory) / name
    destination = directory / "docs" / str(seed)
    made_once(directory, lambda: train_small(destination, seed))
    return destination
