"""The group of commands, and the one place where errors become exit codes."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import click

from guards.errors import CallError, GuardRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["GUARD_REFUSED", "main"]

GUARD_REFUSED = 78
"""The exit code of a refusal (``EX_CONFIG`` of sysexits.h)."""

_WRONG_CALL = 2
_INTERRUPTED = 130

_COMMANDS = ("accelerate", "demo", "diff", "evaluate", "seal", "serve", "sign", "train", "verify")


class _LazyGroup(click.Group):
    """Imports a command when it is called: ``--help`` need not wait for torch."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(
            importlib.import_module(f"service.cli.{cmd_name}"), cmd_name
        )
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="understudy")
def understudy() -> None:
    """Serve a champion, hear its challengers in the shadow, and notice the quiet drop."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    try:
        sys.exit(understudy.main(args=arguments, prog_name="understudy", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(_WRONG_CALL)
    except CallError as error:
        click.echo(f"understudy: {error}", err=True)
        sys.exit(_WRONG_CALL)
    except GuardRefused as refusal:
        click.echo(f"understudy: {refusal}", err=True)
        sys.exit(GUARD_REFUSED)
    except (click.Abort, KeyboardInterrupt):
        click.echo("understudy: interrupted", err=True)
        sys.exit(_INTERRUPTED)
