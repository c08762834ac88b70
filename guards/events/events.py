"""The events of the log: one frozen type for each, with its fields as JSON.

A new event is a class here that is listed in ``EVENTS``. Renaming or dropping a field of a line is
a breaking change: raise ``SCHEMA``, and let ``from_json`` read the earlier form too. A field that
is added needs a default in ``from_json``, for lines that were written before.

``from_json`` checks that the fields are there, not the type of each: lines are written here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol

from guards.answer import Observation
from guards.bundle.identity import BundleIdentity
from guards.drift.distance import Score
from guards.errors import Finding
from guards.events.alarms import DriftAlarm, DriftCleared
from guards.evidence.coverage import Coverage
from guards.evidence.labels import LabelSource
from guards.evidence.pair import ChallengerId, Pair
from guards.moments import from_rfc3339, rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from guards.json_types import JsonMapping, JsonObject

__all__ = [
    "EVENTS",
    "SCHEMA",
    "BundleRefused",
    "ChallengerAccount",
    "DriftAlarm",
    "DriftCleared",
    "DriftWindow",
    "Event",
    "FeedbackReceived",
    "RequestObserved",
    "ServiceStarted",
    "ServiceStopped",
    "Variant",
    "VerdictChanged",
]

SCHEMA = 1
"""The schema number that every line carries; renaming or dropping a field raises it."""

_NOT_COMPUTED: JsonMapping = {"e_value": None}
"""Fields of a score that readers may rely on and that this version does not compute."""


class Event(Protocol):
    """Something that happened; ``name`` is the ``event`` field of its line."""

    name: ClassVar[str]

    def to_json(self) -> JsonObject:
        """Return the fields of the line, without its stamp."""


class EventType(Protocol):
    """A class of events, which reads what one of them wrote."""

    @property
    def name(self) -> str:
        """The ``event`` field of its lines."""

    def from_json(self, data: JsonMapping, /) -> Event:
        """Read a line; ``KeyError``, ``TypeError`` or ``ValueError`` where it is malformed."""


@dataclass(frozen=True, slots=True)
class Variant:
    """The bundle in a role, and its engine: of the champion the one in use, else the setting.

    ``fingerprint`` is None where a challenger's manifest could not be read. ``ordinal`` is that of
    the ``ChallengerId``, and None for the champion.
    """

    name: str
    version: str
    fingerprint: str | None
    engine: str
    ordinal: int | None = None

    def to_json(self) -> JsonObject:
        """Return the variant as plain JSON."""
        fields = {
            "name": self.name,
            "version": self.version,
            "fingerprint": self.fingerprint,
            "engine": self.engine,
        }
        return fields if self.ordinal is None else {**fields, "ordinal": self.ordinal}

    @classmethod
    def from_json(cls, data: JsonMapping, ordinal: int | None = None) -> Variant:
        """Read a variant, ``ordinal`` apart; ``KeyError`` where a field is missing."""
        return cls(data["name"], data["version"], data["fingerprint"], data["engine"], ordinal)


@dataclass(frozen=True, slots=True)
class ServiceStarted:
    """The champion is ready to answer.

    ``engine`` holds the champion's engine and why it was chosen, ``columns`` what transforms its
    columns (``compiled``, ``scikit-learn``, or None without any), and ``environment`` the versions
    of libraries and the capabilities of the processor. ``environment_differences`` maps each
    library whose version is not the sealed one to (sealed, installed), and ``tolerated`` are the
    findings that the environment policy let pass. ``guard`` names under ``limits`` what the
    platform limits while bundles are judged. ``not_watched`` says what the champion's reference
    cannot tell, because it has an earlier format. ``settings`` hold no secrets.
    """

    name: ClassVar[str] = "service.started"

    champion: Variant
    challengers: tuple[Variant, ...]
    engine: JsonMapping
    columns: str | None
    environment: JsonMapping
    git_commit: str | None
    environment_differences: Mapping[str, tuple[str, str]]
    tolerated: tuple[Finding, ...]
    settings: JsonMapping
    guard: JsonMapping = field(default_factory=dict)
    not_watched: tuple[str, ...] = ()

    def to_json(self) -> JsonObject:
        """Return the fields of the line."""
        return {
            "champion": self.champion.to_json(),
            "challengers": [challenger.to_json() for challenger in self.challengers],
            "engine": self.engine,
            "columns": self.columns,
            "environment": self.environment,
            "git_commit": self.git_commit,
            "environment_differences": self.environment_differences,
            "tolerated": [finding.to_json() for finding in self.tolerated],
            "guard": self.guard,
            "not_watched": self.not_watched,
            "settings": self.settings,
        }

    @classmethod
    def from_json(cls, data: JsonMapping) -> ServiceStarted:
        """Read a line's fields; ``KeyError`` or ``TypeError`` where they are malformed."""
        differences = data["environment_differences"]
        return cls(
            champion=Variant.from_json(data["champion"]),
            challengers=tuple(
                Variant.from_json(variant, challenger.ordinal)
                for challenger, variant in _challengers(data)
            ),
            engine=data["engine"],
            columns=data["columns"],
            environment=data["environment"],
            git_commit=data["git_commit"],
            environment_differences={
                library: (sealed, installed) for library, (sealed, installed) in differences.items()
            },
            tolerated=_findings(data["tolerated"]),
            settings=data["settings"],
            guard=data.get("guard", {}),
            not_watched=tuple(data.get("not_watched", ())),
        )


