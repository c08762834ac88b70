"""Print measured figures with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["show_figures"]


def show_figures(figures: Mapping[str, Any], what: str) -> None:
    """Print accuracy, macro F1, calibration error and each class, with 95 % intervals."""
    click.echo(f"{figures['rows']} {what}, figures with 95 % intervals")
    for name in ("accuracy", "macro_f1", "calibration_error"):
        click.echo(f"  {name:<18}{_figure(figures[name])}")
    for label, ranks in figures["classes"].items():
        click.echo(f"  {label}  ({ranks['support']} rows)")
        for name in ("precision", "recall", "f1"):
            click.echo(f"    {name:<16}{_figure(ranks[name])}")


def _figure(figure: Mapping[str, float]) -> str:
    return f"{figure['value']:.3f}  ({figure['low']:.3f} to {figure['high']:.3f})"
