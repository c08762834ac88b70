"""Check the steps of a tokenizer, none of which may take more than linear time or memory.

``tokenizer.json`` is a small program that runs on every text: it replaces, splits by expressions,
puts tokens around the text and fills it up. Each of these can make gigabytes of a short text.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from guards.bundle.layout import TOKENIZER
from guards.errors import Finding
from guards.expressions import costly_expression, matches_empty_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guards.json_types import JsonMapping

__all__ = ["check_tokenizer"]

_STEPS = ("normalizer", "pre_tokenizer", "post_processor", "decoder")
_STEPS_INSIDE = ("normalizers", "pretokenizers", "processors", "decoders")
_MAX_STEPS = 64
_MAX_EXPRESSIONS = 16

_CHANGE_TEXT = frozenset({"normalizer", "pre_tokenizer"})
_MAX_GROWTH = 64
"""The longest that a normalisation to Unicode's NFKC makes of one character is 18, and spelling
bytes doubles most letters of other scripts than Latin."""

_MAX_AFFIX = 64
_MAX_PIECE = 256
"""UTF-8 bytes; at each character of a text, pieces of up to the longest are tried. SentencePiece
makes pieces of 16 characters, unless told otherwise."""

_MAX_CHARS_OF_WORD = 256
"""At each piece of a word, all of its ends are tried; BERT has 100."""

_MAX_SPECIAL_TOKENS = 64
_MAX_PADDING = 1_024
_MAX_SHOWN = 10**9

_CHARSMAP_HEADER = 4


def check_tokenizer(tokenizer: JsonMapping) -> Iterator[Finding]:
    """Yield a finding for the first thing that takes more time or memory than a text is long."""
    for name, expected, observed in _problems(tokenizer):
        yield Finding("tokenizer_unbounded", f"{TOKENIZER}: {name}", expected, observed)
        return


def _problems(tokenizer: JsonMapping) -> Iterator[tuple[str, str, str]]:
    """Yield the name of what is unbounded, what was expected, and what was observed."""
    steps = [(name, step) for name in _STEPS for step in _steps_in(tokenizer.get(name))]
    if len(steps) > _MAX_STEPS:
        yield "steps", f"at most {_MAX_STEPS}", str(len(steps))
    if any(_has_untyped(tokenizer.get(name)) for name in _STEPS):
        yield "steps", "steps that name their type", "a step without one"
    yield from _costly_expressions(steps)
    yield from _growth([step for name, step in steps if name in _CHANGE_TEXT])
    yield from _repeated_bytes(steps)
    yield from _long_affixes(steps, tokenizer.get("model"))
    yield from _long_pieces(steps, tokenizer.get("model"))
    yield from _special_tokens([step for name, step in steps if name == "post_processor"])
    yield from _padding(tokenizer.get("padding"))


def _steps_in(value: object) -> Iterator[JsonMapping]:
    """Yield each object with a ``type``, at every depth, in order."""
    if isinstance(value, dict):
        if "type" in value:
            yield value
        for inner in value.values():
            yield from _steps_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _steps_in(inner)


def _has_untyped(step: object) -> bool:
    """Return whether a step, or one inside it, has no type: the library guesses what it is."""
    if not isinstance(step, dict):
        return False
    inside = [step.get(name) for name in _STEPS_INSIDE]
    return "type" not in step or any(
        _has_untyped(inner) for steps in inside if isinstance(steps, list) for inner in steps
    )


def _costly_expressions(steps: list[tuple[str, JsonMapping]]) -> Iterator[tuple[str, str, str]]:
    patterns = [
        (name, pattern["Regex"])
        for name, step in steps
        if isinstance(pattern := step.get("pattern"), dict) and "Regex" in pattern
    ]
    if len(patterns) > _MAX_EXPRESSIONS:
        yield "expressions", f"at most {_MAX_EXPRESSIONS}", str(len(patterns))
        return
    for name, pattern in patterns:
        reason = costly_expression(str(pattern), "Oniguruma")
        if reason is not None:
            yield name, "an expression that matches in linear time", f"{pattern[:80]!r}: {reason}"


def _growth(steps: list[JsonMapping]) -> Iterator[tuple[str, str, str]]:
    """Multiply by how much each step may lengthen a text."""
    growth = 1
    for step in steps:
        growth *= max(1, _growth_of(step))
    if growth > _MAX_GROWTH:
        yield (
            "normalizer, pre_tokenizer",
            f"steps that make at most {_MAX_GROWTH} characters of one",
            f"steps that make {_shown(growth)}",
        )


def _repeated_bytes(steps: list[tuple[str, JsonMapping]]) -> Iterator[tuple[str, str, str]]:
    """Yield a part that spells bytes more than once: each time, of letters it makes two."""
    for part in sorted(_CHANGE_TEXT):
        times = sum(name == part and step["type"] == "ByteLevel" for name, step in steps)
        if times > 1:
            yield part, "ByteLevel at most once", f"{times} times"


def _growth_of(step: JsonMapping) -> int:
    if step["type"] == "Replace":
        return _growth_of_replacing(step.get("pattern"), len(str(step.get("content", ""))))
    if step["type"] == "Precompiled":
        return _longest_in(step.get("precompiled_charsmap"))
    return 2 if step["type"] == "ByteLevel" else 1


def _growth_of_replacing(pattern: object, length: int) -> int:
    """Return how many characters replace one, at most; the empty text is found beside each."""
    found = pattern if isinstance(pattern, dict) else {}
    text = found.get("String")
    if isinstance(text, str) and text:
        return -(-length // len(text))
    return length + matches_empty_text(str(found.get("Regex", "")), "Oniguruma")


def _shown(number: int) -> str:
    return str(number) if number < _MAX_SHOWN else f"more than {_MAX_SHOWN}"


def _longest_in(charsmap: object) -> int:
    """Return the most characters by which a character map of SentencePiece replaces one.

    It holds the length of a trie, the trie, and the replacements with a zero byte after each.
    """
    try:
        data = base64.b64decode(str(charsmap))
    except (ValueError, binascii.Error):
        return 1
    trie = int.from_bytes(data[:_CHARSMAP_HEADER], "little")
    texts = data[_CHARSMAP_HEADER + trie :].split(b"\0")
    return max(len(text.decode("utf-8", "replace")) for text in texts)


def _long_affixes(
    steps: list[tuple[str, JsonMapping]], model: object
) -> Iterator[tuple[str, str, str]]:
    """Yield texts that are put before or after each piece, and words that are tried piecewise."""
    prepended = [("Prepend", step.get("prepend")) for _, step in steps]
    settings = model if isinstance(model, dict) else {}
    affixes = ("continuing_subword_prefix", "end_of_word_suffix")
    for name, text in [*prepended, *((name, settings.get(name)) for name in affixes)]:
        if isinstance(text, str) and len(text) > _MAX_AFFIX:
            yield name, f"at most {_MAX_AFFIX} characters", f"{len(text)}"
    longest = settings.get("max_input_chars_per_word")
    if isinstance(longest, int) and longest > _MAX_CHARS_OF_WORD:
        yield "max_input_chars_per_word", f"at most {_MAX_CHARS_OF_WORD}", str(longest)


def _long_pieces(
    steps: list[tuple[str, JsonMapping]], model: object
) -> Iterator[tuple[str, str, str]]:
    """Yield a text that is looked for at each character, and is long."""
    patterns = [step.get("pattern") for _, step in steps]
    texts = [("pattern", found.get("String")) for found in patterns if isinstance(found, dict)]
    vocab = model.get("vocab") if isinstance(model, dict) else None
    if isinstance(vocab, list):
        texts += [("vocab", piece[0]) for piece in vocab if isinstance(piece, list) and piece]
    for name, text in texts:
        if isinstance(text, str) and _bytes_of(text) > _MAX_PIECE:
            yield name, f"texts of at most {_MAX_PIECE} bytes", f"{text[:40]!r}…"


def _bytes_of(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _special_tokens(steps: list[JsonMapping]) -> Iterator[tuple[str, str, str]]:
    count = 0
    for step in steps:
        pieces = step.get("single")
        pieces = pieces if isinstance(pieces, list) else []
        if sum(isinstance(piece, dict) and "Sequence" in piece for piece in pieces) > 1:
            yield "post_processor", "the tokens of a text, once", "tokens that are repeated"
        count += len(pieces) + sum(map(len, _ids_of(step)))
    if count > _MAX_SPECIAL_TOKENS:
        yield "post_processor", f"at most {_MAX_SPECIAL_TOKENS} special tokens", str(count)


def _ids_of(step: JsonMapping) -> Iterator[list[object]]:
    tokens = step.get("special_tokens")
    for token in tokens.values() if isinstance(tokens, dict) else ():
        if isinstance(token, dict) and isinstance(token.get("ids"), list):
            yield token["ids"]


def _padding(padding: object) -> Iterator[tuple[str, str, str]]:
    if not isinstance(padding, dict):
        return
    strategy = padding.get("strategy")
    fixed = strategy.get("Fixed") if isinstance(strategy, dict) else None
    for length in (fixed, padding.get("pad_to_multiple_of")):
        if isinstance(length, int) and length > _MAX_PADDING:
            yield "padding", f"at most {_MAX_PADDING} tokens", str(length)
