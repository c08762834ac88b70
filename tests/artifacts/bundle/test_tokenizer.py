"""A tokenizer is kept without truncation, and its sealed form only encodes."""

from __future__ import annotations

import copy
import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from artifacts.bundle.preprocessing import Preprocessing
from artifacts.bundle.tokenizer import (
    SealedTokenizer,
    canonical_json,
    load_tokenizer,
    untruncated,
)
from artifacts.bundle.truncation import Truncation
from artifacts.training.wordpiece import learn_tokenizer
from guards.schema import CanonicalRow, Schema

if TYPE_CHECKING:
    from collections.abc import Callable

TEXTS = [
    "The court orders the supplier to deliver the goods on time.",
    "The supplier invoices the court for the goods that it delivered.",
    "Caf\u00e9 Z\u00fcrich \u6cd5\u5ead \U0001f600 co-operate, reordered; undelivered",
] * 5


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """Learn a tokenizer from a few sentences."""
    return learn_tokenizer(TEXTS, 200)


def test_truncation_and_padding_are_switched_off(tokenizer: Tokenizer) -> None:
    """How text is cut is the bundle's to say, whatever the base's tokenizer says."""
    other = Tokenizer.from_str(tokenizer.to_str())
    other.enable_truncation(4)
    other.enable_padding(length=64)

    parsed = json.loads(canonical_json(untruncated(other)))

    assert (parsed["truncation"], parsed["padding"]) == (None, None)
    assert canonical_json(other) == canonical_json(tokenizer)


def test_tokenizer_survives_its_bytes(tokenizer: Tokenizer) -> None:
    """The bytes in the bundle give a tokenizer with the same ids and the same bytes."""
    data = canonical_json(tokenizer)
    read = load_tokenizer(data)

    assert canonical_json(read) == data
    assert read.token_ids(TEXTS) == [tokenizer.encode(text).ids for text in TEXTS]


@pytest.fixture
def sealed(tokenizer: Tokenizer) -> SealedTokenizer:
    """Seal the tokenizer, as a bundle that is opened does."""
    return load_tokenizer(canonical_json(tokenizer))


def test_sealed_tokenizer_shared_by_threads(tokenizer: Tokenizer, sealed: SealedTokenizer) -> None:
    """Many threads get the ids that the tokenizer itself gives, and leave it as it was."""
    before = sealed.to_str()

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(sealed.token_ids, [TEXTS] * 20))

    assert found == [[tokenizer.encode(text).ids for text in TEXTS]] * 20
    assert sealed.to_str() == before


def test_sealed_tokenizer_says_what_it_is(tokenizer: Tokenizer, sealed: SealedTokenizer) -> None:
    """The face tells the size, what stands for the unknown, and how special tokens are read."""
    assert sealed.get_vocab_size() == tokenizer.get_vocab_size()
    assert sealed.unknown_id == tokenizer.token_to_id("[UNK]")
    assert sealed.encode_special_tokens is False


@pytest.mark.parametrize(
    ("template", "ends"),
    [
        ("[CLS] $A [SEP]", (1, 1)),
        ("$A", (0, 0)),
        ("$A [SEP]", (0, 1)),
        ("[CLS] [MASK] $A", (2, 0)),
        ("[CLS] $A [SEP] [SEP] [MASK]", (1, 3)),
    ],
)
@pytest.mark.parametrize("vocabulary", [["a", "[UNK]"], ["\u6cd5"]])
def test_special_tokens_around_a_text(
    template: str, ends: tuple[int, int], vocabulary: list[str]
) -> None:
    """They are counted at each end, and what words the tokenizer knows makes no difference."""
    words = {token: index for index, token in enumerate([*vocabulary, "[CLS]", "[SEP]", "[MASK]"])}
    other = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))  # noqa: S106 (a token of text)
    other.post_processor = processors.TemplateProcessing(
        single=template,
        special_tokens=[(name, words[name]) for name in ("[CLS]", "[SEP]", "[MASK]")],
    )

    assert SealedTokenizer(other).ends == ends


