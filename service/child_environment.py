"""How a process of our own is started: its command and its environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from service.import_path import OPERATORS_PATH, operators_directories
from service.processors import openmp_environment

__all__ = ["NO_REPORTS", "child_command", "child_environment"]

_LAUNCHER = Path(__file__).with_name("import_path.py")

NO_REPORTS = {
    "BENTOML_DO_NOT_TRACK": "True",
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "ORT_DISABLE_TELEMETRY": "1",
}
"""Variables that keep libraries from reporting their use; they read them when they are imported."""

_SWITCHES = {
    **NO_REPORTS,
    # A bundle is complete: no process that serves or judges one has to ask anybody for anything.
    "HF_HUB_OFFLINE": "1",
    # Estimators run with one job; joblib would probe shared memory, which may be read-only.
    "JOBLIB_MULTIPROCESSING": "0",
    "PYTHONSAFEPATH": "1",
}

_OURS = {"PYTHONPATH", "UNDERSTUDY_ALERT_WEBHOOK"}


def child_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs one of our modules, wherever modules of its name may be.

    Its environment is to be that of ``child_environment``.
    """
    return [sys.executable, "-P", str(_LAUNCHER), module, *arguments]


def child_environment() -> dict[str, str]:
    """Return this process's environment for a process of our own that serves or judges bundles.

    Hugging Face's libraries work offline, and no library reports its use. The interpreter does not
    search the current directory, and ``PYTHONPATH`` is searched last, by ``isolate_imports``. No
    library starts more threads than the CPU quota has processors. The webhook's URL, which may hold
    a secret, stays with the process that posts to it.
    """
    inherited = {name: value for name, value in os.environ.items() if name not in _OURS}
    operators = os.pathsep.join(operators_directories())
    return {**inherited, **_SWITCHES, **openmp_environment(), OPERATORS_PATH: operators}
