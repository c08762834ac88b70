"""What was trained is sealed, also where figures or engines cannot be made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from artifacts.acceleration import building
from artifacts.bundle.opening import open_bundle
from artifacts.evaluation.encoded_table import encode_table
from artifacts.sealing import measure_and_seal as module
from artifacts.sealing.measure_and_seal import (
    Classifier,
    SealingOptions,
    SealingReport,
    measure_and_seal,
)
from artifacts.sealing.reference import build_reference
from guards.bundle.engines import ENGINES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from artifacts.sealing.embedding import EmbeddedRows
    from artifacts.tables import Table
    from guards.drift.reference import Reference

    Seal = Callable[[SealingOptions], SealingReport]


def out_of_memory(*_: object, **__: object) -> None:
    """Fail as a step does that needs more memory than there is."""
    raise MemoryError


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    """Return where the bundle goes."""
    return tmp_path / "docs" / "1"


@pytest.fixture
def seal(champion: Path, small_table: Table, destination: Path) -> Seal:
    """Return a function that seals the champion again, with a few held-out rows."""
    bundle = open_bundle(champion)
    table = small_table.take(range(40))
    rows = bundle.preprocessing.canonical(table.documents)
    held_out = encode_table(bundle.preprocessing, table, rows)
    classifier = Classifier(bundle.preprocessing, bundle.network)
    return lambda options: measure_and_seal(
        destination, classifier, held_out, {"label_column": "label"}, options
    )


def test_few_held_out_rows_are_noted(seal: Seal, destination: Path) -> None:
    """The report of a sealing says what its rows cannot tell."""
    report = seal(SealingOptions(accelerate=False))

    assert any(note.startswith("40 held-out rows are few") for note in report.notes)
    assert open_bundle(destination).manifest.metrics == report.metrics


def test_the_reference_is_built_with_the_embedded_rows(
    seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cell for each held-out row, on a map of the network's own width."""
    given: list[EmbeddedRows] = []

    def noting(*arguments: Any) -> Reference:  # noqa: ANN401 (those of the real one)
        given.append(arguments[-1])
        return build_reference(*arguments)

    monkeypatch.setattr(module, "build_reference", noting)

    seal(SealingOptions(accelerate=False))

    (rows,) = given
    assert rows.map.hidden == 128
    assert rows.cells.shape == (40,)
    np.testing.assert_array_equal(rows.map.cells_of(rows.projected), rows.cells)


def test_a_bundle_without_figures_is_sealed(
    seal: Seal, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A training is not lost because it could not be measured."""
    monkeypatch.setattr(module, "evaluate", out_of_memory)

    report = seal(SealingOptions(accelerate=False))

    assert report.metrics == {}
    assert "the figures could not be computed: MemoryError" in report.notes
    assert open_bundle(destination).manifest.metrics == {}


def test_a_bundle_without_engines_is_sealed(
    seal: Seal, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever fails while an engine is built, the bundle is served by its network."""
    makers = dict.fromkeys(ENGINES, out_of_memory)
    monkeypatch.setattr(building, "_MAKERS", makers)

    report = seal(SealingOptions())

    for engine in ENGINES:
        assert f"{engine} was not built: MemoryError" in report.notes
    assert not open_bundle(destination).engines
