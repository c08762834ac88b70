"""Held-out rows are answered as ever, and mapped in little memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans

from artifacts.bundle.inference import embedded_passes, logits_of
from artifacts.bundle.opening import Bundle, open_bundle
from artifacts.sealing.embedding import (
    answer_and_embed,
    embed_with_graph,
    fit_centroids,
    random_signs,
)
from guards.drift.embedding import DIMENSIONS, MAX_CENTROIDS, projection_of
from service.engines.onnx import OnnxEngine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from artifacts.bundle.preprocessing import Encoding
    from artifacts.tables import Table


@pytest.fixture(scope="module")
def bundle(champion: Path) -> Bundle:
    """Open the champion."""
    return open_bundle(champion)


@pytest.fixture(scope="module")
def encodings(bundle: Bundle, small_table: Table) -> list[Encoding]:
    """Encode documents of many lengths."""
    return bundle.preprocessing.encode_documents(small_table.documents[:80])


def test_logits_are_those_without_an_embedding(bundle: Bundle, encodings: list[Encoding]) -> None:
    """To the last bit, in the order of the rows."""
    logits, _ = answer_and_embed(bundle.network, encodings)

    np.testing.assert_array_equal(logits, logits_of(bundle.network, encodings))


def test_rows_are_mapped_in_their_order(bundle: Bundle, encodings: list[Encoding]) -> None:
    """Cells and projections are what the map makes of the network's own states."""
    _, rows = answer_and_embed(bundle.network, encodings)

    assert rows is not None
    assert rows.map.hidden == 128
    assert {*rows.cells} == {*range(rows.map.cells)} == {*range(MAX_CENTROIDS)}
    for (index,), _, embedding in embedded_passes_one_by_one(bundle, encodings[:12]):
        (cell,), (projected,) = rows.map.values(embedding)
        assert cell == rows.cells[index]
        np.testing.assert_allclose(projected, rows.projected[index], rtol=1e-4, atol=1e-4)


def embedded_passes_one_by_one(
    bundle: Bundle, encodings: list[Encoding]
) -> list[tuple[list[int], NDArray[np.float32], NDArray[np.float32]]]:
    """Run each document in a pass of its own."""
    passes = []
    for index, encoding in enumerate(encodings):
        ((_, logits, embedding),) = embedded_passes(bundle.network, [encoding])
        assert embedding is not None
        passes.append(([index], logits, embedding))
    return passes


def test_rows_are_embedded_as_an_engine_serves_them(
    accelerated: Path, encodings: list[Encoding]
) -> None:
    """By the graph: its rounding moves coordinates, and the map says whose they are."""
    engine = OnnxEngine(open_bundle(accelerated), "onnx-int8")
    graph = open_bundle(accelerated).engines["onnx-int8"].graph or b""

    rows = embed_with_graph(graph, encodings)

    assert rows is not None
    assert rows.map.engine == "onnx-int8"
    cells, projected = rows.map.values(engine.embedded_probabilities(encodings)[1])
    np.testing.assert_array_equal(cells, rows.cells)
    np.testing.assert_allclose(projected, rows.projected, rtol=1e-4, atol=1e-4)


def test_the_same_rows_have_the_same_map(bundle: Bundle, encodings: list[Encoding]) -> None:
    """A bundle that is sealed again is the same bundle."""
    maps = [answer_and_embed(bundle.network, encodings)[1] for _ in range(2)]

    assert maps[0] is not None
    assert maps[1] is not None
    assert maps[0].map == maps[1].map


def test_centroids_are_those_of_k_means() -> None:
    """Three clusters far from each other and thirty-two centroids: each is a mean of its rows."""
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(3000, DIMENSIONS)) + 50 * generator.integers(0, 3, (3000, 1))
    projected = rows.astype(np.float32)

    centroids = np.frombuffer(fit_centroids(projected), "<f4").reshape(-1, DIMENSIONS)

    expected = KMeans(MAX_CENTROIDS, n_init=1, random_state=0).fit(projected.astype(np.float64))
    np.testing.assert_allclose(centroids, expected.cluster_centers_, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("different", [1, 2, 31])
def test_few_different_rows_have_as_many_cells(different: int) -> None:
    """A cell that no row is in would be a cell without a meaning."""
    rows = np.random.default_rng(0).normal(size=(different, DIMENSIONS)).astype(np.float32)

    centroids = np.frombuffer(fit_centroids(np.tile(rows, (5, 1))), "<f4").reshape(-1, DIMENSIONS)

    assert len(centroids) == different
    for row in rows:
        assert np.abs(centroids - row).max(axis=1).min() < 1e-5


def test_a_hundred_thousand_rows_are_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Centroids are fitted on evenly spaced rows, at most 20,000 of them."""
    fitted: list[int] = []
    fit = KMeans.fit

    def noting(model: KMeans, rows: NDArray[np.float64]) -> KMeans:
        fitted.append(len(rows))
        return fit(model, rows[:64])

    monkeypatch.setattr(KMeans, "fit", noting)
    rows = np.random.default_rng(0).normal(size=(50_001, DIMENSIONS)).astype(np.float32)

    fit_centroids(rows)

    assert fitted == [16_667]


def test_signs_are_those_of_the_documented_generator() -> None:
    """As many as there are numbers, half of them positive, the same for the same width."""
    signs = random_signs(96)

    assert signs == random_signs(96) == np.random.Generator(np.random.PCG64(0)).bytes(96 * 4)
    assert abs(np.sign(projection_of(signs)).mean()) < 0.05


def test_an_embedding_that_is_not_finite_is_not_mapped(
    bundle: Bundle, encodings: list[Encoding], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows are answered all the same."""
    embed = type(bundle.network).embed

    def infinite(*arguments: object) -> tuple[torch.Tensor, torch.Tensor]:
        logits, states = embed(*arguments)  # type: ignore[arg-type]  # those of a network
        assert states is not None
        return logits, torch.full_like(states, np.inf)

    monkeypatch.setattr(type(bundle.network), "embed", infinite)

    logits, rows = answer_and_embed(bundle.network, encodings)

    assert rows is None
    assert np.isfinite(logits).all()


def test_a_classifier_of_text_is_mapped(bundle_of: Callable[[str], Path]) -> None:
    """By the input of its last layer."""
    bundle = open_bundle(bundle_of("sealed roberta"))
    golden = bundle.preprocessing.encode_documents(bundle.probe_documents)

    logits, rows = answer_and_embed(bundle.network, golden)

    np.testing.assert_array_equal(logits, logits_of(bundle.network, golden))
    assert rows is not None
    assert rows.map.hidden == 32
