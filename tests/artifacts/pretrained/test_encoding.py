"""A tokenizer that raises for some text is found out before it is sealed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tokenizers import Regex, Tokenizer, models, pre_tokenizers

from artifacts.pretrained.encoding import check_encodes, notes_of_encoding
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
    assert "for ' '" in finding.observed


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
