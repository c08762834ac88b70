"""One frozen settings object, read once from ``UNDERSTUDY_*`` and validated."""

from __future__ import annotations

import json
import os
import socket
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guards.errors import CallError
from guards.integrity.demands import Demands, Policy
from guards.integrity.parity import ENGINES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["PREFIX", "Settings", "SettingsError", "read_settings"]

PREFIX = "UNDERSTUDY_"


class SettingsError(CallError):
    """A setting is unknown or malformed, or the file that it names is."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator decides; each field is ``UNDERSTUDY_<NAME>`` in the environment."""

    champion: str | None = None
    challengers: tuple[str, ...] = ()
    challenger_optional: bool = False
    roles_file: Path = Path("artifacts/store/roles.json")
    log_file: Path | None = None
    log_level: str = "info"
    flush_seconds: float = 60.0
    flush_documents: int = 10_000
    shadow_sample: float = 1.0
    shadow_queue: int = 2000
    shadow_timeout_s: float = 30.0
    shadow_drain_s: float = 30.0
    max_queue: int = 512
    deadline_s: float = 10.0
    max_body_bytes: int = 4 * 1024 * 1024
    max_text_chars: int = 200_000
    max_documents: int = 256
    api_keys_file: Path | None = None
    capture: str = "none"
    engine: str = "auto"
    environment_policy: Policy = "probed"
    pin: str | None = None
    signature_keys: tuple[str, ...] = ()
    trust: tuple[str, ...] = ()
    replica: str = ""

    def demands(self, role: str) -> Demands:
        """Give what is demanded of the bundle that plays ``role``; the pin is the champion's."""
        return Demands(
            environment=self.environment_policy,
            pin=self.pin if role == "champion" else None,
            signature_keys=self.signature_keys,
            trusted=self.trust,
        )

    def public(self) -> dict[str, Any]:
        """Give the settings for a log line; they hold paths of secrets, never secrets."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a setting is read (``ValueError`` for what it is not), and what it is in words."""

    parse: Callable[[str], Any]
    expected: str


def _one_of(*allowed: str) -> _Kind:
    def parse(text: str) -> str:
        return allowed[allowed.index(text)]

    return _Kind(parse, f"one of {', '.join(allowed)}")


def _whole(least: int) -> _Kind:
    return _Kind(_within(int, least), f"a whole number, at least {least}")


def _number(least: float) -> _Kind:
    return _Kind(_within(float, least), f"a number, at least {least:g}")


def _within(
    kind: Callable[[str], float], least: float, most: float = sys.float_info.max
) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = kind(text)
        if not least <= value <= most:
            raise ValueError
        return value

    return parse


def _truth(text: str) -> bool:
    return ("false", "0", "true", "1").index(text.lower()) > 1


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


_TEXT = _Kind(str, "a text")
_PATH = _Kind(Path, "a path")

_KINDS: Mapping[str, _Kind] = {
    "champion": _Kind(str, "a path"),
    "challengers": _Kind(_names, "paths, separated by commas"),
    "challenger_optional": _Kind(_truth, "true or false"),
    "roles_file": _PATH,
    "log_file": _PATH,
    "log_level": _one_of("debug", "info", "warning", "error"),
    "flush_seconds": _number(0.1),
    "flush_documents": _whole(1),
    "shadow_sample": _Kind(_within(float, 0, 1), "a number between 0 and 1"),
    "shadow_queue": _whole(1),
    "shadow_timeout_s": _number(0.1),
    "shadow_drain_s": _number(0),
    "max_queue": _whole(1),
    "deadline_s": _number(0.001),
    "max_body_bytes": _whole(1),
    "max_text_chars": _whole(1),
    "max_documents": _whole(1),
    "api_keys_file": _PATH,
    "capture": _one_of("none", "disagreements", "all"),
    "engine": _one_of("auto", "torch", *ENGINES),
    "environment_policy": _one_of("probed", "exact", "allow"),
    "pin": _TEXT,
    "signature_keys": _Kind(_names, "paths of public keys, separated by commas"),
    "trust": _Kind(_names, "names of the form module.Class, separated by commas"),
    "replica": _TEXT,
}


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read and validate the settings, and resolve who plays which role.

    Without ``CHAMPION``, ``ROLES_FILE`` names champion and challengers. An unknown ``UNDERSTUDY_*``
    variable is an error: a typo must not be silent. Raises ``SettingsError``.
    """
    environment = os.environ if environment is None else environment
    found: dict[str, Any] = {"replica": socket.gethostname()}
    for variable, text in sorted(environment.items()):
        if variable.startswith(PREFIX):
            name = variable.removeprefix(PREFIX).lower()
            kind = _kind_of(variable, name)
            if text != "":
                found[name] = _parsed(variable, kind, text)
    settings = Settings(**found)
    return settings if settings.champion is not None else _with_roles(settings)


def _kind_of(variable: str, name: str) -> _Kind:
    kind = _KINDS.get(name)
    if kind is None:
        known = ", ".join(PREFIX + known.upper() for known in _KINDS)
        message = f"{variable} is no setting; there are {known}"
        raise SettingsError(message)
    return kind


def _parsed(variable: str, kind: _Kind, text: str) -> Any:  # noqa: ANN401 (as the field has it)
    try:
        return kind.parse(text)
    except ValueError:
        message = f"{variable}: expected {kind.expected}, found {text!r}"
        raise SettingsError(message) from None


def _with_roles(settings: Settings) -> Settings:
    path = settings.roles_file
    try:
        champion, challengers = _roles(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        message = f"nobody is champion: set {PREFIX}CHAMPION to a bundle, or write {path}"
        raise SettingsError(message) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = (
            f'{path}: expected {{"champion": "NAME/VERSION", "challengers": ["NAME/VERSION"]}}, '
            f"found {type(error).__name__}"
        )
        raise SettingsError(message) from None
    return replace(
        settings,
        champion=str(path.parent / champion),
        challengers=settings.challengers or tuple(str(path.parent / c) for c in challengers),
    )


def _roles(data: Any) -> tuple[Path, list[Path]]:  # noqa: ANN401 (JSON)
    if not isinstance(data["challengers"], list):
        raise TypeError
    return Path(data["champion"]), [Path(challenger) for challenger in data["challengers"]]


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value
