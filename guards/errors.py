"""The exception tree, and the finding that a refusal is made of.

    UnderstudyError
    ├── CallError            the call was wrong: exit code 2
    │   └── TableError       a table does not have what was asked of it
    └── GuardRefused         the guard refused a bundle: exit code 78
        ├── PartError        one part of a bundle cannot be what it claims to be
        └── PartsDiffer      parts are not what the manifest lists (in guards.bundle.sealed_files)

Errors of a single request live beside the request path, in ``service.errors``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from guards.findings import CATALOGUE
from guards.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guards.findings import Code
    from guards.json_types import JsonMapping

__all__ = [
    "CallError",
    "Finding",
    "GuardRefused",
    "PartError",
    "TableError",
    "UnderstudyError",
    "first_line",
]

_MAX_LINE = 200
_MAX_TEXT = 10_000
"""Characters of a text that is printed; a name in it may be of any length."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason for which the guard refuses a bundle.

    ``code`` is stable and documented; ``subject`` names the part or parameter; ``expected`` and
    ``observed`` are short texts; ``remedy`` says what to do, by default what the catalogue says for
    the code. All texts are made printable, and end after 10 000 characters: names, labels and
    messages come from files that may be hostile, and a finding is shown on terminals.
    """

    code: Code
    subject: str
    expected: str
    observed: str
    remedy: str = ""

    def __post_init__(self) -> None:
        """Fill in the remedy, and escape what a terminal would act upon."""
        object.__setattr__(self, "remedy", self.remedy or CATALOGUE[self.code].remedy)
        for name in ("subject", "expected", "observed", "remedy"):
            object.__setattr__(self, name, printable(getattr(self, name), _MAX_TEXT))

    def to_json(self) -> dict[str, str]:
        """Return the finding as the dictionary that logs and ``--json`` carry."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: JsonMapping) -> Finding:
        """Read a finding out of an object that may hold more; ``KeyError`` without it."""
        return cls(**{field.name: data[field.name] for field in fields(cls)})

    def __str__(self) -> str:
        """Write the finding in lines for a person."""
        return (
            f"{self.code}: {self.subject}\n"
            f"    expected  {self.expected}\n"
            f"    observed  {self.observed}\n"
            f"    remedy    {self.remedy}"
        )


class UnderstudyError(Exception):
    """Anything that Understudy raises on purpose."""


class CallError(UnderstudyError):
    """The call was wrong: a bad option, path, setting or port.

    The message is one printable line of at most 10 000 characters, whatever the names in it hold.
    """

    def __init__(self, message: str) -> None:
        """Say in one line what was observed, what was expected, and what to do."""
        super().__init__(printable(message, _MAX_TEXT))


class TableError(CallError):
    """A table lacks a column, rows or classes that the command needs."""


class GuardRefused(UnderstudyError):
    """The guard refused a bundle; ``findings`` say why."""

    def __init__(self, subject: str, findings: Iterable[Finding]) -> None:
        """Refuse ``subject`` (a bundle's path or role) for the given findings."""
        self.subject = subject
        self.findings = tuple(findings)
        super().__init__(
            "\n".join([f"refused {printable(subject, _MAX_TEXT)}", *map(str, self.findings)])
        )


class PartError(GuardRefused):
    """One part of a bundle cannot be read as what it claims to be."""

    def __init__(self, finding: Finding, *more: Finding) -> None:
        """Refuse the part that ``finding`` names."""
        super().__init__(finding.subject, [finding, *more])


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text, printable and cut to 200 characters.

    Lines that end in a colon or a bracket are joined with the next one, which they announce. That
    of an error without a text is the name of its class.
    """
    text = ""
    for line in filter(str.strip, str(error).splitlines()):
        text += line if not text else f" {line.strip()}"
        if not text.rstrip().endswith((":", "(", "[", "{")):
            break
    return printable((text or type(error).__name__)[:_MAX_LINE])
