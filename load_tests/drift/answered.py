"""Documents of labelled tables as the service observes them: a bundle's values and answers."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from artifacts.bundle.opening import open_bundle
from artifacts.evaluation.encoded_table import encode_table
from artifacts.sealing.embedding import EmbeddedRows
from artifacts.sealing.reference import build_reference
from artifacts.tables import canonical_rows
from guards.answer import Answer
from guards.bundle.engines import TORCH
from guards.drift.embedding import COORDINATES, EMBEDDING_FEATURES, EmbeddedDocument
from guards.drift.features import answer_values, embedding_values, input_names, input_values
from service.cli.labelled import read_labelled
from service.engines.choosing import choose

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from artifacts.bundle.opening import Bundle
    from artifacts.evaluation.encoded_table import EncodedTable
    from guards.drift.reference import Reference

    Ints = NDArray[np.int64]

__all__ = ["AnsweredTable", "train_bundle", "watched_names"]


@dataclass(frozen=True, slots=True)
class AnsweredTable:
    """Labelled documents, and what a bundle's network made of them.

    ``probabilities`` are float32 [rows, classes], ``cells`` int64 [rows] and ``projected`` float32
    [rows, dimensions] the places of the texts on the bundle's map.
    """

    bundle: Bundle
    encoded: EncodedTable
    probabilities: NDArray[np.float32]
    cells: Ints
    projected: NDArray[np.float32]

    @classmethod
    def of(cls, bundle: Bundle, path: Path) -> AnsweredTable:
        """Answer a table's rows, in order, and keep the answers in a file beside it.

        Where that file is there already, nothing is answered.
        """
        table = read_labelled(bundle, path, None)
        rows = canonical_rows(table, bundle.preprocessing.schema)
        encoded = encode_table(bundle.preprocessing, table, rows)
        kept = path.with_suffix(".npz")
        if not kept.is_file():
            engine, embedding = choose(bundle, TORCH).engine, bundle.reference.embedding
            if embedding is None:
                message = f"{bundle.path}: has no map of its texts"
                raise ValueError(message)
            probabilities, embedded = engine.embedded_probabilities(encoded.encodings)
            cells, projected = embedding.values(embedded)
            np.savez(kept, probabilities=probabilities, cells=cells, projected=projected)
        with np.load(kept) as arrays:
            return cls(
                bundle, encoded, *(arrays[n] for n in ("probabilities", "cells", "projected"))
            )

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether the answer is the label, bool [rows]."""
        return np.asarray(self.probabilities.argmax(axis=1) == self.encoded.truth)

    def answer(self, row: int) -> Answer:
        """Return the answer to the document of a row."""
        return Answer.of(self.probabilities[row], self.bundle.labels)

    def values(self, row: int) -> tuple[float | str, ...]:
        """Return the watched values of a row's document, in the order of ``watched_names``."""
        encoding = self.encoded.encodings[row]
        inputs = input_values(
            encoding.row,
            encoding.token_ids,
            unknown_tokens=encoding.unknown_tokens,
            truncated=encoding.truncated,
        )
        coordinates = tuple(self.projected[row, :COORDINATES].tolist())
        place = EmbeddedDocument(int(self.cells[row]), coordinates)
        return (*inputs, *embedding_values(place), *answer_values(self.answer(row)))

    def reference(self, rows: Ints) -> Reference:
        """Return the reference that these rows would make, with the bundle's map."""
        embedding = self.bundle.reference.embedding
        embedded = None
        if embedding is not None:
            embedded = EmbeddedRows(embedding, self.cells[rows], self.projected[rows])
        return build_reference(
            self.bundle.preprocessing.schema,
            [self.encoded.encodings[row] for row in rows.tolist()],
            self.probabilities[rows],
            self.encoded.truth[rows],
            embedded,
        )


def watched_names(bundle: Bundle) -> tuple[str, ...]:
    """Return the names of a document's watched inputs, with those of the embedding."""
    return (*input_names(bundle.preprocessing.schema), *EMBEDDING_FEATURES)


def train_bundle(directory: Path, base: Path, columns: Sequence[str]) -> Bundle:
    """Open the bundle in a directory, and train it first where there is none.

    ``train.csv`` and ``held_out.csv`` of the directory are the rows; ``columns`` are options of
    ``understudy train``. The encoder is that of ``base``, and is not trained.
    """
    out = directory / "bundle" / "1"
    if not out.exists():
        rows = [str(directory / "train.csv"), "--validation", str(directory / "held_out.csv")]
        options = ["--base", str(base), "--freeze-encoder", "--no-accelerate", "--out", str(out)]
        command = [sys.executable, "-m", "service.cli", "train", *rows, *columns, *options]
        subprocess.run(command, check=True)  # noqa: S603 (our own)
    return open_bundle(out)
