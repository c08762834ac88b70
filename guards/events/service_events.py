"""The events of the service itself: it has started, a bundle was refused, it has stopped."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self

from guards.errors import Finding
from guards.events.challenger_entries import challengers_of
from guards.evidence.coverage import Coverage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from guards.evidence.pair import ChallengerId
    from guards.json_types import JsonMapping, JsonObject

__all__ = [
    "BundleRefused",
    "ChallengerAccount",
    "ServiceStarted",
    "ServiceStopped",
    "ServiceStopping",
    "Variant",
]


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
    of libraries, how many processors may be used, what limits them and what they are capable of,
    and the memory limit. ``environment_differences`` maps each library whose version is not the
    sealed one to (sealed, installed), and ``tolerated`` are the findings that the environment
    policy let pass. ``guard`` names under ``limits`` what the platform limits while bundles are
    judged. ``not_watched`` says what the champion's reference cannot tell, because it has an
    earlier format. ``settings`` hold no secrets.
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
                for challenger, variant in challengers_of(data)
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
class ChallengerAccount:
    """The balance of one challenger, so far or at the end."""

    challenger: ChallengerId
    coverage: Coverage

    def to_json(self) -> JsonObject:
        """Return the account as plain JSON."""
        return {**self.challenger.to_json(), "coverage": self.coverage.to_json()}


@dataclass(frozen=True, slots=True)
class _Account:
    """The totals of a run.

    ``observed`` documents were answered, ``flushed`` of them stand in windows, and ``coverage`` is
    the sum over all challengers. ``lost_log_lines`` counts by sink.
    """

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
    def from_json(cls, data: JsonMapping) -> Self:
        """Read a line's fields; ``KeyError`` or ``TypeError`` where they are malformed."""
        return cls(
            observed=data["observed"],
            flushed=data["flushed"],
            coverage=Coverage.from_json(data["coverage"]),
            challengers=tuple(
                ChallengerAccount(challenger, Coverage.from_json(account["coverage"]))
                for challenger, account in challengers_of(data)
            ),
            lost_log_lines=data["lost_log_lines"],
        )


@dataclass(frozen=True, slots=True)
class ServiceStopping(_Account):
    """A stop has begun: the totals so far, all of whose lines come before this one.

    What is answered and compared from then on is in later lines, unless the service is killed.
    """

    name: ClassVar[str] = "service.stopping"


@dataclass(frozen=True, slots=True)
class ServiceStopped(_Account):
    """The last line of a run that was not killed: its totals."""

    name: ClassVar[str] = "service.stopped"


def _findings(findings: Iterable[JsonMapping]) -> tuple[Finding, ...]:
    return tuple(map(Finding.from_json, findings))
