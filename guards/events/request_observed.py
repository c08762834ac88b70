"""The event of a document that was answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from guards.answer import Observation
from guards.bundle.identity import BundleIdentity
from guards.events.challenger_entries import challengers_of
from guards.evidence.pair import ShadowOutcome
from guards.moments import from_rfc3339, rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from guards.json_types import JsonMapping, JsonObject

__all__ = ["RequestObserved"]


@dataclass(frozen=True, slots=True)
class RequestObserved:
    """One answered document, with an outcome of every challenger it was offered to.

    Outcomes that are awaited while the service stops follow as ``ComparisonCompleted``.
    ``origin_run`` is the run that answered it. ``unknown``, ``missing``, ``coerced`` and
    ``out_of_range`` name features, ``unknown`` and ``missing`` no private one.
    ``document`` is None unless the setting ``CAPTURE`` keeps it. ``cells`` has the index of the
    reference's cell of each of its features that is not private, in their order, joined to groups
    as ``guards.drift.cells.grouped_cells`` does unless the setting ``CELLS`` is ``full``; it is
    None with ``none``, and has None where an engine gives no embedding. ``reference`` is the
    fingerprint of that reference. Both are None in lines
    of earlier versions.
    """

    name: ClassVar[str] = "request.observed"

    request_id: str
    observed_at: datetime
    origin_run: str
    segment: str | None
    model: BundleIdentity
    champion: Observation
    outcomes: tuple[ShadowOutcome, ...]
    tokens: int
    truncated: bool
    unknown: tuple[str, ...]
    missing: tuple[str, ...]
    coerced: tuple[str, ...]
    out_of_range: tuple[str, ...]
    document: JsonMapping | None = None
    reference: str | None = None
    cells: Sequence[int | None] | None = None

    def to_json(self) -> JsonObject:
        """Return the fields of the line."""
        fields: JsonObject = {
            "request_id": self.request_id,
            "observed_at": rfc3339(self.observed_at),
            "origin_run": self.origin_run,
            "segment": self.segment,
            "champion": {**self.model.to_json(), **self.champion.to_json()},
            "tokens": self.tokens,
            "truncated": self.truncated,
            "unknown": self.unknown,
            "missing": self.missing,
            "coerced": self.coerced,
            "out_of_range": self.out_of_range,
            "challengers": [outcome.to_json() for outcome in self.outcomes],
            "reference": self.reference,
        }
        if self.cells is not None:
            fields["cells"] = list(self.cells)
        if self.document is not None:
            fields["document"] = self.document
        return fields

    @classmethod
    def from_json(cls, data: JsonMapping) -> RequestObserved:
        """Read a line's fields; ``KeyError``, ``TypeError`` or ``ValueError`` where malformed."""
        return cls(
            request_id=data["request_id"],
            observed_at=from_rfc3339(data["observed_at"]),
            origin_run=data["origin_run"],
            segment=data["segment"],
            model=BundleIdentity.from_json(data["champion"]),
            champion=Observation.from_json(data["champion"]),
            outcomes=tuple(
                ShadowOutcome.from_json(challenger, entry)
                for challenger, entry in challengers_of(data)
            ),
            tokens=data["tokens"],
            truncated=data["truncated"],
            unknown=tuple(data["unknown"]),
            missing=tuple(data["missing"]),
            coerced=tuple(data["coerced"]),
            out_of_range=tuple(data["out_of_range"]),
            document=data.get("document"),
            reference=data.get("reference"),
            cells=data.get("cells"),
        )
