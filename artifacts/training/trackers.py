"""The trackers that a training can report to, and whether they are installed.

The library knows them, and takes seconds to import.
"""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING

from guards.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PACKAGES", "installed_trackers", "trackers_of"]

_NONE = "none"
_KUBEFLOW = ("kubeflow", "KUBEFLOW_TRAINER_SERVER_URL")
"""A tracker without a package: it is there where this variable says where to report to."""

PACKAGES = {
    "azure_ml": ("azureml-core", "azureml"),
    "clearml": ("clearml", "clearml"),
    "codecarbon": ("codecarbon", "codecarbon"),
    "comet_ml": ("comet-ml", "comet_ml"),
    "dagshub": ("dagshub", "dagshub"),
    "dvclive": ("dvclive", "dvclive"),
    "mlflow": ("mlflow", "mlflow"),
    "neptune": ("neptune", "neptune"),
    "swanlab": ("swanlab", "swanlab"),
    "tensorboard": ("tensorboard", "tensorboard", "tensorboardX"),
    "trackio": ("trackio", "trackio"),
    "wandb": ("wandb", "wandb"),
}
"""The trackers by the name that the library calls them: the package to install, and the modules of
which one has to be there."""


def installed_trackers() -> list[str]:
    """Return the names of the trackers that are installed, or set up by the environment."""
    kubeflow, address = _KUBEFLOW
    installed = [
        name
        for name, (_, *modules) in PACKAGES.items()
        if any(importlib.util.find_spec(module) for module in modules)
    ]
    return [*installed, kubeflow] if address in os.environ else installed


def trackers_of(report_to: Sequence[str]) -> tuple[str, ...]:
    """Return the trackers that are named, none for ``none`` alone.

    Raises ``CallError`` for one that is unknown or not installed, and for ``none`` with another.
    """
    named = tuple(dict.fromkeys(report_to))
    if named == (_NONE,):
        return ()
    if _NONE in named:
        message = "--report-to none: means no tracker, and another one is named too; leave one out"
        raise CallError(message)
    installed = installed_trackers()
    for name in named:
        if name not in installed:
            raise CallError(_not_there(name, installed))
    return named


def _not_there(name: str, installed: Sequence[str]) -> str:
    there = f"installed: {', '.join(installed) or _NONE}"
    if name in PACKAGES:
        return f"--report-to {name}: is not installed: pip install {PACKAGES[name][0]} ({there})"
    return (
        f"--report-to {name}: is no tracker; name one of {', '.join(PACKAGES)} ({there}; "
        "pip install NAME adds one)"
    )
