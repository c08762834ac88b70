"""Options that several commands share."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "PATH",
    "bundle_options",
    "challenger_option",
    "json_option",
    "known_label_option",
    "role_options",
    "trust_option",
]

C = TypeVar("C", bound="Callable[..., object]")

PATH = click.Path(path_type=Path)

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")

known_label_option = click.option(
    "--label", metavar="COL", help="The label column.  [default: as in training]"
)


def challenger_option(meaning: str) -> Callable[[C], C]:
    """Return the decorator that adds ``--challenger``, with its help text.

    The first challenger of a name and version may be called NAME/VERSION#1, too.
    """
    return click.option(
        "--challenger",
        metavar="NAME/VERSION[#N]",
        callback=lambda _context, _option, name: name and name.removesuffix("#1"),
        help=meaning,
    )


def trust_option(meaning: str) -> Callable[[C], C]:
    """Return the decorator that adds ``--trust``, with its help text.

    The command takes what the option and the setting ``UNDERSTUDY_TRUST`` name together.
    """
    return click.option(
        "--trust",
        multiple=True,
        metavar="MODULE.NAME",
        callback=_with_setting,
        help=f"{meaning}  [adds to UNDERSTUDY_TRUST]",
    )


def _with_setting(
    _context: click.Context, _option: click.Parameter, trust: tuple[str, ...]
) -> tuple[str, ...]:
    setting = (name.strip() for name in os.environ.get("UNDERSTUDY_TRUST", "").split(","))
    return tuple(dict.fromkeys([*trust, *filter(None, setting)]))


def role_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that name columns; the command takes them as ``roles``."""

    @click.option(
        "--text", multiple=True, required=True, metavar="COL", help="A text column; repeat."
    )
    @click.option("--label", required=True, metavar="COL", help="The column with the label.")
    @click.option("--numeric", multiple=True, metavar="COL", help="A numeric column; repeat.")
    @click.option(
        "--categorical", multiple=True, metavar="COL", help="A categorical column; repeat."
    )
    @click.option(
        "--private", multiple=True, metavar="COL", help="Never log this column's values; repeat."
    )
    @functools.wraps(command)
    def with_roles(
        *,
        text: tuple[str, ...],
        label: str,
        numeric: tuple[str, ...],
        categorical: tuple[str, ...],
        private: tuple[str, ...],
        **others: object,
    ) -> None:
        from artifacts.tables import ColumnRoles

        roles = ColumnRoles(
            text=text, label=label, numeric=numeric, categorical=categorical, private=private
        )
        command(roles=roles, **others)

    return with_roles


def bundle_options(command: C) -> C:
    """Add the options that say where a new bundle goes, and what goes into it."""
    options = (
        click.option(
            "--accelerate/--no-accelerate",
            default=True,
            show_default=True,
            help="Build the quantised engine too, and compare its answers.",
        ),
        # Eager, so that it is known when --out is looked at.
        click.option("--name", is_eager=True, help="The bundle's name.  [default: from --out]"),
        click.option("--version", help="The bundle's version.  [default: from --out]"),
        json_option,
        click.option(
            "--out", type=PATH, required=True, metavar="NAME/VERSION", callback=_destination
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _destination(context: click.Context, _option: click.Parameter, out: Path) -> Path:
    """Return where a bundle can be sealed; ``CallError`` says why it cannot."""
    from artifacts.sealing.destination import check_destination, check_name

    check_destination(out)
    check_name(out, context.params.get("name"))
    return out
