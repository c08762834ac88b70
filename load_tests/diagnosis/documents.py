"""Invented documents whose texts say only part of what they are: their columns say the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from guards.json_types import JsonObject

__all__ = ["CLASSES", "HOURS", "PER_HOUR", "Sent", "common_words", "draw", "hours", "table"]

HOURS = 48
PER_HOUR = 20
"""Documents an hour, on average."""

CLASSES = {"contract": 0.4, "invoice": 0.35, "letter": 0.25}
"""The labels, and the shares that they have where nothing changed."""

_COURTS = ("NDCA", "SDNY", "EDTX")
_PAGES = {"contract": 24.0, "invoice": 6.0, "letter": 15.0}
_WORDS = {
    "contract": ("party", "clause", "term", "agrees", "liability"),
    "invoice": ("total", "due", "payment", "quantity", "tax"),
    "letter": ("dear", "regards", "enclosed", "sincerely", "reply"),
}
_COMMON = tuple(f"{part}{end}" for part in ("day", "note", "page", "city") for end in "abcde")
_OWN_WORDS = {"contract": 0.05, "invoice": 0.05, "letter": 0.02}
"""The shares of words that tell the class: letters are harder."""

_OTHER_WORDS = 0.02
_OWN_COURT = 0.8
_PAGES_DEVIATION = 3.0
_PAGES_MISSING = 0.02
_TASTE = 150.0
"""How alike hours are: the concentration of a Dirichlet distribution of their classes."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A document as ``POST /v1/classify`` takes it, its label, and the hour in which it is sent."""

    document: JsonObject
    label: str
    hour: int


def draw(generator: np.random.Generator, shares: Mapping[str, float]) -> tuple[JsonObject, str]:
    """Return a document without an id, and its label."""
    label = str(generator.choice(list(shares), p=list(shares.values())))
    pages = max(1.0, round(generator.normal(_PAGES[label], _PAGES_DEVIATION)))
    court = _COURTS[list(CLASSES).index(label)]
    features = {
        "pages": None if generator.random() < _PAGES_MISSING else pages,
        "amount": round(float(generator.lognormal(5, 1)), 2),
        "court": court if generator.random() < _OWN_COURT else str(generator.choice(_COURTS)),
    }
    return {"text": _text(generator, label), "segment": "emea", "features": features}, label


def hours(
    seed: int, shares: Mapping[str, float], prefix: str, per_hour: float = PER_HOUR
) -> Iterator[Sent]:
    """Yield the documents of ``HOURS`` hours; each hour has a mix of classes of its own.

    Ids begin with ``prefix``. An hour has ``per_hour`` documents on average.
    """
    generator = np.random.default_rng(seed)
    number = 0
    for hour in range(HOURS):
        mix = generator.dirichlet(_TASTE * np.array(list(shares.values())))
        of_hour = dict(zip(shares, mix.tolist(), strict=True))
        for _ in range(generator.poisson(per_hour)):
            document, label = draw(generator, of_hour)
            yield Sent({"request_id": f"{prefix}-{number}", **document}, label, hour)
            number += 1


def table(seed: int, rows: int) -> pd.DataFrame:
    """Return labelled rows to train on."""
    generator = np.random.default_rng(seed)
    drawn = [draw(generator, CLASSES) for _ in range(rows)]
    return pd.DataFrame(
        {"text": document["text"], **document["features"], "label": label}
        for document, label in drawn
    )


def common_words(generator: np.random.Generator, words: int) -> str:
    """Return words that tell nothing about the class."""
    return " ".join(generator.choice(_COMMON, words))


def _text(generator: np.random.Generator, label: str) -> str:
    words = []
    for _ in range(int(generator.integers(15, 35))):
        at = generator.random() - _OWN_WORDS[label]
        if at < 0:
            words.append(generator.choice(_WORDS[label]))
        elif at < _OTHER_WORDS:
            words.append(generator.choice(_WORDS[str(generator.choice(list(_WORDS)))]))
        else:
            words.append(generator.choice(_COMMON))
    return " ".join(words)
