"""The exception tree, and the finding that a refusal is made of.

    UnderstudyError
    ├── CallError            the call was wrong: exit code 2
    │   └── TableError       a table does not have what was asked of it
    └── GuardRefused         the guard refused a bundle: exit code 78
        └── PartError        one part of a bundle cannot be what it claims to be

Errors of a single request live beside the request path, in ``service.errors``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guards.integrity.manifest import SealedFiles

__all__ = [
    "CallError",
    "Code",
    "Finding",
    "GuardRefused",
    "PartError",
    "TableError",
    "UnderstudyError",
    "first_line",
]

Code = Literal[
    "bundle_missing",
    "bundle_not_a_directory",
    "bundle_unreadable",
    "manifest_missing",
    "manifest_invalid",
    "root_changed",
    "part_missing",
    "part_changed",
    "part_unexpected",
    "part_is_a_link",
    "part_is_an_lfs_pointer",
    "part_unreadable",
    "signature_missing",
    "signature_invalid",
    "signature_of_another_key",
    "pinned_other",
    "unpickling_refused",
    "preprocessing_changed",
    "preprocessing_mismatch",
    "labels_changed",
    "columns_mismatch",
    "width_mismatch",
    "vocabulary_mismatch",
    "reference_mismatch",
    "weights_of_another_precision",
    "engine_over_budget",
    "engine_probe_failed",
    "engine_unavailable",
    "environment_differs",
    "load_failed",
    "probe_failed",
    "bundle_replaced",
    "recheck_failed",
    "model_incomplete",
    "model_not_supported",
    "tokenizer_contradicts_itself",
    "fitted_under_another_version",
    "categories_collide",
    "columns_unsafe",
    "unknown_looks_known",
]
"""Every code that a finding can have; each has its row in ``docs/findings.md``."""

_LONGEST_LINE = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the guard has to say.

    ``code`` is stable and documented; ``subject`` names the part or parameter; ``expected`` and
    ``observed`` are short texts; ``remedy`` says what to do.
    """

    code: Code
    subject: str
    expected: str
    observed: str
    remedy: str

    def to_json(self) -> dict[str, str]:
        """Give the finding as the plain dictionary that logs and ``--json`` carry."""
        return asdict(self)

    def __str__(self) -> str:
        """Say the finding in lines for a person."""
        return (
            f"{self.code}: {self.subject}\n"
            f"    expected  {self.expected}\n"
            f"    observed  {self.observed}\n"
            f"    remedy    {self.remedy}"
        )


class UnderstudyError(Exception):
    """Anything that Understudy raises on purpose."""


class CallError(UnderstudyError):
    """The call was wrong: a bad option, path, setting or port."""


class TableError(CallError):
    """A table lacks a column, rows or classes that the command needs."""


class GuardRefused(UnderstudyError):
    """The guard refused a bundle; ``findings`` say why.

    ``sealed`` holds what could be read of it, where anything could.
    """

    def __init__(
        self, subject: str, findings: Iterable[Finding], sealed: SealedFiles | None = None
    ) -> None:
        """Refuse ``subject`` (a bundle's path or role) for the given findings."""
        self.subject = subject
        self.findings = tuple(findings)
        self.sealed = sealed
        super().__init__(f"refused {subject}\n" + "\n".join(map(str, self.findings)))


class PartError(GuardRefused):
    """One part of a bundle cannot be read as what it claims to be."""

    def __init__(self, finding: Finding) -> None:
        """Refuse the part that ``finding`` names."""
        super().__init__(finding.subject, [finding])


def first_line(error: BaseException) -> str:
    """Give the first line of an error's text, its class where it has none, cut to be short."""
    return (str(error).splitlines() or [type(error).__name__])[0][:_LONGEST_LINE]
