"""Truncate the token ids of a long text, or split them into windows, for the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from guards.bundle.manifest import Long
    from guards.json_types import JsonMapping, JsonObject

__all__ = ["Ends", "Truncation"]

_HEAD_SHARE = 4
"""With a tail, one token in so many is the head's: 128 of 510 in Sun et al. 2019, "How to Fine-Tune
BERT for Text Classification?", section 5.3.1."""


class Ends(NamedTuple):
    """How many special tokens a tokenizer puts before a text, and how many after it."""

    opening: int
    closing: int


@dataclass(frozen=True, slots=True)
class Truncation:
    """What is kept of a text of more than ``max_length`` tokens, special tokens included.

    ``head`` keeps its beginning, ``head-tail`` its beginning and its end. ``windows`` splits it
    into at most ``max_windows`` windows, each of which shares at least the fraction ``overlap`` of
    its text with the one before; the end of a text that does not fit is left out.
    """

    max_length: int
    long: Long = "head"
    overlap: float = 0.25
    max_windows: int = 16

    @property
    def max_tokens(self) -> int:
        """The maximum number of tokens of one text, over all its windows."""
        return self.max_length * (self.max_windows if self.long == "windows" else 1)

    def windows(self, ids: list[int], ends: Ends) -> tuple[list[list[int]], bool]:
        """Return windows of token ids, all of one length, and whether some ids were left out.

        ``ids`` are those of a whole text with the special tokens at its ends, which each window
        gets. There is one window for a text of at most ``max_length`` tokens, and for every text
        unless ``long`` is ``windows``.
        """
        if len(ids) <= self.max_length:
            return [ids], False
        end = len(ids) - ends.closing
        opening, text, closing = ids[: ends.opening], ids[ends.opening : end], ids[end:]
        pieces, truncated = self._pieces(text, max(1, self.max_length - sum(ends)))
        return [[*opening, *piece, *closing] for piece in pieces], truncated

    def to_json(self) -> JsonObject:
        """Describe the truncation, as in the manifest and the fingerprint."""
        described = {"max_length": self.max_length, "long": self.long}
        if self.long != "windows":
            return described
        return {**described, "overlap": self.overlap, "most_windows": self.max_windows}

    @classmethod
    def from_json(cls, data: JsonMapping) -> Truncation:
        """Read what ``to_json`` returned."""
        fields = dict(data)
        if "most_windows" in fields:
            fields["max_windows"] = fields.pop("most_windows")
        return cls(**fields)

    def _pieces(self, text: list[int], room: int) -> tuple[list[list[int]], bool]:
        if self.long == "head":
            return [text[:room]], True
        if self.long == "head-tail":
            head = room // _HEAD_SHARE
            return [text[:head] + text[len(text) - room + head :]], True
        stride = room - int(room * self.overlap)
        kept = min(len(text), room + stride * (self.max_windows - 1))
        starts = _spread(kept - room, stride)
        return [text[start : start + room] for start in starts], kept < len(text)


def _spread(last: int, stride: int) -> list[int]:
    """Return starts from 0 to ``last``, evenly spread: as few as are at most ``stride`` apart."""
    steps = -(-last // stride)
    return [last * step // max(1, steps) for step in range(steps + 1)]
