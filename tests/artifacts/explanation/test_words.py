"""Where words stand among token ids, for every family of tokenizers and every truncation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tokenizers import Tokenizer, models

from artifacts.bundle.opening import open_bundle
from artifacts.bundle.truncation import Truncation
from artifacts.explanation.words import word_places

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from artifacts.bundle.preprocessing import Preprocessing
    from guards.bundle.manifest import Long

TEXT = "Invoice no. 4711: the Agreement, and the total Überweisung"
WORDS = {"invoice", "no", ".", "4711", ":", "the", "agreement", ",", "and", "total", "überweisung"}


@pytest.fixture(params=["trained", "sealed roberta", "sealed modernbert"])
def preprocessing(
    request: pytest.FixtureRequest, bundle_of: Callable[[str], Path]
) -> Preprocessing:
    """Return a word-piece tokenizer, and two of bytes."""
    whole = Truncation(200)
    return replace(open_bundle(bundle_of(request.param)).preprocessing, truncation=whole)


def test_every_token_of_the_text_has_one_word(preprocessing: Preprocessing) -> None:
    """Pieces belong to the word as it is written in the text, in lower case."""
    (places,) = word_places(preprocessing, [TEXT])

    taken = [place for word in places.words.values() for place in word]
    assert {*places.words} == WORDS
    assert sorted(taken) == places.is_text.ravel().nonzero()[0].tolist()
    assert len(places.words["überweisung"]) > 1


def test_all_occurrences_of_a_word_are_one(preprocessing: Preprocessing) -> None:
    """Wherever they stand, in upper or lower case."""
    once, twice = (
        places.words for places in word_places(preprocessing, [TEXT, f"{TEXT} TOTAL total"])
    )

    assert {*once} == {*twice}
    assert len(twice["total"]) > 2 * len(once["total"]) - 1


def test_special_tokens_are_no_words(preprocessing: Preprocessing) -> None:
    """Those around the text stay, and a text without words has none."""
    (places,) = word_places(preprocessing, [" "])

    assert not places.words
    assert not places.is_text[0, [0, -1]].any()


@pytest.mark.parametrize("long", ["head", "head-tail", "windows"])
def test_places_follow_the_truncation(champion: Path, long: Long) -> None:
    """A place is in the encoding that the network gets, and words left out have none."""
    truncation = Truncation(8, long)
    preprocessing = replace(open_bundle(champion).preprocessing, truncation=truncation)
    text = " ".join(["the"] * 20 + ["total"] * 3)
    (places,) = word_places(preprocessing, [text])
    (encoding,) = preprocessing.encode_documents([{"text": text, "features": {}}])

    assert places.is_text.shape == encoding.token_ids.shape
    ids = encoding.token_ids.ravel()
    assert len({*ids[places.words["the"]].tolist()}) == 1
    assert ("total" in places.words) == (long != "head")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("can't", {"can", "'", "t"}),
        ("e\u0301te\u0301 2024", {"e\u0301te\u0301", "2024"}),
        ("snake_case a@b.org", {"snake", "_", "case", "a", "@", "b", ".", "org"}),
        ("\u6cd5\u9662", {"\u6cd5", "\u9662"}),
    ],
)
def test_words_end_where_letters_and_digits_do(text: str, words: set[str], champion: Path) -> None:
    """An accent belongs to its letter, and what the tokenizer divides is divided."""
    (places,) = word_places(open_bundle(champion).preprocessing, [text])

    assert {*places.words} == words


def test_a_token_of_several_words_is_named_by_the_first(champion: Path) -> None:
    """No more than one word of a text is ever shown."""
    tokenizer = Tokenizer(models.WordLevel({"to whom it concerns": 0, "[UNK]": 1}, "[UNK]"))
    preprocessing = replace(open_bundle(champion).preprocessing, tokenizer=tokenizer)

    (places,) = word_places(preprocessing, ["to whom it concerns"])

    assert {*places.words} == {"to"}
