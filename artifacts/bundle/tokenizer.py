"""The tokenizer of a bundle, sealed.

A bundle keeps it as one ``tokenizer.json`` with truncation and padding switched off: the bundle
itself says how a long text is truncated, and nothing is ever padded.

Which token is the unknown one is asked of the model itself, because each kind has another way to
say it. A character that a vocabulary spells in bytes (``byte_fallback``, byte-level BPE) is known,
and a run of unknown characters counts once where the model fuses it.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, TypeVar

from tokenizers import Tokenizer, models

from artifacts.bundle.immutable import Immutable
from artifacts.bundle.truncation import Ends
from guards.errors import CallError, first_line

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from tokenizers import Encoding

    from guards.json_types import JsonObject

__all__ = [
    "SealedTokenizer",
    "as_sealed",
    "canonical_json",
    "check_empty_text",
    "load_tokenizer",
    "parsed",
    "untruncated",
]

ResultT = TypeVar("ResultT")

_ONE_TOKEN = Tokenizer(models.WordLevel({"": 0}, unk_token="")).encode("a")
"""A text of one token, whatever tokens a vocabulary has."""

_UNKNOWN = "\U0010fffd"
"""A character for private use, which no vocabulary has."""

_TOKENS_A_STEP = 1_000
"""This many tokens are looked up in less than a millisecond."""


class SealedTokenizer(Immutable):
    """Encodes texts and cannot be changed; safe to share between threads."""

    __slots__ = ("_tokenizer",)

    _tokenizer: Tokenizer

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Seal a tokenizer."""
        object.__setattr__(self, "_tokenizer", tokenizer)

    @property
    def unknown_id(self) -> int | None:
        """The id of the unknown token; None if the model has none, as one of bytes."""
        try:
            tokens = _without_panic(lambda: self._tokenizer.model.tokenize(_UNKNOWN))
        except Exception:  # noqa: BLE001 (the library raises bare exceptions)
            return None
        return tokens[0].id if len(tokens) == 1 else None

    @property
    def ends(self) -> Ends:
        """How many special tokens are put around every text."""
        sequences = _without_panic(lambda: self._tokenizer.post_process(_ONE_TOKEN).sequence_ids)
        opening = sequences.index(0)
        return Ends(opening, len(sequences) - opening - 1)

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Encode texts without truncation, special tokens included."""
        encodings = _without_panic(lambda: self._tokenizer.encode_batch_fast(list(texts)))
        return [encoding.ids for encoding in encodings]

    def located(self, texts: Sequence[str]) -> list[Encoding]:
        """Encode texts as ``token_ids`` does, with where in its text each token stands."""
        return _without_panic(lambda: self._tokenizer.encode_batch(list(texts)))

    def get_vocab_size(self) -> int:
        """Return the number of tokens in the vocabulary."""
        return self._tokenizer.get_vocab_size()

    def to_str(self) -> str:
        """Return the content of ``tokenizer.json``, which lacks ``encode_special_tokens``."""
        return self._tokenizer.to_str()

    def digesting(self) -> Generator[None, None, str]:
        """Return a digest of settings and tokens, computed in steps of about a millisecond.

        ``to_str`` of a million tokens is a single call of the library during which no other thread
        runs, for up to a second. Scores and merges can only be read that way, and are left out.
        """
        sha = hashlib.sha256()
        for piece in _pieces(self._tokenizer):
            sha.update(piece)
            yield
        return sha.hexdigest()

    @property
    def encode_special_tokens(self) -> bool:
        """Whether a special token in a text is encoded as ordinary text; False in every bundle."""
        return self._tokenizer.encode_special_tokens


def as_sealed(tokenizer: Tokenizer | SealedTokenizer) -> SealedTokenizer:
    """Return the tokenizer, sealed if it is not yet."""
    return tokenizer if isinstance(tokenizer, SealedTokenizer) else SealedTokenizer(tokenizer)


def untruncated(tokenizer: Tokenizer) -> Tokenizer:
    """Switch truncation and padding off, in place, and return the tokenizer."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def check_empty_text(tokenizer: Tokenizer, source: str) -> None:
    """Raise ``CallError`` unless an empty text has a token: a network needs at least one."""
    if not tokenizer.encode("").ids:
        message = f"{source}: no special token opens or closes a text, so an empty one has no token"
        raise CallError(message)


def parsed(tokenizer: Tokenizer | SealedTokenizer) -> JsonObject:
    """Return the parsed ``tokenizer.json``."""
    content: JsonObject = json.loads(tokenizer.to_str())
    return content


def canonical_json(tokenizer: Tokenizer | SealedTokenizer) -> bytes:
    """Return the tokenizer as the bytes of ``tokenizer.json``."""
    return json.dumps(parsed(tokenizer), ensure_ascii=False, indent=1).encode()


def load_tokenizer(data: bytes) -> SealedTokenizer:
    """Read a tokenizer from verified bytes; raises ``ValueError`` where the library cannot."""
    return SealedTokenizer(_without_panic(lambda: Tokenizer.from_str(data.decode())))


def _without_panic(run: Callable[[], ResultT]) -> ResultT:
    """Run a call of the library, which panics where its own assumptions fail.

    A panic is no ``Exception``, and would end the thread that serves. Raises ``ValueError``.
    """
    try:
        return run()
    except (Exception, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 (a panic has no other public name)
        message = f"the library of tokenizers fails: {first_line(error)}"
        raise ValueError(message) from None


def _pieces(tokenizer: Tokenizer) -> Iterator[bytes]:
    """Yield the bytes of everything that can be read of a tokenizer in small steps."""
    model = tokenizer.model
    settings = [
        (name, value)
        for name in dir(model)
        if not name.startswith("_") and not callable(value := getattr(model, name))
    ]
    added = sorted(tokenizer.get_added_tokens_decoder().items())
    special = tokenizer.encode_special_tokens
    whole = type(model).__name__, settings, tokenizer.truncation, tokenizer.padding, special, added
    yield repr(whole).encode()
    for name in ("normalizer", "pre_tokenizer", "post_processor", "decoder"):
        part = getattr(tokenizer, name)
        yield b"none" if part is None else part.__getstate__()
    yield from _vocabulary(tokenizer)


def _vocabulary(tokenizer: Tokenizer) -> Iterator[bytes]:
    """Yield the tokens in the order of their ids, up to the last one or as many gaps."""
    remaining = tokenizer.get_vocab_size()
    for start in range(0, 2 * remaining, _TOKENS_A_STEP):
        tokens = [tokenizer.id_to_token(start + index) for index in range(_TOKENS_A_STEP)]
        yield repr(tokens).encode("utf-8", "surrogatepass")
        remaining -= len(tokens) - tokens.count(None)
        if remaining <= 0:
            return
