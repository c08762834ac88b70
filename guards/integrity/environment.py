"""The libraries that a bundle was sealed under, and those that are installed here."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from guards.errors import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = [
    "environment_differences",
    "exact_environment",
    "installed_environment",
    "with_libraries",
]

_LIBRARIES = (
    "joblib",
    "numpy",
    "pandas",
    "safetensors",
    "scikit-learn",
    "scipy",
    "tokenizers",
    "torch",
    "transformers",
)
"""The libraries whose code stands between a document and its probabilities."""

_COLUMNS_LIBRARIES = ("joblib", "numpy", "pandas", "scikit-learn", "scipy")
_NETWORK_LIBRARIES = ("safetensors", "torch", "transformers")
_SUSPECTS = {
    "probes: token ids": ("tokenizers", "transformers"),
    "probes: columns": _COLUMNS_LIBRARIES,
    "probes: labels": (*_NETWORK_LIBRARIES, *_COLUMNS_LIBRARIES),
    "probes: probabilities": (*_NETWORK_LIBRARIES, *_COLUMNS_LIBRARIES),
}
"""Which libraries can be the reason that a stage differs."""

_version = cache(version)
"""Reading the metadata of a library takes milliseconds, and what is imported does not change."""


def installed_environment() -> dict[str, str]:
    """Return the versions of Python and of every library that shapes an answer."""
    return {"python": platform.python_version(), **{name: _version(name) for name in _LIBRARIES}}


def environment_differences(sealed: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Map each library whose version differs to ``(sealed, installed)``."""
    installed = installed_environment()
    return {
        name: (sealed.get(name, "none"), installed.get(name, "none"))
        for name in sorted({*sealed, *installed})
        if sealed.get(name) != installed.get(name)
    }


def exact_environment(sealed: Mapping[str, str]) -> Iterator[Finding]:
    """Yield a finding for each library whose version differs."""
    for library, (expected, observed) in environment_differences(sealed).items():
        remedy = f"install {library} {expected}, or set UNDERSTUDY_ENVIRONMENT_POLICY=probed"
        yield Finding("environment_differs", library, expected, observed, remedy)


def with_libraries(findings: Sequence[Finding], sealed: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the findings of the probes, and each library of another version that may be a cause."""
    yield from findings
    suspects = {library for one in findings for library in _SUSPECTS.get(one.subject, ())}
    for library, (expected, observed) in environment_differences(sealed).items():
        if findings and (library in suspects or not suspects):
            remedy = f"install {library} {expected}: under {observed} a probe answers otherwise"
            yield Finding("environment_differs", library, expected, observed, remedy)
