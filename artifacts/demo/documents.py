"""Synthetic business documents: two training tables, a validation table, three days of traffic.

They differ in the share that each style of document has in them, and in who labelled them. The
champion's table holds everyday styles and a few that look like two classes (amendment letters,
payment reminders, status notes), all labelled by one guide. The challenger's fresh table adds
styles that the champion never saw, but its labellers disagreed about those that look like two
classes: two in five of them have the other label.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from artifacts.demo.names import COMPANIES, DEPARTMENTS, PARTIES
from artifacts.demo.styles import DISPUTED, EVERYDAY, NEW, STYLES, Style
from artifacts.demo.writing import Facts, draw, draw_weighted, write, write_mixed
from guards.json_types import JsonObject

__all__ = [
    "LABELS",
    "Day",
    "challenger_training",
    "champion_training",
    "fresh_validation",
    "good_day",
    "shadow_day",
    "surge_day",
]

LABELS = ("contract", "court_filing", "invoice", "letter", "memo", "report")

_LOOKALIKES = {"amendment_letter": "letter", "payment_reminder": "invoice", "status_note": "report"}
_LOOKALIKE_RATE = 0.4

_COURTS = {"NDCA": 30.0, "SDNY": 26.0, "EDTX": 20.0, "DDEL": 16.0, "NDIL": 5.0, "WDWA": 3.0}
_SEGMENTS = {"emea": 0.35, "amer": 0.45, "apac": 0.2}
_COMPANIES = {name: rank**-1.3 for rank, name in enumerate(COMPANIES, start=1)}
_DEPARTMENTS = {name: rank**-1.0 for rank, name in enumerate(DEPARTMENTS, start=1)}

# Mixed documents keep the classes from being perfectly separable.
_MIXED_RATE = 0.1
_SENDER_MISSING_RATE = 0.02
_PAGES_MISSING_RATE = 0.04
_AMOUNT_ZERO_RATE = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Day:
    """One day of traffic: request documents, and what they truly are.

    `documents` are as `POST /v1/classify` takes them: `request_id`, `segment`, `text` and
    `features`, where a number that is missing is null and a name that is missing is left out.
    `labels` has the columns `request_id` and `label`, in the same order.
    """

    documents: list[JsonObject]
    labels: pd.DataFrame


@dataclass(frozen=True, slots=True)
class _Recipe:
    """The weights of styles and courts in a table or a day; `stream` sets it apart by seed."""

    stream: int
    styles: Mapping[str, float]
    courts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Document:
    """One document with its columns; `style` is what it was written in, never shown."""

    style: str
    label: str
    segment: str
    text: str
    pages: int | None
    amount: float | None
    court: str | None
    sender: str | None


def _shares(*, everyday: float, disputed: float, new: float) -> dict[str, float]:
    """Return the share of every style from the shares of the three groups."""
    groups = ((everyday, EVERYDAY), (disputed, DISPUTED), (new, NEW))
    return {name: part * style.share for part, group in groups for name, style in group.items()}


_ORDINARY = _shares(everyday=0.91, disputed=0.06, new=0.03)
_CHAMPION = _Recipe(1, _shares(everyday=0.9, disputed=0.1, new=0), _COURTS)
_CHALLENGER = _Recipe(2, _shares(everyday=0.62, disputed=0.14, new=0.24), _COURTS)
_VALIDATION = _Recipe(3, _shares(everyday=0.42, disputed=0.03, new=0.55), _COURTS)
_GOOD = _Recipe(4, _ORDINARY, _COURTS)
# Six times as many invoices as usual, and filings of a court that nobody has seen before.
_SURGING = {
    name: share * (6 if STYLES[name].label == "invoice" else 1) for name, share in _ORDINARY.items()
}
_SURGE = _Recipe(5, _SURGING, _COURTS | {"CDCA": 100.0})
_SHADOW = _Recipe(6, _shares(everyday=0.35, disputed=0.62, new=0.03), _COURTS)


def champion_training(n: int, seed: int) -> pd.DataFrame:
    """Return `n` rows labelled by the guide, none of them of a new style.

    Columns: `text` (str), `pages` and `amount` in dollars (float64, NaN where missing), `court`
    and `sender` (str, missing where unknown), `label` (str, one of `LABELS`).
    """
    return _table(_documents(_CHAMPION, n, seed))


def challenger_training(n: int, seed: int) -> pd.DataFrame:
    """Return `n` freshly labelled rows: new styles are in, disputed ones are labelled either way.

    Columns as in `champion_training`.
    """
    rng = np.random.default_rng((_CHALLENGER.stream, seed, 1))
    return _table([_relabelled(document, rng) for document in _documents(_CHALLENGER, n, seed)])


def fresh_validation(n: int, seed: int) -> pd.DataFrame:
    """Return `n` rows, mostly of new styles, labelled by the guide; columns as in training."""
    return _table(_documents(_VALIDATION, n, seed))


def good_day(n: int, seed: int) -> Day:
    """Return `n` documents of an ordinary day, much like the champion's training table."""
    return _day("good", _documents(_GOOD, n, seed))


