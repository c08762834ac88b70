"""Where a text lies: cells and coordinates against scikit-learn and numpy."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.metrics import pairwise_distances, pairwise_distances_argmin

from guards.drift.embedding import (
    COORDINATES,
    DIMENSIONS,
    EMBEDDING_FEATURES,
    MAX_CENTROIDS,
    NO_CELL,
    EmbeddingMap,
    projection_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from guards.json_types import JsonObject

HIDDEN = 384


def centroids(cells: int = MAX_CENTROIDS) -> NDArray[np.float32]:
    """Draw centroids, float32 [cells, DIMENSIONS]."""
    return np.random.default_rng(1).normal(size=(cells, DIMENSIONS)).astype(np.float32)


def a_map(cells: int = MAX_CENTROIDS) -> EmbeddingMap:
    """Return a map of random signs and centroids."""
    return EmbeddingMap(
        np.random.default_rng(0).bytes(HIDDEN * DIMENSIONS // 8),
        centroids(cells).tobytes(),
        "torch",
    )


def embedding(documents: int = 200) -> NDArray[np.float32]:
    """Draw an embedding, float32 [documents, HIDDEN]."""
    return np.random.default_rng(2).normal(size=(documents, HIDDEN)).astype(np.float32)


def test_cells_are_those_of_the_nearest_centroids() -> None:
    """As scikit-learn finds them among the projections."""
    cells, projected = a_map().values(embedding())

    assert cells.dtype == np.int64
    assert projected.dtype == np.float32
    np.testing.assert_array_equal(cells, pairwise_distances_argmin(projected, centroids()))
    assert len({*cells}) > MAX_CENTROIDS // 2


def test_a_projection_is_by_signs_and_keeps_distances() -> None:
    """To the few per cent that thirty-two dimensions allow."""
    matrix = projection_of(a_map().signs)
    vectors = embedding(40)

    _, projected = a_map().values(vectors)

    np.testing.assert_allclose(np.abs(matrix), 1 / np.sqrt(DIMENSIONS), rtol=1e-6)
    assert abs(np.sign(matrix).mean()) < 0.05
    np.testing.assert_allclose(projected, vectors @ matrix, rtol=1e-4, atol=1e-4)
    ratio = pairwise_distances(projected) / np.maximum(pairwise_distances(vectors), 1e-9)
    pairs = ratio[np.triu_indices(40, 1)]
    assert abs(pairs.mean() - 1) < 0.05
    assert pairs.std() < 0.2


def test_bits_are_read_row_by_row() -> None:
    """The first row of the matrix comes of the first four bytes, the highest bit first."""
    matrix = projection_of(bytes([0b10000001, 0, 0, 1]) + bytes(4))

    assert matrix.shape == (2, DIMENSIONS)
    assert [*np.flatnonzero(matrix > 0)] == [0, 7, 31]


def test_a_batch_is_mapped_as_its_documents_one_by_one() -> None:
    """Up to rounding, and to the same cells."""
    vectors = embedding(30)
    cells, projected = a_map().values(vectors)

    for index, row in enumerate(vectors):
        (cell,), (alone,) = a_map().values(row[np.newaxis])
        assert cell == cells[index]
        np.testing.assert_allclose(alone, projected[index], rtol=1e-4, atol=1e-4)


def test_documents_carry_small_python_values() -> None:
    """One cell and one number for each of the watched coordinates."""
    vectors = embedding(5)
    cells, projected = a_map().values(vectors)

    documents = a_map().documents(vectors)

    assert [document.cell for document in documents] == [*cells]
    assert [document.coordinates for document in documents] == [
        tuple(row[:COORDINATES].tolist()) for row in projected
    ]
    assert type(documents[0].cell) is int
    assert {type(value) for value in documents[0].coordinates} == {float}
    assert len(EMBEDDING_FEATURES) == 1 + COORDINATES


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
def test_an_embedding_that_is_not_finite_has_no_cell(value: float) -> None:
    """And the documents beside it have theirs."""
    vectors = embedding(3)
    expected, _ = a_map().values(vectors)
    vectors[1] = value * np.where(projection_of(a_map().signs)[:, 0] > 0, 1, -1)

    cells, projected = a_map().values(vectors)

    assert [*cells] == [expected[0], NO_CELL, expected[2]]
    assert not np.isfinite(projected[1, 0])


def test_a_map_is_read_back() -> None:
    """Through JSON, and gives the same to the last bit."""
    before = a_map(5)

    after = EmbeddingMap.from_json(json.loads(json.dumps(before.to_json())))

    assert after == before
    assert (after.hidden, after.cells) == (HIDDEN, 5)
    for ours, theirs in zip(before.values(embedding()), after.values(embedding()), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def encoded(data: bytes) -> str:
    """Return Base64 of bytes."""
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("changed", "observed"),
    [
        ({"signs": encoded(bytes(6))}, "signs must have 1 to 16384 times 4 bytes, found 6"),
        ({"signs": ""}, "signs must have 1"),
        ({"signs": encoded(bytes(4 * 16_385))}, "signs must have 1"),
        ({"signs": "ä"}, "signs must be Base64"),
        ({"signs": 5}, "signs must be a text"),
        ({"centroids": encoded(bytes(127))}, "centroids must have 1 to 32 times 128 bytes"),
        ({"centroids": encoded(bytes(128 * 33))}, "centroids must have 1 to 32"),
        ({"centroids": encoded(centroids(1).tobytes()[:-4] + b"\0\0\xc0\x7f")}, "be finite"),
        ({"centroids": encoded(np.full(32, 1e16, np.float32).tobytes())}, "be finite"),
        ({"engine": 5}, "engine must be a text"),
        ({"centroids": None}, "centroids must be a text"),
    ],
)
def test_a_map_of_other_sizes_or_numbers_is_refused(changed: JsonObject, observed: str) -> None:
    """With a sentence that names the field."""
    with pytest.raises(ValueError, match=observed):
        EmbeddingMap.from_json({**a_map().to_json(), **changed})


def test_a_map_without_a_field_is_refused() -> None:
    """It is named."""
    with pytest.raises(ValueError, match="centroids is missing"):
        EmbeddingMap.from_json({"signs": a_map().to_json()["signs"]})
