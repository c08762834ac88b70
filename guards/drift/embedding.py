"""Where the text of a document lies among those of training: a cell and a few coordinates.

The embedding of a document, hundreds of numbers, is projected to ``DIMENSIONS`` by a matrix of
random signs (Achlioptas 2003, "Database-friendly random projections"), which keeps distances up to
a few per cent. Its cell is the nearest of at most ``MAX_CENTROIDS`` centroids of held-out rows.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from guards.drift.fields import required

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from guards.json_types import JsonObject

__all__ = [
    "COORDINATES",
    "DIMENSIONS",
    "EMBEDDING_FEATURES",
    "MAX_CENTROIDS",
    "MAX_COORDINATE",
    "NO_CELL",
    "EmbeddedDocument",
    "EmbeddingMap",
    "projection_of",
]

DIMENSIONS = 32
"""How many numbers an embedding is projected to."""

COORDINATES = 4
"""How many of them are watched one by one."""

MAX_CENTROIDS = 32

MAX_COORDINATE = 1e15
"""No coordinate of a centroid is as large: far from where the square of a distance overflows."""

EMBEDDING_FEATURES = (
    "text.embedding",
    *(f"text.embedding.{number}" for number in range(1, COORDINATES + 1)),
)
"""The watched values of an embedding: the cell, whose categories are "0", "1" and so on, and the
first coordinates."""

NO_CELL = -1
"""The cell of an embedding that is not finite."""

_MAX_HIDDEN = 16_384
_SIGN_BYTES = DIMENSIONS // 8
_CENTROID_BYTES = DIMENSIONS * 4


class EmbeddedDocument(NamedTuple):
    """The index of the cell, or ``NO_CELL``, and the first ``COORDINATES`` of the projection."""

    cell: int
    coordinates: tuple[float, ...]


@dataclass(frozen=True)
class EmbeddingMap:
    """A random projection, and the centroids of held-out rows in it.

    ``signs`` are the bits of a matrix [hidden, DIMENSIONS], row by row, the most significant bit
    first; one stands for +1/√DIMENSIONS, zero for -1/√DIMENSIONS. ``centroids`` are the bytes of
    little-endian float32 [cells, DIMENSIONS]. ``engine`` names what embedded the held-out rows:
    the rounding of another moves coordinates by a tenth of their standard deviation. Raises
    ``ValueError`` for sizes out of bounds, and for a centroid that is not finite.
    """

    signs: bytes
    centroids: bytes
    engine: str

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for sizes or numbers that no map has."""
        _check_size("signs", self.signs, _SIGN_BYTES, _MAX_HIDDEN)
        _check_size("centroids", self.centroids, _CENTROID_BYTES, MAX_CENTROIDS)
        if not bool((np.abs(self._centroids) < MAX_COORDINATE).all()):
            message = f"centroids must be finite, and within {MAX_COORDINATE:g}"
            raise ValueError(message)

    @property
    def hidden(self) -> int:
        """How many numbers an embedding has."""
        return len(self.signs) // _SIGN_BYTES

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return len(self.centroids) // _CENTROID_BYTES

    @property
    def categories(self) -> tuple[str, ...]:
        """The cells as categories."""
        return tuple(map(str, range(self.cells)))

    @cached_property
    def _projection(self) -> NDArray[np.float32]:
        return projection_of(self.signs)

    @cached_property
    def _centroids(self) -> NDArray[np.float32]:
        numbers = np.frombuffer(self.centroids, dtype="<f4").astype(np.float32)
        return numbers.reshape(self.cells, DIMENSIONS)

    @cached_property
    def _twice_centroids(self) -> NDArray[np.float32]:
        return np.ascontiguousarray(2 * self._centroids.T)

    @cached_property
    def _squares(self) -> NDArray[np.float32]:
        return np.asarray(np.square(self._centroids).sum(axis=1), dtype=np.float32)

    def values(
        self, embedding: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return cells int64 [documents] and projections float32 [documents, DIMENSIONS].

        ``embedding`` is float32 [documents, hidden]. The cell of a projection that is not finite
        is ``NO_CELL``.
        """
        with np.errstate(invalid="ignore", over="ignore"):
            projected = embedding @ self._projection
            return self.cells_of(projected), projected

    def cells_of(self, projected: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return cells int64 [documents] of projections float32 [documents, DIMENSIONS]."""
        # Of the squared distance, what does not depend on the centroid is left out.
        cells: NDArray[np.int64] = np.argmin(
            self._squares - projected @ self._twice_centroids, axis=1
        )
        # Every number of an embedding is in every coordinate, so that one of them tells.
        cells[~np.isfinite(projected[:, 0])] = NO_CELL
        return cells

    def documents(self, embedding: NDArray[np.float32]) -> list[EmbeddedDocument]:
        """Return the watched values of each document; ``embedding`` is as in ``values``."""
        cells, projected = self.values(embedding)
        coordinates = projected[:, :COORDINATES].tolist()
        return [
            EmbeddedDocument(cell, tuple(row))
            for cell, row in zip(cells.tolist(), coordinates, strict=True)
        ]

    def to_json(self) -> JsonObject:
        """Return the map as plain JSON: Base64 of both matrices."""
        return {
            "signs": base64.b64encode(self.signs).decode("ascii"),
            "centroids": base64.b64encode(self.centroids).decode("ascii"),
            "engine": self.engine,
        }

    @classmethod
    def from_json(cls, data: object) -> EmbeddingMap:
        """Read a map back; raise ``ValueError`` if it is malformed."""
        return cls(
            _base64(data, "signs"), _base64(data, "centroids"), required(data, "engine", str)
        )


def projection_of(signs: bytes) -> NDArray[np.float32]:
    """Return the matrix float32 [hidden, DIMENSIONS] of the signs of an ``EmbeddingMap``."""
    bits = np.unpackbits(np.frombuffer(signs, dtype=np.uint8)).reshape(-1, DIMENSIONS)
    return np.asarray((bits * 2.0 - 1.0) / np.sqrt(DIMENSIONS), dtype=np.float32)


def _check_size(name: str, data: bytes, item_bytes: int, maximum: int) -> None:
    items, rest = divmod(len(data), item_bytes)
    if rest or not 1 <= items <= maximum:
        message = f"{name} must have 1 to {maximum} times {item_bytes} bytes, found {len(data)}"
        raise ValueError(message)


def _base64(data: object, name: str) -> bytes:
    text = required(data, name, str)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        message = f"{name} must be Base64"
        raise ValueError(message) from None
