"""A WordPiece tokenizer is learnt the same twice, and knows what its texts hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from artifacts.bundle.tokenizer import canonical_json
from artifacts.training.wordpiece import SPECIAL_TOKENS, learn_tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TEXTS = [
    "The court orders the supplier to deliver the goods on time.",
    "The supplier invoices the court for the goods that it delivered.",
    "Caf\u00e9 Z\u00fcrich \u6cd5\u5ead \U0001f600 co-operate, reordered; undelivered",
] * 5


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """Learn a tokenizer from a few sentences."""
    return learn_tokenizer(TEXTS, 200)


def test_same_texts_same_tokenizer(tokenizer: Tokenizer) -> None:
    """Learning is repeatable: a bundle that is trained twice has one fingerprint."""
    assert len({canonical_json(learn_tokenizer(TEXTS, 200)) for _ in range(5)}) == 1
    assert canonical_json(learn_tokenizer(TEXTS, 200)) == canonical_json(tokenizer)


def test_special_tokens_come_first(tokenizer: Tokenizer) -> None:
    """Padding, unknown and the others have the ids that BERT gives them room for."""
    assert [tokenizer.token_to_id(token) for token in SPECIAL_TOKENS] == [0, 1, 2, 3, 4]


def test_text_is_framed_and_uncased(tokenizer: Tokenizer) -> None:
    """A text is opened and closed by special tokens, and case and accents do not count."""
    tokens = tokenizer.encode("The COURT").tokens

    assert (tokens[0], tokens[-1]) == ("[CLS]", "[SEP]")
    assert tokenizer.encode("the court").tokens == tokens
    assert tokenizer.encode("caf\u00e9").ids == tokenizer.encode("cafe\u0301").ids
    assert tokenizer.encode("caf\u00e9").ids == tokenizer.encode("CAFE").ids


def test_words_are_merged_from_their_characters(tokenizer: Tokenizer) -> None:
    """A frequent word is one piece; a new word of known characters is several, none unknown."""
    assert tokenizer.encode("the").tokens[1:-1] == ["the"]
    pieces = tokenizer.encode("thesupplied").tokens[1:-1]
    assert len(pieces) > 1
    assert "[UNK]" not in pieces
    assert "".join(piece.removeprefix("##") for piece in pieces) == "thesupplied"


def test_unseen_character_is_unknown(tokenizer: Tokenizer) -> None:
    """A script that training never saw is unknown, not an error."""
    assert tokenizer.encode("\u0645\u0631\u062d\u0628\u0627").tokens[1:-1] == ["[UNK]"]


@pytest.mark.parametrize("size", [80, 120, 200])
def test_vocabulary_keeps_to_its_size(size: int) -> None:
    """The vocabulary is at most as large as asked, and its ids leave no gap."""
    vocabulary = learn_tokenizer(TEXTS, size).get_vocab()

    assert len(vocabulary) <= size
    assert sorted(vocabulary.values()) == list(range(len(vocabulary)))


@pytest.mark.parametrize("texts", [[""], ["", "  "], ["\u200b"]])
def test_texts_without_words(texts: list[str]) -> None:
    """A table of empty texts still gives a tokenizer that works."""
    assert learn_tokenizer(texts, 100).encode("").tokens == ["[CLS]", "[SEP]"]
