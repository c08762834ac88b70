"""Documents, answers and outcomes for tests of the shadow."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from artifacts.bundle.preprocessing import Encoding
from guards.answer import Answer, Observation
from guards.schema import CanonicalRow
from service.documents import Document, memory_of
from service.shadow.interface import PendingComparison

if TYPE_CHECKING:
    from guards.json_types import JsonObject

LABELS = ("contract", "invoice")
MOMENT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def encoding(token: int = 0) -> Encoding:
    """Make an encoding of three equal tokens and no columns."""
    return Encoding(
        np.full((1, 3), token, dtype=np.int64),
        np.zeros(0),
        CanonicalRow((), ()),
        unknown_tokens=0,
        truncated=False,
    )


def observation(*probabilities: float) -> Observation:
    """Make an observation with these probabilities, of 0.75 and 0.25 by default."""
    values = np.array(probabilities or (0.75, 0.25), dtype=np.float32)
    return Observation(Answer.of(values, LABELS), infer_s=0.125, cpu_s=0.0625)


def pending(
    request_id: str = "a",
    text: str = "a text",
    features: JsonObject | None = None,
    encoded: Encoding | None = None,
) -> PendingComparison:
    """Make an answered document that no challenger has seen."""
    features = features or {}
    size = memory_of(text, features)
    document = Document(request_id, None, text, features, CanonicalRow((), ()), size)
    return PendingComparison(document, encoded or encoding(), observation(), MOMENT)
