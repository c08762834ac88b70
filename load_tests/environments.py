"""Virtual environments of peers, made on demand and kept."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["NotInstalled", "environment"]

_PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet", "install")


class NotInstalled(Exception):
    """A peer cannot be installed here; the message is the installer's first error."""


def environment(requirements: Path, cache: Path) -> Path:
    """Return the directory of commands of an environment that holds the requirements.

    The first requirement is installed by itself before the others: torch, since it decides which
    accelerator packages come along. Raises ``NotInstalled``.
    """
    directory = cache / requirements.stem
    python = directory / "bin" / "python"
    content = requirements.read_text(encoding="utf-8")
    mark = directory / ".installed"
    if not (mark.is_file() and mark.read_text(encoding="utf-8") == content):
        shutil.rmtree(directory, ignore_errors=True)
        cache.mkdir(parents=True, exist_ok=True)
        _run(sys.executable, "-m", "venv", directory)
        _run(python, *_PIP, content.split()[0])
        _run(python, *_PIP, "--requirement", requirements)
        mark.write_text(content, encoding="utf-8")
    return directory / "bin"


def _run(*command: str | Path) -> None:
    try:
        subprocess.run(  # noqa: S603 (our own commands)
            command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    except subprocess.CalledProcessError as error:
        lines = error.stdout.strip().splitlines() or [f"exit code {error.returncode}"]
        reason = next((line for line in lines if "ERROR" in line), lines[-1])
        raise NotInstalled(reason) from None
