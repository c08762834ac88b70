"""A bundle with private columns, and recorders of its documents."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING

import pytest

from artifacts.bundle.opening import Bundle, open_bundle
from artifacts.demo.documents import champion_training
from artifacts.tables import ColumnRoles, as_table
from artifacts.training.options import TrainingOptions
from artifacts.training.train import train
from tests.service.observation.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def private_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Train a bundle with a private number (amount) and a private category (sender)."""
    roles = ColumnRoles(
        text=("text",),
        label="label",
        numeric=("pages", "amount"),
        categorical=("court", "sender"),
        private=("amount", "sender"),
    )
    table = as_table(champion_training(120, 3), roles, "demo documents")
    destination = tmp_path_factory.mktemp("private") / "docs" / "1"
    options = TrainingOptions(epochs=1, max_length=64, seed=3, accelerate=False)
    train(table, roles, destination, options)
    return open_bundle(destination)


@pytest.fixture
def record(private_bundle: Bundle, tmp_path: Path) -> Iterator[Callable[..., Recording]]:
    """Return a function that makes a recording; all of them are closed at the end."""
    with contextlib.ExitStack() as stack:

        def close_at_the_end(recording: Recording) -> Recording:
            stack.callback(recording.close)
            return recording

        make = partial(Recording, private_bundle, tmp_path / "log.jsonl")
        yield lambda *challengers, **options: close_at_the_end(make(*challengers, **options))
