"""Whether matching an expression takes more than linear time."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from guards.expressions.ambiguity import ambiguous_loop
from guards.expressions.matching import TooManySteps, steps_to_search
from guards.expressions.parsing import NotParsed, parse
from guards.expressions.syntax import nullable
from guards.expressions.texts import dense_texts, pumped_texts

if TYPE_CHECKING:
    from guards.expressions.syntax import Dialect, Node
    from guards.expressions.texts import Pumped

__all__ = ["costly_expression", "matches_empty_text"]

_SHORT, _LONG = 20, 60
_MAX_STEPS = 20_000
_MAX_EXCESS = _LONG**2 // 12
"""How many steps more than three times those for the short text the long one may take; squared
growth takes a third of the square more."""


@lru_cache(maxsize=64)
def costly_expression(pattern: str, dialect: Dialect) -> str | None:
    """Return in words why matching an expression may take more than linear time; None if not.

    The verdict is that of the expression's structure, for growth by a factor, and of counting the
    steps on texts that repeat what it repeats, for growth by a power. An expression that cannot be
    judged is costly.
    """
    try:
        node = parse(pattern, dialect)
    except NotParsed as error:
        return str(error)
    reason = ambiguous_loop(node)
    if reason is not None:
        return f"it {reason}"
    if any(_grows(node, text) for text in pumped_texts(node)):
        return "the time to match a text grows faster than the text"
    if any(_steps(node, text) is None for text in dense_texts(node)):
        return f"a text takes more than {_MAX_STEPS // _LONG} steps at each character"
    return None


def matches_empty_text(pattern: str, dialect: Dialect) -> bool:
    """Return whether an expression matches the empty text; one that cannot be judged does."""
    try:
        return nullable(parse(pattern, dialect), where_it_holds=True)
    except NotParsed:
        return True


def _grows(node: Node, text: Pumped) -> bool:
    long, short = _steps(node, text), _steps(node, text, _SHORT)
    return long is None or short is None or long - _LONG // _SHORT * short > _MAX_EXCESS


def _steps(node: Node, text: Pumped, length: int = _LONG) -> int | None:
    """Return in how many steps a text is searched; None for too many."""
    try:
        return steps_to_search(node, text.of(length), _MAX_STEPS)
    except (TooManySteps, RecursionError):
        return None
