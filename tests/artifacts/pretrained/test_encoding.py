"""A tokenizer that raises for some text is found out before it is sealed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from artifacts.pretrained.encoding import check_encodes, notes_of_encoding
from artifacts.tables import Table
from guards.errors import GuardRefused
from tests.artifacts.pretrained.tokenizers_of_each_kind import KINDS

WITHOUT_UNKNOWN_TOKEN = {
    "words": models.WordLevel({"a": 0}, unk_token="u"),  # noqa: S106 (a token of text)
    "word pieces": models.WordPiece({"a": 0}, unk_token="u"),  # noqa: S106 (a token of text)
    "characters": models.BPE({"a": 0}, [], unk_token="u"),  # noqa: S106 (a token of text)
    "unigram": models.Unigram([("a", -1.0)]),
}


@pytest.mark.parametrize("kind", WITHOUT_UNKNOWN_TOKEN)
def test_tokenizer_that_raises(kind: str) -> None:
    """Whatever the model raises is a finding with the text that it cannot encode."""
    with pytest.raises(GuardRefused) as refusal:
        check_encodes(Tokenizer(WITHOUT_UNKNOWN_TOKEN[kind]), Path("it"))

    (finding,) = refusal.value.findings
    assert finding.code == "tokenizer_cannot_encode"
    assert re.search("unk", finding.observed, re.IGNORECASE)  # as the library calls it
    assert "for 'The Motion is DENIED.'" in finding.observed


@pytest.mark.parametrize("kind", KINDS)
def test_ordinary_tokenizers_encode_everything(kind: str) -> None:
    """Scripts, control characters and long runs neither raise nor are dropped."""
    check_encodes(KINDS[kind](), Path("it"))

    assert notes_of_encoding(KINDS[kind]()) == []


def test_tokenizer_that_panics_on_a_long_run(capfd: pytest.CaptureFixture[str]) -> None:
    """An expression that gives up on a long run is a finding, though the library panics."""
    tokenizer = Tokenizer(models.WordLevel({"u": 0}, unk_token="u"))  # noqa: S106 (a token of text)
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"(x+x+)+y"), "isolated")

    with pytest.raises(GuardRefused) as refusal:
        check_encodes(tokenizer, Path("it"))

    assert "of 5000 characters" in refusal.value.findings[0].observed
    capfd.readouterr()  # what the library prints of its panic


def test_text_of_a_table_that_cannot_be_encoded(capfd: pytest.CaptureFixture[str]) -> None:
    """A row of the table is tried as well, and is named by its number, without its text."""
    tokenizer = Tokenizer(models.WordLevel({"u": 0}, unk_token="u"))  # noqa: S106 (a token of text)
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"(z+z+)+y"), "isolated")
    texts = ["fine"] * 1200 + ["z" * 5000]
    documents = [{"text": text, "features": {}} for text in texts]
    table = Table("texts", documents, ["a"] * len(texts), [*range(1, len(texts) + 1)])

    with pytest.raises(GuardRefused) as refusal:
        check_encodes(tokenizer, Path("it"), table)

    (finding,) = refusal.value.findings
    assert finding.code == "tokenizer_cannot_encode"
    assert finding.observed.endswith("for row 1201")
    capfd.readouterr()  # what the library prints of its panic


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        ("t", "t"),
        ("\u00e9", "\u00e9"),
        ("4", "4"),
        ("\u0434", "\u0414\u0435\u043b\u043e"),  # which share a byte
    ],
)
def test_characters_that_are_dropped_inside_of_a_word(lost: str, told: str) -> None:
    """A tokenizer of bytes without some of them drops characters of a word, which is told."""
    tokenizer = Tokenizer(models.BPE())
    splitter = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = splitter
    missing = {one for text, _ in splitter.pre_tokenize_str(lost) for one in text}
    alphabet = sorted({*pre_tokenizers.ByteLevel.alphabet()} - missing)
    tokenizer.model = models.BPE({byte: index for index, byte in enumerate(alphabet)}, [])

    (note,) = notes_of_encoding(tokenizer)

    assert f"such as {told!r}" in note


def test_characters_that_are_normalised_away() -> None:
    """What the normaliser takes away on purpose is not told as dropped."""
    tokenizer = KINDS["word pieces"]()
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Replace("4", ""), normalizers.BertNormalizer(lowercase=True)]
    )

    assert notes_of_encoding(tokenizer) == []
