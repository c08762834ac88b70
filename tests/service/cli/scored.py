"""A log of windows as the service writes it, and the references that they are compared with."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import numpy as np

from guards.answer import Answer
from guards.drift.calibration import Calibration
from guards.drift.feature_reference import CategoricalReference, NumericReference
from guards.drift.features import (
    ANSWER,
    ANSWER_FEATURES,
    TRUTH_VALUES,
    answer_values,
    column_feature,
)
from guards.drift.reference import Reference
from guards.events.line_size import MAX_LINE_BYTES
from guards.events.window_parts import parts_of
from guards.evidence.pair import ChallengerId
from guards.schema import CanonicalRow
from service.observation.windows import Windows
from service.telemetry.log import EventLog
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from pathlib import Path

    from guards.drift.feature_reference import FeatureReference
    from guards.events.drift_window import DriftWindow
    from guards.json_types import JsonObject

__all__ = ["CHALLENGER", "COURTS", "WindowLog"]

COURTS = ("NDCA", "SDNY", "EDTX")
CHALLENGER = ChallengerId("docs", "2")
_LABELS = ("contract", "invoice")
_INPUTS = ("pages", "salary", "court", column_feature("text.tokens"))
_PRIVATE = frozenset({"salary"})


class WindowLog:
    """Counts documents as the service does, and writes its windows to ``path``.

    ``champion`` and ``challenger`` are the references, and ``windows`` what was written.
    """

    def __init__(self, path: Path, max_bytes: int = MAX_LINE_BYTES) -> None:
        self.path = path
        self.windows: list[DriftWindow] = []
        self.champion, self.challenger = _reference(1), _reference(2)
        self._max_bytes = max_bytes
        self._nowhere = os.open(os.devnull, os.O_WRONLY)
        self._log = EventLog("here", "run-1", stdout=self._nowhere, path=path)
        self._windows = Windows(self.champion, _INPUTS, _PRIVATE)
        self._windows.challengers.watch(CHALLENGER, self.challenger)
        self._generator = np.random.default_rng(3)

    def flush(self, documents: int, centre: float = 10.0) -> None:
        """Write a window of so many documents, whose pages lie around a centre."""
        for _ in range(documents):
            inputs, answer = _draw(self._generator, centre)
            values = (*inputs, *answer_values(answer))
            self._windows.observe(values, answer, CanonicalRow((), ()))
            self._windows.challengers.compare(CHALLENGER, answer, _draw(self._generator)[1])
        window = self._windows.flush()
        assert window is not None
        for part in parts_of(window, self._max_bytes):
            self._log.emit(part)
        assert self._log.flush(PATIENCE_S)
        self.windows.append(window)

    def lines(self) -> list[JsonObject]:
        """Parse the lines that were written."""
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def reference_file(self, reference: Reference) -> Path:
        """Write a reference as a bundle has it, and return where it is."""
        file = self.path.with_name(f"{reference.fingerprint[7:15]}.json")
        file.write_text(json.dumps(reference.to_json()))
        return file

    def close(self) -> None:
        """Close the log."""
        self._log.close(PATIENCE_S)
        os.close(self._nowhere)


def _draw(
    generator: np.random.Generator, centre: float = 10.0
) -> tuple[tuple[float | str, ...], Answer]:
    """Draw what is watched of a document, and the answer to it."""
    pages = float("nan") if generator.random() < 0.1 else float(generator.normal(centre, 3))
    if generator.random() < 0.02:
        pages = float("inf")
    court = str(generator.choice([*COURTS, "", "CDCA"], p=[0.5, 0.3, 0.1, 0.06, 0.04]))
    salary, tokens = float(generator.normal(5000, 900)), float(generator.integers(5))
    confidence = float(generator.uniform(0.55, 0.95))
    probabilities = np.full(2, 1 - confidence, dtype=np.float32)
    probabilities[int(generator.integers(2))] = confidence
    return (pages, salary, court, tokens), Answer.of(probabilities, _LABELS)


def _reference(seed: int, rows: int = 2_000) -> Reference:
    generator = np.random.default_rng(seed)
    drawn = [_draw(generator) for _ in range(rows)]
    names = (*_INPUTS, *(f"{ANSWER}.{feature}" for feature in ANSWER_FEATURES))
    columns = zip(*((*inputs, *answer_values(answer)) for inputs, answer in drawn), strict=True)
    known = {
        "court": COURTS,
        f"{ANSWER}.label": _LABELS,
        f"{ANSWER}.boundary": TRUTH_VALUES,
    }
    features: dict[str, FeatureReference] = {}
    for name, column in zip(names, columns, strict=True):
        if name in known:
            features[name] = CategoricalReference.of(list(map(str, column)), known[name])
        else:
            features[name] = NumericReference.of(np.array(column), private=name in _PRIVATE)
    calibration = {label: Calibration.of([0.5, 0.9] * 50, [True, False] * 50) for label in _LABELS}
    return Reference(features, rows, calibration)