@dataclass(frozen=True, slots=True)
class BundleRefused:
    """The guard refused the bundle of a role; ``bundle`` is its path, or a challenger's id."""

    name: ClassVar[str] = "guard.refused"

    role: str
    bundle: str
    findings: tuple[Finding, ...]

    def to_json(self) -> JsonObject:
        """Return the fields of the line."""
        findings = [finding.to_json() for finding in self.findings]
        return {"role": self.role, "bundle": self.bundle, "findings": findings}

    @classmethod
    def from_json(cls, data: JsonMapping) -> BundleRefused:
        """Read a line's fields; ``KeyError`` or ``TypeError`` where they are malformed."""
        return cls(data["role"], data["bundle"], _findings(data["findings"]))


@dataclass(frozen=True, slots=True)
class RequestObserved:
    """One answered document, with an outcome of every challenger it was offered to.

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
    pairs: tuple[Pair, ...]
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
            "challengers": [pair.to_json() for pair in self.pairs],
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
        champion = Observation.from_json(data["champion"])
        return cls(
            request_id=data["request_id"],
            observed_at=from_rfc3339(data["observed_at"]),
            origin_run=data["origin_run"],
            segment=data["segment"],
            model=BundleIdentity.from_json(data["champion"]),
            champion=champion,
            pairs=tuple(
                Pair.from_json(champion, challenger, outcome)
                for challenger, outcome in _challengers(data)
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


@dataclass(frozen=True, slots=True)
class DriftWindow:
    """One flushed window: its bounds, its counts, and a score for each feature.

    ``counts`` of several windows add up with ``guards.drift.sketch.merge``. Challengers stand in
    them and in ``scores`` under their id as a string. ``reference`` is the fingerprint of the
    reference that the scores compare with. A long window is written in ``parts``, of which this is
    the ``part``-th, as ``guards.events.window_parts`` says.
    """

    name: ClassVar[str] = "drift.window"

    start: datetime
    end: datetime
    documents: int
    reference: str
    counts: JsonMapping
    scores: Mapping[str, Score]
    part: int = 1
    parts: int = 1

    def bounds(self) -> JsonObject:
        """Return start, end and documents as plain JSON."""
        return {
            "start": rfc3339(self.start),
            "end": rfc3339(self.end),
            "documents": self.documents,
        }

    def to_json(self) -> JsonObject:
        """Return the fields of the line."""
        numbers = {"part": self.part, "parts": self.parts} if self.parts > 1 else {}
        return {
            "window": self.bounds(),
            **numbers,
            "reference": self.reference,
            "counts": self.counts,
            "scores": {
                feature: {**score.to_json(), **_NOT_COMPUTED}
                for feature, score in self.scores.items()
            },
        }

    @classmethod
    def from_json(cls, data: JsonMapping) -> DriftWindow:
        """Read a line's fields; ``KeyError``, ``TypeError`` or ``ValueError`` where malformed."""
        window = data["window"]
        return cls(
            start=from_rfc3339(window["start"]),
            end=from_rfc3339(window["end"]),
            documents=window["documents"],
            reference=data["reference"],
            counts=data["counts"],
            scores={name: Score.from_json(score) for name, score in data["scores"].items()},
            part=data.get("part", 1),
            parts=data.get("parts", 1),
        )


