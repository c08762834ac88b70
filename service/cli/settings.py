"""``understudy settings``: what is in force, and where it is from."""

from __future__ import annotations

import json

import click

from guards.text import aligned
from service.cli.options import json_option
from service.cli.output import print_json, print_lines
from service.settings import read_with_sources

__all__ = ["settings"]

_DEFAULT = "default"


@click.command(epilog="\b\nExample:\n  UNDERSTUDY_CONFIG=understudy.toml understudy settings")
@json_option
def settings(*, as_json: bool) -> None:
    """Print the settings that a service would start with here, and where each is from.

    Secrets are not shown. Exits with 2 where a setting is malformed.
    """
    found, sources = read_with_sources()
    rows = [(name, value, sources.get(name, _DEFAULT)) for name, value in found.public().items()]
    if as_json:
        report = {name: {"value": value, "source": source} for name, value, source in rows}
        print_json({"settings": report})
        return
    header = ("setting", "value", "from")
    print_lines(
        *aligned([header, *((name, json.dumps(value), source) for name, value, source in rows)])
    )
