"""The watched values of one document: of its input, and of each answer to it.

The reference of a bundle and the sketch of a running service are filled through these functions,
so that both count the same thing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar
from zlib import crc32

from guards.drift.embedding import EMBEDDING_FEATURES
from guards.drift.feature_reference import CategoricalReference

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from guards.answer import Answer
    from guards.drift.embedding import EmbeddedDocument
    from guards.drift.feature_reference import FeatureReference
    from guards.schema import CanonicalRow, Schema

__all__ = [
    "ANSWER",
    "ANSWER_FEATURES",
    "CHAMPION",
    "FIRST_FORMAT",
    "TOKEN_BUCKETS",
    "TRUTH_VALUES",
    "answer_features",
    "answer_names",
    "answer_values",
    "column_feature",
    "column_of",
    "dictionaries_of_own",
    "embedding_values",
    "input_features",
    "input_names",
    "input_values",
    "labels_of",
    "live_features",
    "live_name",
    "watched_features",
]

T = TypeVar("T")

ANSWER = "answer"
"""The prefix of answers in a bundle's own reference."""

CHAMPION = "champion"
"""The prefix of the champion's answers in a window; that of a challenger's is its name."""

TRUTH_VALUES = ("false", "true")

TOKEN_BUCKETS = tuple(map(str, range(64)))

ANSWER_FEATURES = ("label", "confidence", "margin", "entropy", "boundary")
"""The watched values of an answer; in a window they are named ``<who>.<feature>``.

``boundary`` tells whether the margin is below ``_BOUNDARY_MARGIN``.
"""

FIRST_FORMAT = 1
"""The format of references that do not have the features of ``_SINCE_SECOND_FORMAT``."""

_BOUNDARY_MARGIN = 0.1

_TEXT_FEATURES = ("text.tokens", "text.unknown_share", "text.truncated", "text.token")
_ROW_FEATURES = ("columns.coerced", "columns.out_of_range")
_OWN_FEATURES = (*_TEXT_FEATURES, *_ROW_FEATURES)
_RESERVED = (*_OWN_FEATURES, *EMBEDDING_FEATURES)

_SINCE_SECOND_FORMAT = frozenset({"text.token", *_ROW_FEATURES, f"{ANSWER}.boundary"})

_KNUTH = 2_654_435_761
"""2**32 divided by the golden ratio (Knuth 1973, section 6.4): spreads neighbouring ids."""

_COLUMN = " (column)"

_OTHERS = re.compile(
    rf"({'|'.join(map(re.escape, _RESERVED))}"
    rf"|({ANSWER}|{CHAMPION}|.*/.*)\.({'|'.join(ANSWER_FEATURES)}|disagreement)"
    rf"|{CHAMPION}\.(class|right(\..*)?)"
    rf"|.*{re.escape(_COLUMN)})",
    re.DOTALL,
)
"""What a feature that is no column may be called; a challenger is ``<name>/<version>``."""


def column_feature(column: str) -> str:
    """Return the name under which a column is watched: its own, unless that could be another's.

    ``text.tokens`` becomes ``text.tokens (column)``. Two features never share a name.
    """
    return f"{column}{_COLUMN}" if _OTHERS.fullmatch(column) else column


def column_of(feature: str) -> str | None:
    """Return the column that is watched under a name, None where it is that of something else.

    >>> column_of("pages"), column_of("text.tokens (column)"), column_of("text.tokens")
    ('pages', 'text.tokens', None)
    """
    if feature.endswith(_COLUMN):
        return feature.removesuffix(_COLUMN)
    return None if _OTHERS.fullmatch(feature) else feature


def input_names(schema: Schema) -> tuple[str, ...]:
    """Return the names of :func:`input_values`, in its order: facts of text and row, columns."""
    return (*_OWN_FEATURES, *map(column_feature, schema.columns))


