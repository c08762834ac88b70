"""Virtual environments of peers, made on demand and kept."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["NotInstalled", "environment"]

_MARK = ".installed"
_PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet", "install")


class NotInstalled(Exception):
    """A peer cannot be installed here; the message is what the installer said last."""


def environment(requirements: Path, cache: Path) -> Path:
    """Give the directory of commands of an environment that holds the requirements.

    The first requirement is installed by itself before the others: torch, since it decides which
    accelerator packages come along. Raises ``NotInstalled``.
    """
    place = cache / requirements.stem
    wanted = requirements.read_text(encoding="utf-8")
    mark = place / _MARK
    if not (mark.is_file() and mark.read_text(encoding="utf-8") == wanted):
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        _run(sys.executable, "-m", "venv", place)
        _run(place / "bin" / "python", *_PIP, wanted.split()[0])
        _run(place / "bin" / "python", *_PIP, "--requirement", requirements)
        mark.write_text(wanted, encoding="utf-8")
    return place / "bin"


def _run(*command: str | Path) -> None:
    done = subprocess.run(  # noqa: S603 (our own commands)
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode != 0:
        lines = done.stdout.strip().splitlines() or [f"exit code {done.returncode}"]
        raise NotInstalled(next((line for line in lines if "ERROR" in line), lines[-1]))
