"""Choose the golden documents of a bundle: held-out ones, and made-up ones at the edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifacts.bundle.column_inputs import NEVER_SEEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.json_types import JsonMapping, JsonObject
    from guards.schema import Schema

__all__ = ["probe_documents"]

_HELD_OUT_PROBES = 8
_LONG_TEXT_WORDS = 2000
_FEW_WORDS = 3
_MAX_CATEGORIES = 64


def probe_documents(held_out: Sequence[JsonMapping], schema: Schema) -> list[JsonObject]:
    """Return a few held-out documents, and made-up ones at the edges of what can arrive.

    The edges: everything missing, every category unknown, every known category once (the first
    ones of a column with very many), numbers at and far beyond the trained range, accented,
    composed and decomposed, upper-case, empty and very long text.
    """
    step = max(1, len(held_out) // _HELD_OUT_PROBES)
    ordinary = [dict(document) for document in held_out[::step][:_HELD_OUT_PROBES]]
    text = ordinary[0]["text"]
    # Enough where only the columns are at an edge.
    beginning = " ".join(text.split()[:_FEW_WORDS])
    edges = [
        *({"text": beginning, "features": features} for features in _edge_features(schema)),
        *({"text": edge, "features": ordinary[0]["features"]} for edge in _edge_texts(text)),
    ]
    # A document whose features have problems would not be answered.
    return [
        document
        for document in [*ordinary, *edges]
        if not schema.canonical(document["features"])[1]
    ]


def _edge_features(schema: Schema) -> list[JsonObject]:
    if not schema.columns:
        return []
    edges: list[JsonObject] = [{}]
    if schema.categorical:
        edges.append({column.name: NEVER_SEEN for column in schema.categorical})
        largest = max(len(column.categories) for column in schema.categorical)
        edges += [_each_category(schema, index) for index in range(min(largest, _MAX_CATEGORIES))]
    spans = [c for c in schema.numeric if c.minimum is not None and c.maximum is not None]
    if spans:
        edges.append({column.name: column.minimum for column in spans})
        edges.append({column.name: column.maximum for column in spans})
        edges.append({column.name: _far_beyond(column.minimum, column.maximum) for column in spans})
    return edges


def _each_category(schema: Schema, index: int) -> dict[str, str]:
    return {
        column.name: column.categories[index % len(column.categories)]
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
