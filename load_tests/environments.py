"""Commands that prepare a measurement; virtual environments of peers, made on demand and kept."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["UNDERSTUDY", "CommandError", "environment", "run"]

UNDERSTUDY = str(Path(sys.executable).with_name("understudy"))
"""The command of the environment that runs this."""

_PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet", "install")
_LAST_LINES = 15


class CommandError(Exception):
    """A command failed; the message says which, and has its last lines."""

    @property
    def reason(self) -> str:
        """The last line that names an error, or else the first line."""
        lines = str(self).splitlines()
        errors = [line.strip() for line in lines if "error: " in line.lower()]
        return errors[-1] if errors else lines[0]


def run(*command: str | Path) -> str:
    """Run a command to its end, and return what it printed; raises ``CommandError``."""
    ended = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 (our own)
    if ended.returncode != 0:
        lines = "\n".join((ended.stdout + ended.stderr).splitlines()[-_LAST_LINES:])
        message = f"exit code {ended.returncode}: {' '.join(map(str, command))}\n{lines}"
        raise CommandError(message)
    return ended.stdout


def environment(requirements: Path, cache: Path) -> Path:
    """Return the directory of commands of an environment that holds the requirements.

    The first requirement is installed by itself before the others: torch, since it decides which
    accelerator packages come along. Raises ``CommandError``.
    """
    directory = cache / requirements.stem
    python = directory / "bin" / "python"
    content = requirements.read_text(encoding="utf-8")
    mark = directory / ".installed"
    if not (mark.is_file() and mark.read_text(encoding="utf-8") == content):
        shutil.rmtree(directory, ignore_errors=True)
        cache.mkdir(parents=True, exist_ok=True)
        run(sys.executable, "-m", "venv", directory)
        run(python, *_PIP, content.split()[0])
        run(python, *_PIP, "--requirement", requirements)
        mark.write_text(content, encoding="utf-8")
    return directory / "bin"
