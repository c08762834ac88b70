"""The group of commands, and the one place where errors become exit codes."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from guards.errors import CallError, GuardRefused
from guards.text import printable
from service.diagnostics import make_diagnostics_printable
from service.exit_codes import ExitCode
from service.processors import openmp_environment

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["run", "understudy"]

_COMMANDS = (
    "accelerate",
    "compare",
    "demo",
    "diagnose",
    "diff",
    "evaluate",
    "explain",
    "export-training",
    "label-queue",
    "reference",
    "replay",
    "score",
    "seal",
    "serve",
    "settings",
    "sign",
    "table",
    "train",
    "verify",
)
_HELP = getattr(click.exceptions, "NoArgsIsHelpError", ())
"""What newer versions of click raise to show the help."""

_UNWRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What is wrong with a place that takes no more; of a closed pipe, click makes a quiet end."""


class _LazyGroup(click.Group):
    """Imports the module of a command when the command is asked for: some import torch."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return super().get_command(ctx, cmd_name)
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(importlib.import_module(f"service.cli.{name}"), name)
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="understudy")
def understudy() -> None:
    """Train, verify and serve text classifiers, and run challengers in shadow."""
    try:
        Path.cwd()
    except FileNotFoundError:
        message = "the current directory was deleted; change to one that is there"
        raise CallError(message) from None


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    make_diagnostics_printable()
    # Before a command imports torch, which reads it then.
    os.environ.update(openmp_environment())
    try:
        sys.exit(understudy.main(args=arguments, prog_name="understudy", standalone_mode=False))
    except click.ClickException as error:
        if not isinstance(error, _HELP):
            # It quotes the arguments, and a shell's wildcard makes arguments of file names.
            error.message = printable(error.message)  # type: ignore[misc]  # click calls it final
        error.show()
        sys.exit(ExitCode.WRONG_CALL)
    except CallError as error:
        click.echo(f"understudy: {error}", err=True)
        sys.exit(ExitCode.WRONG_CALL)
    except GuardRefused as refusal:
        click.echo(f"understudy: {refusal}", err=True)
        sys.exit(ExitCode.GUARD_REFUSED)
    except OSError as error:
        if error.filename is not None or error.errno not in _UNWRITTEN:
            raise
        click.echo(f"understudy: the output cannot be written: {error.strerror}", err=True)
        # What is still to be written would fail once more at the end of the process.
        sys.stdout = None
        sys.exit(ExitCode.WRONG_CALL)
    except (click.Abort, KeyboardInterrupt) as stopped:
        click.echo(f"understudy: {str(stopped) or 'interrupted'}", err=True)
        sys.exit(ExitCode.INTERRUPTED)
