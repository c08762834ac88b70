"""Answer held-out rows, and map where their texts lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.cluster import KMeans

from artifacts.bundle.inference import embedded_passes
from artifacts.progress import Progress
from guards.bundle.engines import ONNX_INT8, TORCH
from guards.drift.embedding import (
    DIMENSIONS,
    MAX_CENTROIDS,
    MAX_COORDINATE,
    EmbeddingMap,
    projection_of,
)
from guards.integrity.graph import EMBEDDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from artifacts.bundle.network import Network
    from artifacts.bundle.preprocessing import Encoding

__all__ = ["EmbeddedRows", "answer_and_embed", "embed_with_graph", "fit_centroids", "random_signs"]

_MAX_FITTED = 20_000
_SEED = 0


@dataclass(frozen=True, slots=True)
class EmbeddedRows:
    """The map of an embedding, and what it makes of the held-out rows.

    ``cells`` are int64 [rows], ``projected`` float32 [rows, DIMENSIONS].
    """

    map: EmbeddingMap
    cells: NDArray[np.int64]
    projected: NDArray[np.float32]


def answer_and_embed(
    network: Network, encodings: Sequence[Encoding]
) -> tuple[NDArray[np.float32], EmbeddedRows | None]:
    """Return logits float32 [rows, classes], and the embedded rows, or None without a map.

    There is none where the network gives no embedding, or one that no map holds. Of an embedding
    its projection is kept alone. Shows progress on standard error.
    """
    logits = np.empty((len(encodings), len(network.config.id2label or {})), dtype=np.float32)
    projected = np.empty((len(encodings), DIMENSIONS), dtype=np.float32)
    signs, projection = b"", None
    with Progress("answering", len(encodings)) as progress:
        for indices, rows, embedding in embedded_passes(network, encodings):
            logits[indices] = rows
            if embedding is not None:
                if projection is None:
                    signs = random_signs(embedding.shape[1])
                    projection = projection_of(signs)
                projected[indices] = _projected(embedding, projection)
            progress.update(len(indices))
    return logits, None if projection is None else _mapped(signs, projected, TORCH)


def embed_with_graph(graph: bytes, encodings: Sequence[Encoding]) -> EmbeddedRows | None:
    """Return the rows as an onnx-int8 engine embeds them, or None without a map."""
    from artifacts.bundle.onnx_network import OnnxNetwork  # noqa: PLC0415 (an extra)

    network = OnnxNetwork(graph, processors=1)
    if not network.embeds:
        return None
    rows: list[NDArray[np.float32]] = []
    signs, projection = b"", None
    with Progress("embedding", len(encodings)) as progress:
        for encoding in encodings:
            (embedding,) = network.outputs(encoding, [EMBEDDING])
            if projection is None:
                signs = random_signs(embedding.shape[1])
                projection = projection_of(signs)
            rows.append(_projected(embedding, projection))
            progress.update()
    return _mapped(signs, np.concatenate(rows), ONNX_INT8)


def _projected(
    embedding: NDArray[np.float32], projection: NDArray[np.float32]
) -> NDArray[np.float32]:
    # What is not finite has no map, as ``_mapped`` says.
    with np.errstate(invalid="ignore", over="ignore"):
        return embedding @ projection


def _mapped(signs: bytes, projected: NDArray[np.float32], engine: str) -> EmbeddedRows | None:
    if not (np.abs(projected) < MAX_COORDINATE).all():
        return None
    fitted = EmbeddingMap(signs, fit_centroids(projected), engine)
    return EmbeddedRows(fitted, fitted.cells_of(projected), projected)


def random_signs(hidden: int) -> bytes:
    """Return the signs of a projection: what ``numpy.random.PCG64`` draws with the seed 0."""
    return np.random.Generator(np.random.PCG64(_SEED)).bytes(hidden * DIMENSIONS // 8)


def fit_centroids(projected: NDArray[np.float32]) -> bytes:
    """Return the centroids of rows float32 [rows, DIMENSIONS], by k-means with a fixed seed.

    There are ``MAX_CENTROIDS``, or as many as there are different rows. Of more than 20,000 rows,
    evenly spaced ones are fitted. The rows that are fitted are counted too, each being one of many
    that made its centroid.
    """
    step = -(-len(projected) // _MAX_FITTED)
    # Fitted in float64, so that the order in which threads add up is lost in the rounding.
    rows = projected[::step].astype(np.float64)
    clusters = min(MAX_CENTROIDS, len(np.unique(rows, axis=0)))
    fitted = KMeans(clusters, n_init=1, random_state=_SEED).fit(rows)
    centroids: bytes = fitted.cluster_centers_.astype("<f4").tobytes()
    return centroids