BYTES = {f"<0x{byte:02X}>": byte for byte in range(256)}
UNKNOWN = {
    "word pieces": (models.WordPiece({"a": 0, "u": 1}, unk_token="u"), 1),  # noqa: S106 (a token of text)
    "words": (models.WordLevel({"a": 0, "u": 1}, unk_token="u"), 1),  # noqa: S106 (a token of text)
    "characters": (models.BPE({"a": 0, "u": 1}, [], unk_token="u"), 1),  # noqa: S106 (a token of text)
    "fused": (models.BPE({"a": 0, "u": 1}, [], unk_token="u", fuse_unk=True), 1),  # noqa: S106 (a token of text)
    "unigram": (models.Unigram([("a", -1.0), ("b", -1.0), ("u", 0.0)], unk_id=2), 2),
    "bytes": (models.BPE({"a": 0}, []), None),
    "unigram in bytes": (
        models.Unigram(
            [*((byte, -5.0) for byte in BYTES), ("u", 0.0)], unk_id=256, byte_fallback=True
        ),
        None,
    ),
    "characters in bytes": (
        models.BPE({**BYTES, "u": 256}, [], unk_token="u", byte_fallback=True),  # noqa: S106 (a token of text)
        None,
    ),
    "no unknown token": (models.Unigram([("a", -1.0)]), None),
}


@pytest.mark.parametrize("kind", UNKNOWN)
def test_unknown_token_of_each_kind(kind: str) -> None:
    """Each kind of model says otherwise which token is the unknown one; in bytes none is."""
    model, expected = UNKNOWN[kind]

    assert SealedTokenizer(Tokenizer(model)).unknown_id == expected


def test_unknown_tokens_of_a_unigram_are_counted() -> None:
    """A text in a script that a Unigram does not know is counted as unknown, token by token."""
    tokenizer = Tokenizer(models.Unigram([("a", -1.0), ("u", 0.0)], unk_id=1))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    preprocessing = Preprocessing(
        Schema(("text",), (), (), ("x", "y")), None, tokenizer, Truncation(64)
    )

    (encoding,) = preprocessing.encode(["a \u0928\u092e\u0938 a \u6cd5"], [CanonicalRow((), ())])

    assert (encoding.unknown_tokens, encoding.tokens) == (2, 4)


def test_state_is_digested_in_steps() -> None:
    """Every setting, part and token counts, and a vocabulary with gaps is looked at whole."""

    def digest_of(vocabulary: dict[str, int], **settings: object) -> str:
        tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="u"))  # noqa: S106 (a token of text)
        for name, value in settings.items():
            setattr(tokenizer, name, value)
        steps = SealedTokenizer(tokenizer).digesting()
        while True:
            try:
                next(steps)
            except StopIteration as done:
                return str(done.value)

    words = {"u": 0, **{f"word {number}": number for number in range(2, 3000)}}
    digests = [
        digest_of(words),
        digest_of({**words, "another": 2999}),
        digest_of({**words, "another": 3005}),
        digest_of(words, normalizer=normalizers.NFC()),
        digest_of(words, encode_special_tokens=True),
    ]

    assert len({*digests}) == len(digests)
    assert digest_of(words) == digests[0]


@pytest.mark.parametrize(
    "name",
    [
        "add_special_tokens",
        "add_tokens",
        "enable_padding",
        "enable_truncation",
        "normalizer",
        "train_from_iterator",
    ],
)
def test_sealed_tokenizer_has_nothing_that_changes_it(sealed: SealedTokenizer, name: str) -> None:
    """No method that trains, adds or cuts is there, nor any part that could be exchanged."""
    with pytest.raises(AttributeError, match=f"can only be used: there is no '{name}'"):
        getattr(sealed, name)


@pytest.mark.parametrize("name", ["encode_special_tokens", "normalizer", "unknown_id", "token_ids"])
def test_sealed_tokenizer_cannot_be_assigned(sealed: SealedTokenizer, name: str) -> None:
    """No attribute can be set or removed, whether it is there or not."""
    with pytest.raises(AttributeError, match=f"cannot be changed: '{name}'"):
        setattr(sealed, name, None)
    with pytest.raises(AttributeError, match=f"cannot be changed: '{name}'"):
        delattr(sealed, name)


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, pickle.dumps])
def test_sealed_tokenizer_is_not_copied(
    sealed: SealedTokenizer, make: Callable[[object], object]
) -> None:
    """A copy would be one that nobody looks at again."""
    with pytest.raises(TypeError, match="cannot be copied or pickled: open the bundle again"):
        make(sealed)