def input_values(
    row: CanonicalRow, token_ids: NDArray[np.int64], *, unknown_tokens: int, truncated: bool
) -> tuple[float | str, ...]:
    """Return the watched values of a document, in the order of :func:`input_names`.

    ``token_ids`` is int64 [windows, tokens], of which ``unknown_tokens`` are unknown.
    """
    tokens = token_ids.size
    return (
        float(tokens),
        unknown_tokens / max(tokens, 1),
        TRUTH_VALUES[truncated],
        _token_bucket(token_ids),
        TRUTH_VALUES[bool(row.coerced)],
        TRUTH_VALUES[bool(row.out_of_range)],
        *row.numeric,
        *row.categories,
    )


def _token_bucket(token_ids: NDArray[np.int64]) -> str:
    """Return the bucket of one token, drawn by a hash of all of them.

    One token a document, because tests take what they count for independent, and the tokens of one
    text are not. A text always has the same bucket.
    """
    if not token_ids.size:
        return TOKEN_BUCKETS[0]
    data = token_ids.tobytes()
    token = token_ids.item(crc32(data) % token_ids.size)
    return TOKEN_BUCKETS[(token * _KNUTH & 0xFFFFFFFF) >> 26]


def embedding_values(embedded: EmbeddedDocument) -> tuple[float | str, ...]:
    """Return the watched values of where a text lies, in the order of ``EMBEDDING_FEATURES``."""
    return str(embedded.cell), *embedded.coordinates


def input_features(
    schema: Schema,
    row: CanonicalRow,
    token_ids: NDArray[np.int64],
    *,
    unknown_tokens: int,
    truncated: bool,
) -> dict[str, float | str]:
    """Return the watched values of a document by name."""
    values = input_values(row, token_ids, unknown_tokens=unknown_tokens, truncated=truncated)
    return dict(zip(input_names(schema), values, strict=True))


def dictionaries_of_own(labels: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the categories of the features that are no columns; the others are numeric."""
    return {
        "text.truncated": TRUTH_VALUES,
        "text.token": TOKEN_BUCKETS,
        **dict.fromkeys(_ROW_FEATURES, TRUTH_VALUES),
        f"{ANSWER}.label": labels,
        f"{ANSWER}.boundary": TRUTH_VALUES,
    }


def answer_names(who: str) -> tuple[str, ...]:
    """Return the names of :func:`answer_values`, in its order, with the prefix ``who``."""
    return tuple(f"{who}.{feature}" for feature in ANSWER_FEATURES)


def answer_values(answer: Answer) -> tuple[float | str, ...]:
    """Return the watched values of an answer, in the order of ``ANSWER_FEATURES``."""
    margin = answer.margin
    near = TRUTH_VALUES[margin < _BOUNDARY_MARGIN]
    return answer.label, answer.confidence, margin, answer.entropy, near


def answer_features(answer: Answer, who: str) -> dict[str, float | str]:
    """Return the watched values of an answer by name."""
    return dict(zip(answer_names(who), answer_values(answer), strict=True))


def watched_features(schema: Schema, reference_format: int, *, embeds: bool = False) -> set[str]:
    """Return the names of all features in the reference of a bundle with this schema."""
    names = {*input_names(schema), *answer_names(ANSWER)}
    if embeds:
        names |= {*EMBEDDING_FEATURES}
    return names - _SINCE_SECOND_FORMAT if reference_format == FIRST_FORMAT else names


def labels_of(features: Mapping[str, FeatureReference]) -> tuple[str, ...]:
    """Return the labels of a reference's answers, in order; ``KeyError`` without them."""
    label = features[f"{ANSWER}.label"]
    return label.categories if isinstance(label, CategoricalReference) else ()


def live_name(sealed: str, who: str) -> str:
    """Return a window's name for a reference's feature: the prefix of answers becomes ``who``."""
    own = dict(zip(answer_names(ANSWER), answer_names(who), strict=True))
    return own.get(sealed, sealed)


def live_features(features: Mapping[str, T], who: str) -> dict[str, T]:
    """Return what stands by the names of a reference's features by those of a window."""
    return {live_name(name, who): feature for name, feature in features.items()}