@dataclass(frozen=True, slots=True)
class FeedbackReceived:
    """The true label of a document, with what ``TrueLabel`` holds of it.

    ``answered`` is the champion's label and its confidence, or None where the answer is no longer
    in memory. ``stratum`` and ``inclusion_probability`` (0 to 1) are those of a draw, and None
    without one. ``labelled_at``, in UTC, is when the label became known, or None where that is when
    it came. Lines of earlier versions are read as ``LabelSource.TRUTH``.
    """

    name: ClassVar[str] = "feedback.received"

    request_id: str
    label: str
    answered: tuple[str, float] | None = None
    source: LabelSource = LabelSource.TRUTH
    stratum: str | None = None
    inclusion_probability: float | None = None
    labelled_at: datetime | None = None

    def to_json(self) -> JsonObject:
        """Return the fields of the line."""
        observation = None
        if self.answered is not None:
            label, confidence = self.answered
            observation = {"label": label, "confidence": confidence}
        return {
            "request_id": self.request_id,
            "label": self.label,
            "source": self.source.value,
            "stratum": self.stratum,
            "inclusion_probability": self.inclusion_probability,
            "labelled_at": None if self.labelled_at is None else rfc3339(self.labelled_at),
            "observation": observation,
        }

    @classmethod
    def from_json(cls, data: JsonMapping) -> FeedbackReceived:
        """Read a line's fields; ``KeyError``, ``TypeError`` or ``ValueError`` where malformed."""
        observation, labelled_at = data["observation"], data.get("labelled_at")
        return cls(
            request_id=data["request_id"],
            label=data["label"],
            answered=observation and (observation["label"], observation["confidence"]),
            source=LabelSource(data.get("source", LabelSource.TRUTH)),
            stratum=data.get("stratum"),
            inclusion_probability=data.get("inclusion_probability"),
            labelled_at=None if labelled_at is None else from_rfc3339(labelled_at),
        )


@dataclass(frozen=True, slots=True)
class VerdictChanged:
    """The verdict on a challenger has another decision than the last one that was written.

    ``verdict`` is the JSON of ``guards.evidence.verdict.Verdict``, and ``previous`` the decision
    before, at first ``undecided``. It covers one run of one replica.
    """

    name: ClassVar[str] = "verdict.changed"

    challenger: ChallengerId
    previous: str
    verdict: JsonMapping

    def to_json(self) -> JsonObject:
        """Return the fields of the line."""
        return {
            "challenger": self.challenger.to_json(),
            "decision": self.verdict["decision"],
            "previous": self.previous,
            "verdict": self.verdict,
        }

    @classmethod
    def from_json(cls, data: JsonMapping) -> VerdictChanged:
        """Read a line's fields; ``KeyError`` or ``TypeError`` where they are malformed."""
        return cls(ChallengerId(**data["challenger"]), data["previous"], data["verdict"])


@dataclass(frozen=True, slots=True)
class ChallengerAccount:
    """The final balance of one challenger."""

    challenger: ChallengerId
    coverage: Coverage

    def to_json(self) -> JsonObject:
        """Return the account as plain JSON."""
        return {**self.challenger.to_json(), "coverage": self.coverage.to_json()}


@dataclass(frozen=True, slots=True)
class ServiceStopped:
    """The last line of a run that was not killed: its totals.

    ``observed`` documents were answered, ``flushed`` of them stand in windows, and ``coverage`` is
    the sum over all challengers. ``lost_log_lines`` counts by sink.
    """

    name: ClassVar[str] = "service.stopped"

    observed: int
    flushed: int
    coverage: Coverage
    challengers: tuple[ChallengerAccount, ...] = ()
    lost_log_lines: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """Return the fields of the line."""
        return {
            "observed": self.observed,
            "compared": self.coverage.compared,
            "missed": dict(self.coverage.missed),
            "flushed": self.flushed,
            "coverage": self.coverage.to_json(),
            "challengers": [challenger.to_json() for challenger in self.challengers],
            "lost_log_lines": dict(self.lost_log_lines),
        }

    @classmethod
    def from_json(cls, data: JsonMapping) -> ServiceStopped:
        """Read a line's fields; ``KeyError`` or ``TypeError`` where they are malformed."""
        return cls(
            observed=data["observed"],
            flushed=data["flushed"],
            coverage=Coverage.from_json(data["coverage"]),
            challengers=tuple(
                ChallengerAccount(challenger, Coverage.from_json(account["coverage"]))
                for challenger, account in _challengers(data)
            ),
            lost_log_lines=data["lost_log_lines"],
        )


def _findings(findings: Iterable[JsonMapping]) -> tuple[Finding, ...]:
    return tuple(map(Finding.from_json, findings))


def _challengers(data: JsonMapping) -> Iterator[tuple[ChallengerId, JsonMapping]]:
    """Read the id of each entry of ``challengers``.

    Lines of the version before ordinals name several challengers of one bundle alike, or with plus
    signs behind the version of the later ones.
    """
    ordinals: Counter[tuple[str, str]] = Counter()
    for entry in data["challengers"]:
        name, version = entry["name"], entry["version"]
        if "ordinal" in entry:
            yield ChallengerId(name, version, entry["ordinal"]), entry
            continue
        first = name, version.rstrip("+")
        bundle = first if first in ordinals else (name, version)
        ordinals[bundle] += 1
        yield ChallengerId(*bundle, ordinals[bundle]), entry


EVENTS: Mapping[str, EventType] = {
    event.name: event
    for event in (
        ServiceStarted,
        BundleRefused,
        RequestObserved,
        DriftWindow,
        DriftAlarm,
        DriftCleared,
        FeedbackReceived,
        VerdictChanged,
        ServiceStopped,
    )
}
"""The type of each event, by its name."""
