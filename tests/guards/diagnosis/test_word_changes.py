"""Words that came and went between the texts of two periods."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from guards.diagnosis.word_changes import WordChanges
from guards.diagnosis.word_phrases import unknown_words, word_rows, words_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.diagnosis.drawn_texts import DrawnTexts


class _Texts:
    """Texts that were drawn."""

    def __init__(self, texts: Sequence[str], *, sampled: bool = False) -> None:
        self.texts = list(texts)
        self.sampled = sampled


def _between(good: Sequence[str], bad: Sequence[str], *, sampled: bool = False) -> WordChanges:
    sides = (_Texts(good), _Texts(bad, sampled=sampled))
    changes = WordChanges.between(*(cast("DrawnTexts", side) for side in sides))
    assert changes is not None
    return changes


def test_shares_are_those_of_documents() -> None:
    """However often a word stands in one of them, in upper or lower case."""
    words = _between(["the old old"] * 30 + ["the"] * 10, ["the New"] * 25 + ["the"] * 25)
    assert words.documents == (40, 50)
    ((came,), (went,)) = words.came, words.went
    assert (came.word, words.shares(came)) == ("new", (0, 0.5))
    assert (went.word, words.shares(went)) == ("old", (0.75, 0))
    assert (words.compared, words.differing) == (3, 2)
    assert [each["word"] for each in words.to_json()["came"]] == ["new"]


def test_the_clearest_words_come_first_and_twenty_are_told() -> None:
    """The others are counted."""
    new = [f"new{number:02}" for number in range(25)]
    bad = [" ".join(new[: 25 - number // 5]) for number in range(100)]
    words = _between(["usual"] * 100, [f"usual {text}" for text in bad])
    assert [each.word for each in words.came] == new[:20]
    assert words.differing == 24
    assert words.went == ()


def test_equal_texts_have_no_words_to_tell() -> None:
    """It is said how many were compared."""
    words = _between(["one two"] * 20, ["one two"] * 30)
    assert (words.came, words.went) == ((), ())
    assert words_in_words(words, (40, 30)) == (
        "words that came or went: none of 2, in the texts of 20 of 40 good and 30 of 30 bad "
        "documents"
    )
    assert list(word_rows(words)) == []


def test_a_sample_is_told() -> None:
    """With the numbers of all documents."""
    words = _between(["one"] * 20, ["one"] * 20, sampled=True)
    told = words_in_words(words, (1_000_000, 20))
    assert "20 of 1,000,000 good" in told
    assert told.endswith("(a sample with a fixed seed)")


def test_long_words_are_cut_where_they_are_told() -> None:
    """Some texts hold files."""
    words = _between(["usual"] * 20, [f"usual {'x' * 5_000}"] * 20)
    ((what, ((word, *shares),)),) = word_rows(words)
    assert (what, shares) == ("came", ["none", "100 %"])
    assert word.startswith("xxx")
    assert word.endswith("… (5000 characters)")
    assert len(word) < 100


@pytest.mark.parametrize(("good", "bad"), [([], ["one"]), (["one"], []), ([], [])])
def test_without_texts_of_a_period_there_are_none(good: list[str], bad: list[str]) -> None:
    """One period has nothing to be compared with."""
    sides = (cast("DrawnTexts", _Texts(side)) for side in (good, bad))
    assert WordChanges.between(*sides) is None


def test_what_to_do_for_words() -> None:
    """By where they were looked for, and of which period none was found."""
    assert "no text of good documents is in the log; serve with UNDERSTUDY_CAPTURE=all" in (
        unknown_words((0, 9), None, piped=False)
    )
    assert "a pipe is read once" in unknown_words((0, 0), None, piped=True)
    told = unknown_words((0, 0), "docs.csv", piped=True)
    assert "no text of good and bad documents is in docs.csv; name a table" in told
    assert "CAPTURE" not in told
