"""What several commands print: reports to standard output, notes to standard error."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click
from tqdm import tqdm

from guards.text import printable
from service.cli.figures_text import figures_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path
    from typing import NoReturn

    from artifacts.sealing.measure_and_seal import SealingReport
    from guards.json_types import JsonMapping

__all__ = [
    "log_progress",
    "print_figures",
    "print_json",
    "print_lines",
    "print_notes",
    "print_sealed",
    "report_sealing",
]


def print_json(document: JsonMapping) -> None:
    """Print the one JSON document of a command: one line of ASCII."""
    click.echo(json.dumps(document))


def print_lines(*lines: str, err: bool = False) -> None:
    """Print each of ``lines`` as one line, escaped, to standard output or standard error.

    A line that was made of several cells, with line ends between them, has to be split before: line
    ends in a name are escaped like its control characters. Progress bars stay whole.
    """
    if lines:
        with tqdm.external_write_mode(sys.stderr):
            click.echo("\n".join(map(printable, lines)), err=err)


def log_progress(logs: Sequence[Path], what: str) -> tqdm[NoReturn]:
    """Return a bar of the bytes of logs that were read, on a terminal's standard error.

    How many a compressed log has is not known before.
    """
    plain = not any(path.suffix in (".gz", ".zst") for path in logs)
    total = sum(path.stat().st_size for path in logs if path.is_file()) if plain else 0
    return tqdm(
        total=total or None, desc=what, unit="B", unit_scale=True, disable=None, leave=False
    )


def print_notes(notes: Iterable[str]) -> None:
    """Print notes to standard error."""
    print_lines(*(f"note: {note}" for note in notes), err=True)


def print_sealed(bundle: Path, fingerprint: str) -> None:
    """Print where a bundle was sealed, and its root fingerprint, to standard error."""
    print_lines(f"sealed {bundle}  {fingerprint}", err=True)


def report_sealing(
    report: SealingReport, bundle: Path, rows: str, *, as_json: bool, told: Collection[str] = ()
) -> None:
    """Print the notes, fingerprint and figures of a new bundle; ``rows`` says of which rows.

    Notes that were ``told`` before are not printed again.
    """
    print_notes(note for note in report.notes if note not in told)
    print_sealed(bundle, report.fingerprint)
    if as_json:
        print_json(
            {"fingerprint": report.fingerprint, "notes": list(report.notes), **report.metrics}
        )
    elif report.metrics:
        print_figures(report.metrics, rows)


def print_figures(figures: JsonMapping, rows: str) -> None:
    """Print accuracy, macro F1, calibration error and each class, with 95 % intervals."""
    print_lines(*figures_lines(figures, rows))
