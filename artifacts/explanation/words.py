"""Where the words of a text stand among its token ids."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from artifacts.bundle.tokenizer import as_sealed
from guards.diagnosis.text_words import is_mark, word_spans

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from tokenizers import Encoding as TokenizedText

    from artifacts.bundle.preprocessing import Preprocessing
    from artifacts.bundle.truncation import Ends

__all__ = ["WordPlaces", "word_places"]

_Span = tuple[int, int]

_FIRST = re.compile(r"\S")


@dataclass(frozen=True, slots=True)
class WordPlaces:
    """Which token ids of a document stand for its text, and which of them for which word.

    ``is_text`` bool [windows, tokens] is False for the special tokens at the ends of each window.
    ``words`` has the places of all occurrences of a word, case folded, in the flattened token ids.
    """

    is_text: NDArray[np.bool_]
    words: Mapping[str, Sequence[int]]


def word_places(preprocessing: Preprocessing, texts: Sequence[str]) -> list[WordPlaces]:
    """Return where the words of each text stand among the token ids that are kept of it.

    A word is what the tokenizer takes for one, divided where letters and digits end. A sign of
    punctuation is a word of its own. Pieces of a word that truncation left out have no place.
    """
    tokenizer = as_sealed(preprocessing.tokenizer)
    ends = tokenizer.ends
    places = []
    for text, tokenized in zip(texts, tokenizer.located(texts), strict=True):
        # Truncation takes places as it takes ids, and so tells which of them are kept.
        windows, _ = preprocessing.truncation.windows(list(range(len(tokenized.ids))), ends)
        kept = np.array(windows, dtype=np.int64)
        places.append(_places(text, tokenized, kept, ends))
    return places


def _places(text: str, tokenized: TokenizedText, kept: NDArray[np.int64], ends: Ends) -> WordPlaces:
    last = len(tokenized.ids) - ends.closing
    is_text = (kept >= ends.opening) & (kept < last)
    named = _words(text, tokenized)
    words: dict[str, list[int]] = defaultdict(list)
    for place, token in enumerate(kept.ravel().tolist()):
        word = named.get(token)
        if word is not None and ends.opening <= token < last:
            words[word].append(place)
    return WordPlaces(is_text, words)


def _words(text: str, tokenized: TokenizedText) -> dict[int, str]:
    """Return the word of each token that has one, by the token's index."""
    run_of = {place: run for run in word_spans(text) for place in range(*run)}
    groups: dict[tuple[int | None, _Span], list[int]] = defaultdict(list)
    after: tuple[int | None, _Span] | None = None
    for token in reversed(range(len(tokenized.ids))):
        word = tokenized.word_ids[token]
        first = _FIRST.search(text, *tokenized.offsets[token])
        # Some tokenizers let a word begin with the space before it, as a piece of its own even.
        if first is not None:
            after = word, run_of[first.start()]
        elif after is None or after[0] != word or word is None:
            continue
        groups[after].append(token)
    return {
        token: word
        for (_, run), group in groups.items()
        for word in [_named(text, run, [tokenized.offsets[token] for token in group])]
        for token in group
    }


def _named(text: str, run: _Span, spans: list[_Span]) -> str:
    """Return what of a run of letters stands in these spans, with the marks of its last letter.

    Nothing beyond the run is part of it: the token of a whole sentence is named by its first word.
    """
    starts, ends = zip(*spans, strict=True)
    start, end = max(run[0], min(starts)), max(ends)
    while end < run[1] and is_mark(text[end]):
        end += 1
    return text[start : min(end, run[1])].casefold()
