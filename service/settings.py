"""One frozen settings object, read once from ``UNDERSTUDY_*`` and validated."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, FiniteFloat, TypeAdapter, ValidationError

from guards.bundle.engines import ENGINE_NAMES
from guards.drift.line_cells import CellDetail
from guards.errors import CallError
from guards.evidence.criteria import Guardrail, Rule
from guards.evidence.criteria import Policy as VerdictPolicy
from guards.integrity.isolation.limits import DEFAULT_ALLOWANCE, Allowance
from guards.integrity.requirements import Policy, Requirements
from service.durations import DURATION, seconds_of
from service.setting_sources import PREFIX, SettingsError, sourced
from service.webhook_url import WebhookUrl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "AUTO",
    "DEFAULT_ROLES_FILE",
    "PREFIX",
    "Capture",
    "Settings",
    "SettingsError",
    "allowance_of",
    "read_roles",
    "read_settings",
    "read_with_sources",
    "requirements_of",
]

DEFAULT_ROLES_FILE = Path("artifacts/store/roles.json")

AUTO = "auto"
"""The setting of the engine that lets the service choose."""


Capture = Literal["none", "disagreements", "all"]
"""Which documents are written to the log: none, those on which labels differ, or all."""

LogLevel = Literal["debug", "info", "warning", "error"]


def _one_of(choices: Iterable[str]) -> str:
    return f"one of {', '.join(choices)}"


def _read_flag(text: str) -> bool:
    if text.lower() not in ("true", "1", "false", "0"):
        raise ValueError
    return text.lower() in ("true", "1")


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _guardrails(text: str) -> tuple[Guardrail, ...]:
    try:
        return tuple(map(Guardrail.parse, _split(text)))
    except CallError as error:
        message = f"{PREFIX}GUARDRAILS: {error}"
        raise SettingsError(message) from None


def _webhook(text: str) -> WebhookUrl:
    try:
        return WebhookUrl.parse(text)
    except ValueError as error:
        message = f"{PREFIX}ALERT_WEBHOOK: {error} (what was found may hold a secret)"
        raise SettingsError(message) from None


_ENGINE_SETTINGS = (AUTO, *ENGINE_NAMES)

# The description of a type is what the error about a value says was expected. Types without one
# take any text. Pydantic alone would read "1.0" as an integer, and "yes" as true.
_Flag = Annotated[bool, BeforeValidator(_read_flag), Field(description="true or false")]
_Count = Annotated[int, BeforeValidator(int), Field(ge=1, description="a whole number, at least 1")]
_Interval = Annotated[FiniteFloat, Field(ge=0.1, description="a number, at least 0.1")]
_Deadline = Annotated[FiniteFloat, Field(ge=0.001, description="a number, at least 0.001")]
_Margin = Annotated[FiniteFloat, Field(gt=0, lt=1, description="a number between 0 and 1")]
_Duration = Annotated[float | None, BeforeValidator(seconds_of), Field(description=DURATION)]
_Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
_Engine = Annotated[
    str, Field(pattern=f"^({'|'.join(_ENGINE_SETTINGS)})$", description=_one_of(_ENGINE_SETTINGS))
]
_Webhook = Annotated[WebhookUrl | None, BeforeValidator(_webhook)]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator decides; each field is ``UNDERSTUDY_<NAME>`` in the environment.

    Values are validated by ``read_settings``, not by the constructor.
    """

    champion: str | None = None
    """The path of the bundle that answers; by default as ``roles_file`` says."""

    challengers: _Names = ()
    """Paths of bundles that answer in the shadow, separated by commas."""

    challenger_optional: _Flag = False
    """Serve without a challenger that the guard refuses."""

    roles_file: Path = DEFAULT_ROLES_FILE
    """Names champion and challengers, by paths that start where the file is."""

    log_file: Path | None = None
    """Events are appended to this file too."""

    log_level: Annotated[LogLevel, Field(description=_one_of(get_args(LogLevel)))] = "info"
    """The level of diagnostics on standard error; events are always written."""

    flush_seconds: _Interval = 60.0
    """A window ends after this many seconds."""

    flush_documents: _Count = 10_000
    """A window ends after this many documents."""

    shadow_sample: Annotated[float, Field(ge=0, le=1, description="a number between 0 and 1")] = 1.0
    """The share of documents that challengers answer."""

    shadow_queue: _Count = 2000
    """How many documents may wait for a challenger."""

    shadow_timeout_s: _Interval = 30.0
    """Seconds that a challenger may take, once it has the document."""

    shadow_drain_s: Annotated[FiniteFloat, Field(ge=0, description="a number, at least 0")] = 30.0
    """Seconds that a stop waits for challengers."""

    stop_s: _Interval = 25.0
    """Seconds that a stop may take in all, with what it waits for challengers."""

    max_queue: _Count = 512
    """How many documents are admitted at a time."""

    deadline_s: _Deadline = 10.0
    """Seconds that a request may take."""

    max_body_bytes: _Count = 4 * 1024 * 1024
    """Bytes that the body of a request may have."""

    max_text_chars: _Count = 200_000
    """Characters that the texts of a document may have."""

    max_documents: _Count = 256
    """How many documents a request may have."""

    api_keys_file: Path | None = None
    """The keys of those who may call, with their scopes; without it everybody may."""

    alert_webhook: _Webhook = None
    """Alarms are posted here."""

    capture: Annotated[Capture, Field(description=_one_of(get_args(Capture)))] = "none"
    """Which documents are written to the log."""

    cells: Annotated[CellDetail, Field(description=_one_of(get_args(CellDetail)))] = "grouped"
    """How finely log lines tell the cells of documents: joined to groups, as they are, or not."""

    cost: Path | None = None
    """A CSV table of what answers cost, true labels by predicted ones."""

    engine: _Engine = AUTO
    """What runs the network; ``auto`` measures at the start and takes the fastest."""

    environment_policy: Annotated[Policy, Field(description=_one_of(get_args(Policy)))] = "probed"
    """What library versions other than those of the sealing lead to."""

    pin: str | None = None
    """The root fingerprint that the champion must have."""

    signature_keys: _Names = ()
    """Paths of public keys, separated by commas, one of which must have signed each bundle."""

    trust: _Names = ()
    """Classes (``module.Class``), separated by commas, that a bundle which names them may load."""

    guard_memory_bytes: _Count = DEFAULT_ALLOWANCE.memory_bytes
    guard_seconds: _Interval = DEFAULT_ALLOWANCE.seconds
    """What judging a bundle may cost, as ``Allowance`` says."""

    verdict: Annotated[Rule, Field(description=_one_of(get_args(Rule)))] = "better"
    """What a challenger must be shown to be, to be promoted."""

    verdict_margin: _Margin = 0.02
    """The loss of accuracy that the rule ``not-worse`` allows."""

    guardrails: Annotated[tuple[Guardrail, ...], BeforeValidator(_guardrails)] = ()
    """What a challenger must be shown not to break, separated by commas."""

    ripe: _Duration = None
    """How old a labelled document must be to count, in seconds.

    By default it is the 95th percentile of how long labels took.
    """

    replica: str = ""
    """The name of this replica in the log; ``read_settings`` defaults to the host name."""

    @property
    def policy(self) -> VerdictPolicy:
        """What a promotion asks for."""
        return VerdictPolicy(self.verdict, self.verdict_margin, self.guardrails)

    def public(self) -> dict[str, object]:
        """Return the settings for a log line; they hold paths of secrets, never secrets."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


def _plain(value: object) -> object:
    if isinstance(value, Path | Guardrail | WebhookUrl):
        return str(value)
    return list(map(_plain, value)) if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True)
class _Roles:
    """The content of the roles file."""

    champion: str
    challengers: list[str]


_SETTINGS = TypeAdapter(Settings)
_NAMES = tuple(field.name for field in fields(Settings))
_SECRETS = ("alert_webhook",)
_ROLES = TypeAdapter(_Roles)


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read and validate the settings, and resolve who plays which role.

    Without ``CHAMPION``, ``ROLES_FILE`` names champion and challengers. An unknown ``UNDERSTUDY_*``
    variable is an error: a typo must not be silent. Raises ``SettingsError``.
    """
    return read_with_sources(environment)[0]


