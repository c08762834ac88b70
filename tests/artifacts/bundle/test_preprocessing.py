"""What an encoding says about its document: how it was cut, and what was not known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from artifacts.bundle.preprocessing import Encoding, Preprocessing
from artifacts.bundle.tokenizer import untruncated
from artifacts.bundle.truncation import Truncation
from artifacts.training.columns import fit_columns
from artifacts.training.wordpiece import learn_tokenizer
from guards.schema import CanonicalRow, CategoricalColumn, NumericColumn, Schema

if TYPE_CHECKING:
    from collections.abc import Sequence

WORDS = "alpha beta gamma delta epsilon zeta eta theta"
SCHEMA = Schema(
    text=("text",),
    numeric=(NumericColumn("pages", 1.0, 2.0),),
    categorical=(CategoricalColumn("court", ("NDCA",)),),
    labels=("a", "b"),
)
ROW = CanonicalRow((1.0,), ("NDCA",))
PREPROCESSING = Preprocessing(
    schema=SCHEMA,
    columns=fit_columns(SCHEMA, [ROW, CanonicalRow((2.0,), ("",))]),
    tokenizer=untruncated(learn_tokenizer([WORDS] * 5, 200)),
    truncation=Truncation(8),
)
CLS, SEP, UNK = 2, 3, 1


def encode(*texts: str) -> list[Encoding]:
    """Encode texts, each with the same columns."""
    return PREPROCESSING.encode(texts, [ROW] * len(texts))


def ids(encodings: Sequence[Encoding]) -> list[list[int]]:
    """Return the token ids of documents of one window as plain lists."""
    return [encoding.token_ids[0].tolist() for encoding in encodings]


def test_dtypes_and_shapes() -> None:
    """Token ids are int64, columns float64."""
    (encoding,) = encode("alpha")

    assert encoding.token_ids.dtype == np.int64
    assert encoding.token_ids.shape == (1, 3)
    assert encoding.columns.dtype == np.float64
    assert encoding.columns.shape == (5,)
    assert encoding.tokens == 3
    assert encoding.row is ROW


@pytest.mark.parametrize(("words", "truncated"), [(5, False), (6, False), (7, True), (8, True)])
def test_cut_keeps_head_and_closing_token(words: int, *, truncated: bool) -> None:
    """A text of more than the maximum loses its tail, and keeps the token that closes it."""
    text = " ".join(WORDS.split()[:words])

    (encoding,) = encode(text)
    (whole,) = replace(PREPROCESSING, truncation=Truncation(100)).encode([text], [ROW])

    assert encoding.truncated is truncated
    assert encoding.tokens == min(words + 2, 8)
    assert encoding.token_ids[0, :-1].tolist() == whole.token_ids[0, : encoding.tokens - 1].tolist()
    assert encoding.token_ids[0, -1] == SEP
    assert not whole.truncated


def test_unknown_tokens_are_counted_among_those_kept() -> None:
    """What was cut off is not counted: the network never saw it."""
    one, many = encode("alpha \u6cd5 beta", "\u6cd5 " * 20)

    assert (one.unknown_tokens, one.truncated) == (1, False)
    assert (many.unknown_tokens, many.truncated) == (6, True)


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u200b"])
def test_empty_text_is_two_tokens(text: str) -> None:
    """A text without words is still opened and closed."""
    assert ids(encode(text)) == [[CLS, SEP]]


def test_nothing_is_padded() -> None:
    """A short text beside a long one has the tokens that it has alone."""
    assert ids(encode("alpha", WORDS)) == [*ids(encode("alpha")), *ids(encode(WORDS))]


def test_canonical_rows_of_requests() -> None:
    """Documents as in a request become rows, whatever their features are written as."""
    documents = [
        {"text": "", "features": {"court": " NDCA ", "pages": "1"}},
        {"text": "", "features": {}},
    ]

    known, missing = PREPROCESSING.canonical(documents)

    assert known == replace(ROW, coerced=("pages", "court"))
    assert missing.missing == ("pages", "court")


def test_text_alone() -> None:
    """A bundle without feature columns has encodings of width 0."""
    schema = Schema(("text",), (), (), ("a", "b"))
    preprocessing = Preprocessing(schema, None, PREPROCESSING.tokenizer, Truncation(8))

    (encoding,) = preprocessing.encode(["alpha"], [CanonicalRow((), ())])

    assert encoding.columns.shape == (0,)
