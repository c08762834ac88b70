"""Write the text of one document: shuffle the phrases of its style and fill their slots."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from artifacts.demo.names import COURTS, WORDS
from artifacts.demo.phrases import COMMON, OF_CLASS, OF_STYLE
from artifacts.demo.styles import STYLES

__all__ = ["Facts", "draw", "draw_weighted", "write", "write_mixed"]

# Texts have 30 to 120 words: the last sentence comes on top of what is wanted.
_WORDS = (40, 95)
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
    """Return one of the options, all equally likely."""
    return options[int(rng.integers(len(options)))]


def draw_weighted(weights: Mapping[str, float], rng: np.random.Generator) -> str:
    """Return one of the keys with a probability in proportion to its weight."""
    cumulated = np.cumsum(list(weights.values()))
    position = np.searchsorted(cumulated, rng.random() * cumulated[-1], side="right")
    return list(weights)[int(position)]


def write(style: str, facts: Facts, rng: np.random.Generator) -> str:
    """Return a whole document in this style, opening and closing included; 30 to 120 words."""
    opening = _fill(draw(OF_STYLE[style][:2], rng), facts, rng)
    closing = _fill(OF_STYLE[style][-1], facts, rng)
    wanted = int(rng.integers(*_WORDS)) - len(f"{opening} {closing}".split())
    return " ".join((opening, *_body(_clauses(style), wanted, facts, rng), closing))


def write_mixed(style: str, other: str, facts: Facts, rng: np.random.Generator) -> str:
    """Return a page from the middle of a document that quotes another one; 30 to 120 words."""
    clauses = _clauses(style) + _clauses(other)
    return " ".join(_body(clauses, int(rng.integers(*_WORDS)), facts, rng))


def _clauses(style: str) -> tuple[str, ...]:
    of_class = OF_CLASS[STYLES[style].label][: STYLES[style].class_phrases]
    return of_class + OF_STYLE[style][2:-1]


def _body(clauses: Sequence[str], wanted: int, facts: Facts, rng: np.random.Generator) -> list[str]:
    """Return sentences, of the style's own and common phrases shuffled, until `wanted` words."""
    common = rng.permutation(len(COMMON))[:_COMMON_PHRASES]
    phrases = (*clauses, *(COMMON[position] for position in common))
    sentences: list[str] = []
    for position in rng.permutation(len(phrases)):
        if len(" ".join(sentences).split()) >= wanted:
            break
        sentences.append(_fill(phrases[position], facts, rng))
    return sentences


def _fill(phrase: str, facts: Facts, rng: np.random.Generator) -> str:
    chosen = _ALTERNATIVES.sub(lambda match: draw(match[1].split("|"), rng), phrase)
    filled = _SLOT.sub(lambda match: _value(match[1], facts, rng), chosen)
    return " ".join(filled.split()).replace(" .", ".").replace(" ,", ",")


def _value(slot: str, facts: Facts, rng: np.random.Generator) -> str:
    """Return what fills a slot: a word or a figure drawn anew, or a fact of the document."""
    if slot == "date":
        return _fill("{month} {day}, {year}", facts, rng)
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


_FIGURES: dict[str, Callable[[np.random.Generator], str]] = {
    "amount": lambda rng: f"${rng.lognormal(6.5, 1.2):,.2f}",
    "day": lambda rng: f"{rng.integers(1, 29)}",
    "year": lambda rng: f"{rng.integers(2021, 2026)}",
    "days": lambda rng: f"{5 * rng.integers(1, 19)}",
    "number": lambda rng: f"{rng.integers(1000, 100000)}",
    "rate": lambda rng: f"{rng.integers(1, 80) / 4:g}",
    "small": lambda rng: f"{rng.integers(2, 25)}",
}