def read_with_sources(
    environment: Mapping[str, str] | None = None,
) -> tuple[Settings, dict[str, str]]:
    """Return what ``read_settings`` does, and where each setting is from that is no default.

    A source is a variable, perhaps with the file of a secret, or the path of a file.
    """
    found = sourced(os.environ if environment is None else environment, _NAMES, _SECRETS)
    texts = {name: setting.text for name, setting in found.items()}
    sources = {name: setting.source for name, setting in found.items()}
    try:
        settings = _SETTINGS.validate_python({"replica": socket.gethostname(), **texts})
    except ValidationError as error:
        raise _malformed(error, sources) from None
    if settings.champion is None:
        settings = _with_roles(settings)
        file = str(_roles_path(settings))
        sources = {
            "champion": file,
            **({"challengers": file} if settings.challengers else {}),
            **sources,
        }
    return settings, sources


def requirements_of(settings: Settings, role: str) -> Requirements:
    """Return what is demanded of the bundle that plays ``role``; the pin is the champion's."""
    return Requirements(
        environment=settings.environment_policy,
        pin=settings.pin if role == "champion" else None,
        signature_keys=settings.signature_keys,
        trusted=settings.trust,
    )


def allowance_of(settings: Settings) -> Allowance:
    """Return what judging a bundle may cost."""
    return Allowance(settings.guard_memory_bytes, settings.guard_seconds)


