"""The libraries that a bundle was sealed under, and those that are installed here."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["environment_differences", "installed_environment"]

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


def installed_environment() -> dict[str, str]:
    """Give the versions of Python and of every library that shapes an answer."""
    return {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}}


def environment_differences(sealed: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Map each library whose version differs to ``(sealed, installed)``."""
    installed = installed_environment()
    return {
        name: (sealed.get(name, "none"), installed.get(name, "none"))
        for name in sorted({*sealed, *installed})
        if sealed.get(name) != installed.get(name)
    }
