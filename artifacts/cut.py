"""How the token ids of a long text are cut into what the network takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from guards.integrity.manifest import Long

__all__ = ["Cut", "Ends"]

_HEAD_SHARE = 4
"""One token in so many is the head's where a tail is kept too: 128 of 510 in Sun et al. 2019, "How
to Fine-Tune BERT for Text Classification?", section 5.3.1."""


class Ends(NamedTuple):
    """How many special tokens a tokenizer puts before a text, and how many after it."""

    opening: int
    closing: int


@dataclass(frozen=True, slots=True)
class Cut:
    """What is kept of a text of more than ``max_length`` tokens, special tokens included.

    ``head`` keeps its beginning, ``head-tail`` its beginning and its end. ``windows`` keeps all of
    it in at most ``most_windows`` windows, each of which shares ``overlap`` of its text, or a
    little more, with the one before; what they cannot hold is left out at the end.
    """

    max_length: int
    long: Long = "head"
    overlap: float = 0.25
    most_windows: int = 16

    @property
    def most_tokens(self) -> int:
        """The most tokens that the network sees of one text, over all its windows."""
        return self.max_length * (self.most_windows if self.long == "windows" else 1)

    def windows(self, ids: list[int], ends: Ends) -> tuple[list[list[int]], bool]:
        """Cut token ids into windows of one length, and tell whether some were left out.

        ``ids`` are a whole text's with the special tokens at its ends, which each window gets. A
        text of at most ``max_length`` tokens is one window, as is any but for ``windows``.
        """
        if len(ids) <= self.max_length:
            return [ids], False
        end = len(ids) - ends.closing
        opening, text, closing = ids[: ends.opening], ids[ends.opening : end], ids[end:]
        pieces, truncated = self._pieces(text, max(1, self.max_length - sum(ends)))
        return [[*opening, *piece, *closing] for piece in pieces], truncated

    def to_json(self) -> dict[str, Any]:
        """Describe the cut, as the manifest and the fingerprint have it."""
        described = {"max_length": self.max_length, "long": self.long}
        if self.long != "windows":
            return described
        return {**described, "overlap": self.overlap, "most_windows": self.most_windows}

    def _pieces(self, text: list[int], room: int) -> tuple[list[list[int]], bool]:
        if self.long == "head":
            return [text[:room]], True
        if self.long == "head-tail":
            head = room // _HEAD_SHARE
            return [text[:head] + text[len(text) - room + head :]], True
        stride = room - int(room * self.overlap)
        kept = min(len(text), room + stride * (self.most_windows - 1))
        starts = _spread(kept - room, stride)
        return [text[start : start + room] for start in starts], kept < len(text)


def _spread(last: int, stride: int) -> list[int]:
    """Give as few starts as lie at most ``stride`` apart, evenly from 0 to ``last``."""
    steps = -(-last // stride)
    return [last * step // max(1, steps) for step in range(steps + 1)]