def _malformed(error: ValidationError, sources: Mapping[str, str]) -> SettingsError:
    """Return the error about the first of the malformed settings."""
    first = error.errors()[0]
    name = str(first["loc"][0])
    variable, source = f"{PREFIX}{name.upper()}", sources[name]
    where = variable if source == variable else f"{source}: {name}"
    expected = _SETTINGS.json_schema()["properties"][name]["description"]
    return SettingsError(f"{where}: expected {expected}, found {first['input']!r}")


def _roles_path(settings: Settings) -> Path:
    """Return where the roles are; by default they may be beside this code, and not here.

    Code and bundles are together in a checkout and in a Bento, which are started from anywhere.
    """
    beside = Path(__file__).parents[1] / DEFAULT_ROLES_FILE
    here = settings.roles_file
    return beside if here == DEFAULT_ROLES_FILE and not here.exists() and beside.exists() else here


def _with_roles(settings: Settings) -> Settings:
    path = _roles_path(settings)
    champion, challengers = read_roles(path)
    return replace(
        settings,
        champion=str(path.parent / champion),
        challengers=settings.challengers
        or tuple(str(path.parent / challenger) for challenger in challengers),
    )


def read_roles(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return what a roles file names: the champion, and the challengers.

    Raises ``SettingsError`` where it is not there or not a roles file.
    """
    try:
        roles = _ROLES.validate_json(path.read_bytes())
    except FileNotFoundError:
        message = f"nobody is champion: set {PREFIX}CHAMPION to a bundle, or write {path}"
        raise SettingsError(message) from None
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise SettingsError(message) from None
    except ValidationError as error:
        message = (
            f'{path}: expected {{"champion": "NAME/VERSION", "challengers": ["NAME/VERSION"]}}, '
            f"found {error.errors()[0]['msg']}"
        )
        raise SettingsError(message) from None
    return roles.champion, tuple(roles.challengers)