def surge_day(n: int, seed: int) -> Day:
    """Return `n` documents of a day with some 60 % invoices and filings of a new court, CDCA."""
    return _day("surge", _documents(_SURGE, n, seed))


def shadow_day(n: int, seed: int) -> Day:
    """Return `n` documents of a day dominated by amendment letters, reminders and status notes."""
    return _day("shadow", _documents(_SHADOW, n, seed))


def _table(documents: list[_Document]) -> pd.DataFrame:
    columns = ["text", "pages", "amount", "court", "sender", "label"]
    frame = pd.DataFrame(documents)[columns]
    return frame.astype({"pages": "float64", "amount": "float64"})


def _day(name: str, documents: list[_Document]) -> Day:
    ids = [f"{name}-{position:05d}" for position in range(len(documents))]
    labels = pd.DataFrame({"request_id": ids, "label": [document.label for document in documents]})
    return Day([_request(*pair) for pair in zip(ids, documents, strict=True)], labels)


def _request(request_id: str, document: _Document) -> JsonObject:
    features: JsonObject = {"pages": document.pages, "amount": document.amount}
    names = {"court": document.court, "sender": document.sender}
    features |= {column: name for column, name in names.items() if name is not None}
    return {
        "request_id": request_id,
        "segment": document.segment,
        "text": document.text,
        "features": features,
    }


def _relabelled(document: _Document, rng: np.random.Generator) -> _Document:
    """Return the document as the labellers of the fresh table left it."""
    if document.style in _LOOKALIKES and rng.random() < _LOOKALIKE_RATE:
        return replace(document, label=_LOOKALIKES[document.style])
    return document


def _documents(recipe: _Recipe, n: int, seed: int) -> list[_Document]:
    rng = np.random.default_rng((recipe.stream, seed))
    return [_document(recipe, rng) for _ in range(n)]


def _document(recipe: _Recipe, rng: np.random.Generator) -> _Document:
    name = draw_weighted(recipe.styles, rng)
    style = STYLES[name]
    facts = _facts(style, recipe, rng)
    if rng.random() < _MIXED_RATE:
        text = write_mixed(name, draw_weighted(recipe.styles, rng), facts, rng)
    else:
        text = write(name, facts, rng)
    return _Document(
        style=name,
        label=style.label,
        segment=draw_weighted(_SEGMENTS, rng),
        text=text,
        pages=_pages(style, rng),
        amount=_amount(style, facts, rng),
        court=facts.court if rng.random() < style.court_rate else None,
        sender=facts.sender if rng.random() >= _SENDER_MISSING_RATE else None,
    )


def _facts(style: Style, recipe: _Recipe, rng: np.random.Generator) -> Facts:
    senders = _DEPARTMENTS if rng.random() < style.inside_rate else _COMPANIES
    return Facts(
        sender=draw_weighted(senders, rng),
        party=draw(PARTIES, rng),
        court=draw_weighted(recipe.courts, rng),
        total=round(float(rng.lognormal(7.5, 1.3)), 2),
    )


def _pages(style: Style, rng: np.random.Generator) -> int | None:
    """Return a skewed number of pages, at least 1, or nothing where it was not counted."""
    pages = max(1, round(float(style.pages * rng.lognormal(0, 0.6))))
    return pages if rng.random() >= _PAGES_MISSING_RATE else None


def _amount(style: Style, facts: Facts, rng: np.random.Generator) -> float | None:
    """Return the total; where there is none, some extractors write 0 and the others nothing."""
    if rng.random() < style.amount_rate:
        return facts.total
    return 0.0 if rng.random() < _AMOUNT_ZERO_RATE else None
