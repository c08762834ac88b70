"""Write the text of one document: shuffle the phrases of its style and fill their slots."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from artifacts.demo.names import COURTS, MONTHS, WORDS
from artifacts.demo.phrases import COMMON, Style

__all__ = ["Facts", "draw", "draw_weighted", "write", "write_mixed"]

# Texts have 30 to 120 words: the last sentence comes on top of what is wanted.
_FEWEST_WORDS = 40
_MOST_WORDS = 95
_COMMON_PHRASES = 5

_ALTERNATIVES = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Facts:
    """What holds throughout one document; `court` is a code of `COURTS`, `total` is in dollars."""

    sender: str
    party: str
    court: str
    total: float


def draw(options: Sequence[str], rng: np.random.Generator) -> str:
    """Give one of the options, all equally likely."""
    return options[int(rng.integers(len(options)))]


def draw_weighted(weights: Mapping[str, float], rng: np.random.Generator) -> str:
    """Give one of the keys with a probability in proportion to its weight."""
    cumulated = np.cumsum(list(weights.values()))
    position = np.searchsorted(cumulated, rng.random() * cumulated[-1], side="right")
    return list(weights)[int(position)]


def write(style: Style, facts: Facts, rng: np.random.Generator) -> str:
    """Give a whole document in this style, opening and closing included; 30 to 120 words."""
    opening = _fill(draw(style.openings, rng), facts, rng)
    closing = _fill(draw(style.closings, rng), facts, rng)
    wanted = _wanted_words(rng) - _words(opening) - _words(closing)
    return " ".join((opening, *_body(style.clauses, wanted, facts, rng), closing))


def write_mixed(style: Style, other: Style, facts: Facts, rng: np.random.Generator) -> str:
    """Give a page from the middle of a document that quotes another one; 30 to 120 words."""
    return " ".join(_body((*style.clauses, *other.clauses), _wanted_words(rng), facts, rng))


def _wanted_words(rng: np.random.Generator) -> int:
    return int(rng.integers(_FEWEST_WORDS, _MOST_WORDS))


def _words(text: str) -> int:
    return len(text.split())


def _body(clauses: Sequence[str], wanted: int, facts: Facts, rng: np.random.Generator) -> list[str]:
    """Give sentences, of the style's own and common phrases shuffled, until `wanted` words."""
    common = rng.permutation(len(COMMON))[:_COMMON_PHRASES]
    phrases = (*clauses, *(COMMON[position] for position in common))
    sentences: list[str] = []
    for position in rng.permutation(len(phrases)):
        if sum(map(_words, sentences)) >= wanted:
            break
        sentences.append(_fill(phrases[position], facts, rng))
    return sentences


def _fill(phrase: str, facts: Facts, rng: np.random.Generator) -> str:
    chosen = _ALTERNATIVES.sub(lambda match: draw(match[1].split("|"), rng), phrase)
    filled = _SLOT.sub(lambda match: _value(match[1], facts, rng), chosen)
    return " ".join(filled.split()).replace(" .", ".").replace(" ,", ",")


def _value(slot: str, facts: Facts, rng: np.random.Generator) -> str:
    """Give what fills a slot: a word or a figure drawn anew, or a fact of the document."""
    if slot in WORDS:
        return draw(WORDS[slot], rng)
    if slot in _FIGURES:
        return _FIGURES[slot](rng)
    return {
        "sender": facts.sender,
        "party": facts.party,
        "court": f"United States District Court for the {COURTS[facts.court]}",
        "total": f"${facts.total:,.2f}",
    }[slot]


def _date(rng: np.random.Generator) -> str:
    return f"{draw(MONTHS, rng)} {rng.integers(1, 29)}, {rng.integers(2021, 2026)}"


_FIGURES: dict[str, Callable[[np.random.Generator], str]] = {
    "amount": lambda rng: f"${rng.lognormal(6.5, 1.2):,.2f}",
    "date": _date,
    "days": lambda rng: f"{5 * rng.integers(1, 19)}",
    "number": lambda rng: f"{rng.integers(1000, 100000)}",
    "rate": lambda rng: f"{rng.integers(1, 80) / 4:g}",
    "small": lambda rng: f"{rng.integers(2, 25)}",
}
