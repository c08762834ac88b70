"""Options that several commands share."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from guards.bundle.identity import MAX_NAME_CHARS
from guards.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "PATH",
    "bundle_options",
    "challenger_option",
    "json_option",
    "known_label_option",
    "optional_role_options",
    "out_option",
    "role_options",
    "skip_unknown_option",
    "tokenizer_option",
    "trust_option",
]

C = TypeVar("C", bound="Callable[..., object]")

PATH = click.Path(path_type=Path)

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")

known_label_option = click.option(
    "--label", metavar="COL", help="The label column.  [default: as in training]"
)

skip_unknown_option = click.option(
    "--skip-unknown-labels",
    "skip_unknown",
    is_flag=True,
    help="Leave out rows whose label is none that is known, and say how many.",
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


def optional_role_options(command: C) -> C:
    """Add the options that name columns, none of them required, one parameter each."""
    return _with_roles(required=False)(command)


def role_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that name columns; the command takes them as ``roles``."""

    @_with_roles(required=True)
    @functools.wraps(command)
    def with_roles(  # noqa: PLR0913 (one parameter an option)
        *,
        text: tuple[str, ...],
        label: str,
        numeric: tuple[str, ...],
        categorical: tuple[str, ...],
        private: tuple[str, ...],
        missing: tuple[str, ...],
        **others: object,
    ) -> None:
        from artifacts.tables.roles import ColumnRoles

        roles = ColumnRoles(text, label, numeric, categorical, private, missing=missing)
        command(roles=roles, **others)

    return with_roles


def _with_roles(*, required: bool) -> Callable[[C], C]:
    """Return the decorator that adds the options that name columns, one by one."""
    repeated = {
        "--numeric": "A numeric column; repeat.",
        "--categorical": "A categorical column; repeat.",
        "--private": "Never log this column's values; repeat.",
    }
    options = (
        click.option(
            "--text", multiple=True, required=required, metavar="COL", help="A text column; repeat."
        ),
        click.option(
            "--label", required=required, metavar="COL", help="The column with the label."
        ),
        *(
            click.option(name, multiple=True, metavar="COL", help=meaning)
            for name, meaning in repeated.items()
        ),
        click.option(
            "--missing",
            multiple=True,
            metavar="[COL=]VALUE",
            help="A text or number that stands for a missing value, such as NA, in this column or "
            "in all; repeat.",
        ),
    )

    def decorate(command: C) -> C:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


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
        click.option(
            "--name",
            is_eager=True,
            callback=_short,
            help="The bundle's name.  [default: from --out]",
        ),
        click.option(
            "--version", callback=_short, help="The bundle's version.  [default: from --out]"
        ),
        json_option,
        out_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


def out_option(command: C) -> C:
    """Add the option that says where a new bundle goes."""
    return click.option(
        "--out", type=PATH, required=True, metavar="NAME/VERSION", callback=_destination
    )(command)


def _short(_context: click.Context, option: click.Parameter, name: str | None) -> str | None:
    """Return a name or version; ``CallError`` where a manifest takes none of its length."""
    if name is not None and len(name) > MAX_NAME_CHARS:
        message = f"{option.opts[0]}: has {len(name)} characters, at most are {MAX_NAME_CHARS}"
        raise CallError(message)
    return name


def _destination(context: click.Context, _option: click.Parameter, out: Path) -> Path:
    """Return where a bundle can be sealed; ``CallError`` says why it cannot."""
    from artifacts.sealing.destination import check_destination, check_name

    check_destination(out)
    check_name(out, context.params.get("name"))
    return out
