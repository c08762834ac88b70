"""Options that several commands share."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from artifacts.tables import ColumnRoles

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "PATH",
    "bundle_options",
    "challenger_option",
    "json_option",
    "known_label_option",
    "role_options",
    "tokenizer_option",
    "trust_option",
]

C = TypeVar("C", bound="Callable[..., object]")

PATH = click.Path(path_type=Path)

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")

known_label_option = click.option(
    "--label", metavar="COL", help="The label column.  [default: as in training]"
)

tokenizer_option = click.option(
    "--tokenizer-from",
    type=click.Choice(["file", "library"]),
    help="Which counts where they differ: tokenizer.json, or what the installed library makes of "
    "the tokenizer's files.  [default: refuse]",
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
    """Return the decorator that adds ``--trust``, with its help text."""
    return click.option("--trust", multiple=True, metavar="MODULE.CLASS", help=meaning)


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
        click.option("--name", help="The bundle's name.  [default: from --out]"),
        click.option("--version", help="The bundle's version.  [default: from --out]"),
        json_option,
        click.option("--out", type=PATH, required=True, metavar="NAME/VERSION"),
    )
    for option in reversed(options):
        command = option(command)
    return command
