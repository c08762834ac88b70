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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("\u0915\u0947", "\u0915\u0941", id="Devanagari vowels"),
        pytest.param("\u0ba4\u0bbf", "\u0ba4\u0bc0", id="Tamil vowels"),
        pytest.param("\u0995\u09cd", "\u0995", id="Bengali virama"),
        pytest.param("\u0e01\u0e48", "\u0e01\u0e49", id="Thai tones"),
        pytest.param("\u0eab\u0ebb", "\u0eab\u0eb1", id="Lao vowels"),
        pytest.param("\u1780\u17b7", "\u1780\u17bb", id="Khmer vowels"),
        pytest.param("\u1000\u102d", "\u1000\u102f", id="Burmese vowels"),
        pytest.param("\u05e9\u05c1", "\u05e9\u05c2", id="Hebrew points"),
        pytest.param("\u0643\u064e", "\u0643\u0650", id="Arabic vowels"),
        pytest.param("\u304b", "\u304c", id="voiced kana"),
        pytest.param("\u0438", "\u0439", id="Cyrillic short i"),
        pytest.param("\uac00", "\uac01", id="Hangul"),
    ],
)
def test_marks_are_letters(one: str, other: str) -> None:
    """Two words that differ in a mark are two, in every script that writes so."""
    words = learn_tokenizer([one, other] * 5, 200)

    assert words.encode(one).ids != words.encode(other).ids
    assert "[UNK]" not in [*words.encode(one).tokens, *words.encode(other).tokens]


@pytest.mark.parametrize(
    "letters",
    [
        "\u0e2a\u0e27\u0e31\u0e14\u0e35\u0e04\u0e23\u0e1a",
        "\u0eaa\u0eb0\u0e9a\u0eb2\u0e8d",
        "\u179f\u17bd\u179f\u17d2\u178f",
        "\u1019\u1004\u103a\u1002\u101c\u102c",
        "\u3072\u3089\u304c\u306a",
        "abcdefg",
    ],
    ids=["Thai", "Lao", "Khmer", "Burmese", "kana", "Latin"],
)
@pytest.mark.parametrize("length", [63, 64, 65, 180, 1000])
def test_long_runs_are_not_unknown(letters: str, length: int) -> None:
    """A text without a space is encoded to its end, however long it is."""
    run = (letters * length)[:length]
    words = learn_tokenizer([letters, run], 300)

    tokens = words.encode(run).tokens[1:-1]

    assert "[UNK]" not in tokens
    spelt = "".join(token.removeprefix("##") for token in tokens)
    assert spelt == words.normalizer.normalize_str(run)


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
