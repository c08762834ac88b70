"""Two readings of a tokenizer are compared by all that they are made of, and on every row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers
from transformers import PreTrainedTokenizerFast

from artifacts.pretrained.readings import (
    contradicted_settings,
    find_difference,
    parts_that_differ,
)
from artifacts.tables import Table
from tests.artifacts.pretrained.tokenizers_of_each_kind import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = 2500


def library_of(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    """Return a tokenizer of the library that runs this one."""
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer)


def two_of(kind: str) -> tuple[Tokenizer, Tokenizer]:
    """Return a tokenizer and a copy of it."""
    tokenizer = KINDS[kind]()
    return tokenizer, Tokenizer.from_str(tokenizer.to_str())


def a_table(last: str) -> Table:
    """Return a table of many rows, of which the last is another one."""
    texts = ["the court orders"] * (ROWS - 1) + [last]
    documents = [{"text": text, "features": {}} for text in texts]
    return Table("texts", documents, ["a"] * ROWS, [*range(1, ROWS + 1)])


@pytest.mark.parametrize("kind", KINDS)
def test_equal_readings(kind: str) -> None:
    """Nothing differs between a tokenizer and its copy."""
    saved = KINDS[kind]()

    assert find_difference(saved, library_of(saved), a_table("Rome")) is None
    assert parts_that_differ(saved, library_of(saved)) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "token",
    [
        AddedToken("[ENT]", special=True),
        AddedToken("qz", special=False),
        AddedToken("<url>", special=False, single_word=True),
        AddedToken("<hold>", special=True, lstrip=True, rstrip=True),
    ],
)
@pytest.mark.parametrize("by_the_library", [False, True])
def test_token_that_one_of_them_adds(kind: str, token: AddedToken, *, by_the_library: bool) -> None:
    """An added token is tried though no text holds it, whichever reading has it."""
    saved, other = two_of(kind)
    (other if by_the_library else saved).add_tokens([token])

    found = find_difference(saved, library_of(other), a_table("Rome"))

    assert found is not None
    assert found.text == repr(token.content)
    assert found.observed.endswith(f"; 0 of {ROWS} rows differ")


@pytest.mark.parametrize("kind", KINDS)
def test_special_tokens_as_ordinary_text(kind: str) -> None:
    """A library that splits special tokens of a text differs on every one of them."""
    saved = KINDS[kind]()
    library = PreTrainedTokenizerFast(tokenizer_object=saved, split_special_tokens=True)

    found = find_difference(saved, library, a_table("the <mask> of"))

    assert found is not None
    assert found.text in {"'</s>'", "'<mask>'"}


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (lambda one: normalizers.Sequence([normalizers.Replace("Rome", "x"), one]), "normalizer"),
        (lambda one: normalizers.Sequence([one, normalizers.Replace("rome", "")]), "normalizer"),
        (
            lambda one: normalizers.Sequence([normalizers.Replace(Regex("R.+e"), "b"), one]),
            "normalizer",
        ),
    ],
)
def test_difference_of_rows_alone(
    change: Callable[[normalizers.Normalizer], normalizers.Normalizer], parts: str
) -> None:
    """A difference that only a row shows is found, in the last of many rows, without its text."""
    saved, other = two_of("word pieces")
    other.normalizer = change(saved.normalizer)

    assert find_difference(saved, library_of(other), a_table("Paris")) is None
    found = find_difference(saved, library_of(other), a_table("in Rome"))

    assert parts_that_differ(saved, library_of(other)) == [parts]
    assert found is not None
    assert found.text == f"row {ROWS}"
    assert f"whose {parts} differs; 1 of {ROWS} rows" in found.observed
    assert "Rome" not in found.observed


def test_tokens_are_shown_from_where_the_two_part() -> None:
    """What both readings begin with is left out, but for the last token of it."""
    saved, other = two_of("bytes")
    other.normalizer = normalizers.Replace("NIE", "q")

    found = find_difference(saved, library_of(other), None)

    assert found is not None
    assert found.text == "'The Motion is DENIED.'"
    assert found.observed == "… E N I E D . </s> by tokenizer.json, … E q D . </s> by the library"


def test_library_that_fails_is_told() -> None:
    """Where the library raises, its message is shown instead of tokens."""
    other = KINDS["words"]()
    other.model = models.WordLevel({"a": 0}, unk_token="gone")  # noqa: S106 (a token of text)

    found = find_difference(KINDS["words"](), library_of(other), None)

    assert found is not None
    assert "a failure (" in found.observed
    assert "by the library" in found.observed


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("do_lower_case", normalizers.BertNormalizer(lowercase=False, strip_accents=True)),
        ("strip_accents", normalizers.BertNormalizer(lowercase=True, strip_accents=False)),
        ("tokenize_chinese_chars", normalizers.BertNormalizer(handle_chinese_chars=False)),
        ("do_lower_case", normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents()])),
    ],
)
def test_declared_setting_that_two_readings_follow_differently(
    name: str, other: normalizers.Normalizer
) -> None:
    """A setting counts as contradicted if it is declared and makes a difference."""
    saved, library = two_of("word pieces")
    library.normalizer = other

    assert contradicted_settings({name: False}, saved, library_of(library)) == [name]
    assert contradicted_settings({name: None}, saved, library_of(library)) == []
    assert contradicted_settings({}, saved, library_of(library)) == []
    assert contradicted_settings({name: False}, saved, library_of(saved)) == []
