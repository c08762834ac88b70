"""Choose the golden inputs: nice documents miss exactly the cases that matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guards.schema import Schema

__all__ = ["probe_documents"]

_PLAIN_PROBES = 8
_LONG_TEXT_WORDS = 2000
_FEW_WORDS = 3
_MOST_CATEGORIES = 64
_UNKNOWN = "a category that training never saw"


def probe_documents(held_out: Sequence[Mapping[str, Any]], schema: Schema) -> list[dict[str, Any]]:
    """Give a few held-out documents, and made ones at the edges of what can arrive.

    The edges: everything missing, every category unknown, every known category once (of a column
    with very many, the first), numbers at and far beyond the trained range, accented, composed and
    decomposed, upper case, empty and very long text.
    """
    step = max(1, len(held_out) // _PLAIN_PROBES)
    plain = [dict(document) for document in held_out[::step][:_PLAIN_PROBES]]
    text = plain[0]["text"]
    edges = [
        *({"text": _few_words(text), "features": features} for features in _edge_features(schema)),
        *({"text": edge, "features": plain[0]["features"]} for edge in _edge_texts(text)),
    ]
    return [document for document in [*plain, *edges] if _fits(document, schema)]


def _fits(document: Mapping[str, Any], schema: Schema) -> bool:
    """Tell whether a request with this document would be answered."""
    return not schema.canonical(document["features"])[1]


def _few_words(text: str) -> str:
    """Give the beginning of a text: where columns are at the edge, the network need not work."""
    return " ".join(text.split()[:_FEW_WORDS])


def _edge_features(schema: Schema) -> list[dict[str, Any]]:
    if not schema.columns:
        return []
    edges: list[dict[str, Any]] = [{}]
    if schema.categorical:
        edges.append({column.name: _UNKNOWN for column in schema.categorical})
        most = max(len(column.categories) for column in schema.categorical)
        edges += [_each_category(schema, place) for place in range(min(most, _MOST_CATEGORIES))]
    spans = [c for c in schema.numeric if c.minimum is not None and c.maximum is not None]
    if spans:
        edges.append({column.name: column.minimum for column in spans})
        edges.append({column.name: column.maximum for column in spans})
        edges.append({column.name: _far_beyond(column.minimum, column.maximum) for column in spans})
    return edges


def _each_category(schema: Schema, place: int) -> dict[str, str]:
    return {
        column.name: column.categories[place % len(column.categories)]
        for column in schema.categorical
        if column.categories
    }


def _far_beyond(minimum: float | None, maximum: float | None) -> float:
    return 1000 * max(abs(minimum or 0.0), abs(maximum or 0.0), 1.0)


def _edge_texts(text: str) -> list[str]:
    words = text.split() or ["word"]
    return [
        "",
        "   ",
        "caf\u00e9 na\u00efve Stra\u00dfe \u0141\u00f3d\u017a",
        "cafe\u0301 nai\u0308ve",
        text.upper(),
        "\U0001f600 \u200b \u0645\u0631\u062d\u0628\u0627 \u4f60\u597d",
        "12,345.67 $ % # @ -- ...",
        " ".join((words * (_LONG_TEXT_WORDS // len(words) + 1))[:_LONG_TEXT_WORDS]),
    ]
