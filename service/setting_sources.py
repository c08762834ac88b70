"""Where settings come from: the environment, a file of settings, and files of secrets.

Orchestrators and container links put variables into the environment that begin with the name of a
service of theirs. Where one is called ``understudy``, they have our prefix; they are no settings.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from guards.errors import CallError, first_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

__all__ = ["CONFIG", "PREFIX", "SettingsError", "Sourced", "sourced"]

PREFIX = "UNDERSTUDY_"

CONFIG = f"{PREFIX}CONFIG"
"""Variable with the path of a file of settings, in TOML."""

_FILE = "_FILE"
"""Ends the name of a variable with the path of a file that holds a secret."""

_MAX_SECRET_BYTES = 64 * 1024

_INJECTED = tuple(
    (re.compile(f"{PREFIX}(.+_)?{name}"), re.compile(value))
    for name, value in (
        # Kubernetes, for each port of a service, named or not.
        (r"SERVICE_HOST", r"[0-9a-fA-F.:]+"),
        (r"SERVICE_PORT(_\w+)?", r"\d+"),
        # Kubernetes and Docker's links.
        (r"PORT(_\d+_(TCP|UDP|SCTP))?", r"(tcp|udp|sctp)://.*"),
        (r"PORT_\d+_(TCP|UDP|SCTP)_PROTO", r"tcp|udp|sctp"),
        (r"PORT_\d+_(TCP|UDP|SCTP)_PORT", r"\d+"),
        (r"PORT_\d+_(TCP|UDP|SCTP)_ADDR", r"[0-9a-fA-F.:]+"),
        # Docker's links alone: the names of both containers, and the environment of the linked one.
        (r"NAME", r"/.+/.+"),
        (r"ENV_\w+", r".*"),
    )
)
"""Names after the prefix and the name of a service, and what their values look like."""


class SettingsError(CallError):
    """A setting is unknown or malformed, or the file that it names is."""


class Sourced(NamedTuple):
    """The text of a setting, and where it is from."""

    text: str
    source: str


def sourced(
    environment: Mapping[str, str], names: Collection[str], secrets: Collection[str]
) -> dict[str, Sourced]:
    """Return what is set, by the name of the setting; the environment comes before the file.

    A setting among ``secrets`` may be in a file of its own, whose path is in a variable with its
    name and ``_FILE``. Raises ``SettingsError`` for what is no setting, or set twice.
    """
    found = _of_file(environment.get(CONFIG, ""), names)
    secret_files = {f"{PREFIX}{name.upper()}{_FILE}": name for name in secrets}
    for variable, text in sorted(environment.items()):
        if not variable.startswith(PREFIX) or variable == CONFIG or _is_injected(variable, text):
            continue
        if variable in secret_files:
            if text:
                found[secret_files[variable]] = _secret(variable, text, environment)
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in names:
            raise SettingsError(_unknown(variable, names))
        if text:
            found[name] = Sourced(text, variable)
    return found


def _is_injected(variable: str, text: str) -> bool:
    """Return whether an orchestrator has put a variable there, which is no setting."""
    return any(name.fullmatch(variable) and value.fullmatch(text) for name, value in _INJECTED)


def _unknown(variable: str, names: Collection[str]) -> str:
    known = ", ".join(PREFIX + known.upper() for known in names)
    return f"{variable} is no setting; there are {known}"


def _secret(variable: str, path: str, environment: Mapping[str, str]) -> Sourced:
    if environment.get(plain := variable.removesuffix(_FILE)):
        message = f"{plain} and {variable} are both set; leave one out"
        raise SettingsError(message)
    try:
        with Path(path).open("rb") as file:
            text = file.read(_MAX_SECRET_BYTES).decode()
    except (OSError, UnicodeDecodeError) as error:
        message = f"{variable}: {path} cannot be read: {first_line(error)}"
        raise SettingsError(message) from None
    return Sourced(text.rstrip("\r\n"), f"{variable}={path}")


def _of_file(path: str, names: Collection[str]) -> dict[str, Sourced]:
    if not path:
        return {}
    try:
        content = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"{CONFIG}: {path} cannot be read as TOML: {first_line(error)}"
        raise SettingsError(message) from None
    unknown = [name for name in content if name not in names]
    if unknown:
        message = f"{path}: {unknown[0]!r} is no setting; there are {', '.join(names)}"
        raise SettingsError(message)
    return {
        name: Sourced(text, path)
        for name, value in content.items()
        if (text := _text(path, name, value))
    }


def _text(path: str, name: str, value: object) -> str:
    """Return a value as the environment would have it."""
    return ",".join(_texts(path, name, value))


def _texts(path: str, name: str, value: object) -> Iterator[str]:
    match value:
        case bool():
            yield str(value).lower()
        case int() | float():
            yield str(value)
        case str():
            yield value
        case list():
            for item in value:
                yield from _texts(path, name, item)
        case _:
            message = f"{path}: {name}: expected a text, a number, true, false or a list of them"
            raise SettingsError(message)
