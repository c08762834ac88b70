"""Compare what networks make of token ids."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from guards.errors import Finding, GuardRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from guards.findings import Code

__all__ = [
    "TOLERANCE",
    "check_equal",
    "check_finite_answer",
    "check_unchanged",
    "difference_of",
    "largest_weights",
]

TOLERANCE = 1e-5
"""Absolute, and relative to the expected number: what float32 rounds in a deep network."""

_LARGEST = 16


def check_equal(  # noqa: PLR0913 (what is compared, and the words of the finding)
    source: str,
    text: str,
    observed: torch.Tensor,
    expected: torch.Tensor,
    *,
    to: str,
    remedy: Callable[[], str] = str,
    tolerance: float = TOLERANCE,
) -> None:
    """Refuse a network whose answer to a text is another than ``expected``.

    ``text`` says which text it is, ``to`` what it is compared to. Answers may differ by
    ``tolerance``, and by that share of what is expected. ``remedy`` is asked what to do where they
    differ more, and may leave it open.
    """
    difference = difference_of(observed, expected, tolerance)
    if difference is not None:
        raise _refused(
            source,
            "answers_differ",
            to,
            f"{text} is answered otherwise, by up to {difference:.2g}",
            remedy(),
        )


def check_unchanged(
    source: str,
    texts: Sequence[str],
    answer: Callable[[int], torch.Tensor],
) -> list[torch.Tensor]:
    """Return the answers to texts, which must not depend on the texts before.

    ``answer`` is called with the index of each text, in order and in the reverse order; ``texts``
    say which texts they are.
    """
    first = [answer(index) for index in range(len(texts))]
    for index in reversed(range(len(texts))):
        difference = difference_of(answer(index), first[index])
        if difference is not None:
            raise _refused(
                source,
                "model_changes_itself",
                "the same answer whatever was answered before",
                f"after other texts, {texts[index]} is answered otherwise, by up to "
                f"{difference:.2g}",
            )
    return first


def check_finite_answer(source: str, text: str, answer: torch.Tensor) -> None:
    """Refuse a network that answers a text with infinity or NaN."""
    if not torch.isfinite(answer).all():
        observed = f"no finite number for {text}"
        raise _refused(source, "answers_not_finite", "finite numbers for every text", observed)


def largest_weights(embedding: torch.Tensor) -> list[int]:
    """Return the token ids of the rows that hold the largest numbers, at most 16, in order.

    ``embedding`` is float [tokens, width]. Where a network fails on one token, it is one of these.
    """
    largest = embedding.detach().abs().amax(dim=1)
    return sorted(largest.topk(min(_LARGEST, len(largest))).indices.tolist())


def difference_of(
    observed: torch.Tensor, expected: torch.Tensor, tolerance: float = TOLERANCE
) -> float | None:
    """Return the largest difference, or None where all are within the tolerance."""
    if observed.shape != expected.shape:
        return math.inf
    if torch.allclose(observed, expected, rtol=tolerance, atol=tolerance, equal_nan=True):
        return None
    return float((observed - expected).abs().max())


def _refused(
    source: str, code: Code, expected: str, observed: str, remedy: str = ""
) -> GuardRefused:
    return GuardRefused(source, [Finding(code, "network", expected, observed, remedy)])
