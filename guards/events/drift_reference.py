"""The event that tells what the cells in the lines of documents are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from guards.drift.described import DescribedFeature
from guards.events.line_size import MAX_LINE_BYTES, STAMP_BYTES, packed, size_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guards.drift.line_cells import CellDetail
    from guards.json_types import JsonMapping, JsonObject

__all__ = ["DriftReference", "joined_references", "reference_parts"]


@dataclass(frozen=True, slots=True)
class DriftReference:
    """The features whose cells lines tell, in their order, and how finely they tell them.

    ``reference`` is the fingerprint of the champion's reference. What would be too long for a line
    is written in ``parts``, of which this is the ``part``-th.
    """

    name: ClassVar[str] = "drift.reference"

    reference: str
    cells: CellDetail
    features: tuple[DescribedFeature, ...]
    part: int = 1
    parts: int = 1

    def to_json(self) -> JsonObject:
        """Return the fields of the line."""
        return {
            "reference": self.reference,
            "cells": self.cells,
            "part": self.part,
            "parts": self.parts,
            # A list, because some that forward logs sort the fields of objects.
            "features": [feature.to_json() for feature in self.features],
        }

    @classmethod
    def from_json(cls, data: JsonMapping) -> DriftReference:
        """Read a line's fields; ``KeyError``, ``TypeError`` or ``ValueError`` where malformed."""
        return cls(
            reference=data["reference"],
            cells=data["cells"],
            features=tuple(map(DescribedFeature.from_json, data["features"])),
            part=data["part"],
            parts=data["parts"],
        )


def reference_parts(
    whole: DriftReference, max_bytes: int = MAX_LINE_BYTES
) -> tuple[DriftReference, ...]:
    """Return the event in parts whose lines have up to so many bytes.

    A feature stays whole: one that is longer has a longer line.
    """
    sized = ((feature, size_bytes(feature.to_json())) for feature in whole.features)
    lists = packed(sized, max_bytes - STAMP_BYTES)
    return tuple(
        replace(whole, features=tuple(features), part=number, parts=len(lists))
        for number, features in enumerate(lists, start=1)
    )


def joined_references(parts: Iterable[DriftReference]) -> list[DriftReference]:
    """Return what is whole of parts in any order; the same part may come again."""
    found: dict[tuple[str, CellDetail, int], dict[int, DriftReference]] = {}
    for part in parts:
        found.setdefault((part.reference, part.cells, part.parts), {})[part.part] = part
    return [
        replace(
            by_number[1],
            features=tuple(
                feature for number in range(1, parts + 1) for feature in by_number[number].features
            ),
            part=1,
            parts=1,
        )
        for (_, _, parts), by_number in found.items()
        if len(by_number) == parts
    ]
