"""Steps of a tokenizer that take more than a text is long."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING

import pytest

from guards.integrity.headers.tokenizer import check_tokenizer

if TYPE_CHECKING:
    from guards.json_types import JsonObject


def normalizer(*steps: JsonObject) -> JsonObject:
    """Return a tokenizer with steps that normalise."""
    return {"normalizer": {"type": "Sequence", "normalizers": list(steps)}}


def pre_tokenizer(*steps: JsonObject) -> JsonObject:
    """Return a tokenizer with steps that split."""
    return {"pre_tokenizer": {"type": "Sequence", "pretokenizers": list(steps)}}


def replacing(content: str, **pattern: str) -> JsonObject:
    """Return a step that replaces."""
    return {"type": "Replace", "pattern": pattern, "content": content}


def precompiled(text: bytes) -> JsonObject:
    """Return a step with a character map whose replacements are ``text``."""
    data = (4).to_bytes(4, "little") + bytes(4) + text
    return {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(data).decode()}


def template(*pieces: str, ids: int = 1) -> JsonObject:
    """Return a tokenizer that puts special tokens around a text, A, each of so many ids."""
    single = [{"Sequence" if p == "A" else "SpecialToken": {"id": p, "type_id": 0}} for p in pieces]
    tokens = {p: {"id": p, "ids": [1] * ids, "tokens": [p] * ids} for p in {*pieces} - {"A"}}
    processor = {"type": "TemplateProcessing", "single": single, "special_tokens": tokens}
    return {"post_processor": processor}


def unigram(*pieces: str) -> JsonObject:
    """Return a tokenizer with pieces that each have a score."""
    return {"model": {"type": "Unigram", "vocab": [[piece, -1.0] for piece in pieces]}}


BYTES = {"type": "ByteLevel", "add_prefix_space": False}

SOUND = {
    "nothing": {"normalizer": None, "model": {"type": "BPE", "vocab": {}}},
    "BERT": {
        **normalizer({"type": "BertNormalizer"}),
        **template("[CLS]", "A", "[SEP]"),
        "model": {"max_input_chars_per_word": 100, "continuing_subword_prefix": "##"},
    },
    "XLM-R": normalizer(
        precompiled(b"a\0" + "\u0635".encode() * 18 + b"\0"), replacing("\u2581", Regex=" {2,}")
    ),
    "Llama": normalizer({"type": "Prepend", "prepend": "\u2581"}, replacing("\u2581", String=" ")),
    "ALBERT": normalizer(
        replacing('"', String="``"), replacing('"', String="''"), precompiled(b"abcdefgh\0")
    ),
    "bytes": {**normalizer(BYTES), **pre_tokenizer(BYTES)},
    "CLIP": {
        **normalizer({"type": "NFC"}, replacing(" ", Regex=r"\s+"), {"type": "Lowercase"}),
        **pre_tokenizer({"type": "Split", "pattern": {"Regex": r"[\p{L}]+|[\p{N}]"}}, BYTES),
    },
    "a text for one of its length": normalizer(replacing("b" * 100, String="a" * 100)),
    "padding": {"padding": {"strategy": {"Fixed": 512}, "pad_to_multiple_of": 8}},
    "pieces of signs": unigram("-" * 200, "\u4e2d" * 16, "\u2581" * 64),
    "words of two hundred characters": {"model": {"max_input_chars_per_word": 200}},
}

UNBOUNDED = {
    "a character becomes a megabyte": normalizer(replacing("b" * 10**6, String="a")),
    "nothing becomes a text": normalizer(replacing("b" * 100, String="")),
    "an expression for nothing": normalizer(replacing("b" * 64, Regex="a*")),
    "an expression between words": normalizer(replacing("b" * 64, Regex=r"\b")),
    "ten become a hundred million": normalizer(*[replacing("a" * 10, String="a")] * 8),
    "a character map": normalizer(precompiled(b"x" * 100_000 + b"\0")),
    "bytes of a long text": {**normalizer(replacing("b" * 40, String="a")), **pre_tokenizer(BYTES)},
    "bytes of bytes": normalizer(*[BYTES] * 2),
    "bytes of bytes, six times": pre_tokenizer(*[BYTES] * 6),
    "bytes of bytes in pieces": pre_tokenizer(*[BYTES] * 12),
    "bytes before and after": {**normalizer(*[BYTES] * 4), **pre_tokenizer(*[BYTES] * 4)},
    "an expression that backtracks": pre_tokenizer(
        {"type": "Split", "pattern": {"Regex": "(a+)+b"}}
    ),
    "an expression of squared time": normalizer(replacing("", Regex=r"\s+$")),
    "an expression of the decoder": {"decoder": replacing("", Regex="(a{1000}){1000}")},
    "expressions without number": pre_tokenizer(
        *[{"type": "Split", "pattern": {"Regex": f"a{number}"}} for number in range(30)]
    ),
    "steps without number": normalizer(*[{"type": "NFKD"}] * 10_000),
    "a long beginning": normalizer({"type": "Prepend", "prepend": "x" * 10**6}),
    "long pieces of words": {"model": {"continuing_subword_prefix": "x" * 10**6}},
    "long ends of words": {"model": {"end_of_word_suffix": "x" * 10**6}},
    "words of any length": {"model": {"max_input_chars_per_word": 2**40}},
    "words of a thousand characters": {"model": {"max_input_chars_per_word": 1_000}},
    "long pieces": unigram("a", *["a" * length for length in range(2, 2_000)]),
    "one long piece": unigram("a", "-" * 10**6),
    "pieces of long letters": unigram("\u4e2d" * 100),
    "a long text to replace": normalizer(replacing("", String="b" + "a" * 50_000)),
    "a long text to split by": pre_tokenizer(
        {"type": "Split", "pattern": {"String": "b" + "a" * 50_000}}
    ),
    "a replacement without a type": {
        "normalizer": {"pattern": {"String": "a"}, "content": "b" * 10**6}
    },
    "a step without a type": normalizer({"prepend": "x" * 10**6}),
    "steps without a type": {"normalizer": {"normalizers": [replacing("", String="a")]}},
    "an expression of lines": pre_tokenizer({"type": "Split", "pattern": {"Regex": r"^\s*x"}}),
    "a million special tokens": template("x", "A", ids=10**6),
    "a hundred special tokens": template(*["x"] * 100, "A"),
    "a text three times": template("A", "A", "A"),
    "forty times special tokens": {
        "post_processor": {
            "type": "Sequence",
            "processors": [template("x", "A", "y")["post_processor"]] * 40,
        }
    },
    "padding to a billion": {"padding": {"strategy": {"Fixed": 10**9}}},
    "padding to multiples": {"padding": {"strategy": "BatchLongest", "pad_to_multiple_of": 10**9}},
}


@pytest.mark.parametrize("name", SOUND)
def test_steps_of_common_tokenizers(name: str) -> None:
    """The steps of well-known tokenizers are no findings."""
    assert list(check_tokenizer(SOUND[name])) == []


@pytest.mark.parametrize("name", UNBOUNDED)
def test_steps_that_are_unbounded(name: str) -> None:
    """A step that would fill the memory or never end is one finding, and takes no time."""
    started = time.process_time()
    json.loads(json.dumps(UNBOUNDED[name]))
    reading_s = time.process_time() - started

    started = time.process_time()
    (finding,) = check_tokenizer(UNBOUNDED[name])

    assert finding.code == "tokenizer_unbounded"
    assert len(finding.observed) < 250
    assert time.process_time() - started < 0.5 + 5 * reading_s


@pytest.mark.parametrize(
    "tokenizer",
    [
        {"normalizer": 3, "post_processor": [[]], "model": "x", "padding": 1},
        normalizer({"type": "Replace"}, {"type": ["Replace"]}),
        normalizer({"type": "Precompiled", "precompiled_charsmap": "no base64"}),
        {"post_processor": {"type": "TemplateProcessing", "single": 1, "special_tokens": {"a": 1}}},
        {"padding": {"strategy": {"Fixed": "many"}}},
    ],
)
def test_malformed_steps_are_the_librarys_to_refuse(tokenizer: JsonObject) -> None:
    """What is no step at all raises nothing here: no tokenizer is built from it."""
    assert list(check_tokenizer(tokenizer)) == []
