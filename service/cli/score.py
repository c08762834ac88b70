"""``understudy score``: a shown score, computed again by hand."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from guards.bundle.json_parts import parse_json
from guards.bundle.layout import REFERENCE
from guards.drift.feature_reference import NumericReference
from guards.errors import CallError, first_line
from guards.moments import from_iso8601
from service.cli.options import PATH
from service.cli.output import print_lines
from service.exit_codes import ExitCode

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from guards.drift.feature_reference import FeatureReference
    from guards.drift.reference import Reference
    from guards.events.scored_window import ScoredWindow

__all__ = ["score"]

_EXAMPLE = """
\b
Example:
  understudy score court understudy.jsonl artifacts/store/docs/1 --show-work
  understudy score docs/2.confidence understudy.jsonl artifacts/store/docs/2 \\
      --at 2026-03-01T08:30:00Z
"""


_WHICH_BUNDLE = "name the bundle that was champion, or the challenger's own for its own answers"


def _moment(_context: click.Context, _option: click.Parameter, text: str | None) -> datetime | None:
    try:
        return None if text is None else from_iso8601(text)
    except ValueError as error:
        message = f"--at: {error}; expected one such as 2026-03-01T08:30:00Z"
        raise CallError(message) from None


@click.command(epilog=_EXAMPLE)
@click.argument("feature")
@click.argument("window", type=PATH)
@click.argument("reference", type=PATH)
@click.option(
    "--at",
    metavar="MOMENT",
    callback=_moment,
    help="The window that covers this moment, as 2026-03-01T08:30:00Z.  [default: the last]",
)
@click.option("--show-work", is_flag=True, help="Print every cell, term and formula, too.")
def score(
    *, feature: str, window: Path, reference: Path, at: datetime | None, show_work: bool
) -> None:
    """Compute the score of FEATURE in a window of the log WINDOW again, from its counts.

    FEATURE is named as in /v1/status and in drift.window. REFERENCE is the bundle that it is
    compared with, or its reference.json: for answers of a challenger, the challenger's own. Exits
    with 0 where all numbers are those that the log shows, else with 1.
    """
    from guards.drift.by_hand.score import score_by_hand
    from guards.events.scored_window import find_window
    from service.cli.score_text import is_confirmed, score_lines, work_lines

    read = _read(reference)
    scored = find_window(window, feature, at)
    expected = _feature(read, reference, feature, scored)
    if not scored.counts:
        message = (
            f"{window}: has no counts of {feature!r} for this window: those of a private column "
            "come once they are of 20 documents; name a later window with --at"
        )
        raise CallError(message)
    try:
        by_hand = score_by_hand(expected, scored.counts, private=_is_private(expected, scored))
    except ValueError as error:
        message = f"{window}: {feature!r} was counted otherwise than in {reference}: {error}"
        raise CallError(message) from None
    print_lines(*score_lines(feature, scored, by_hand))
    if show_work:
        print_lines(*work_lines(by_hand))
    sys.exit(ExitCode.DONE if is_confirmed(scored, by_hand) else ExitCode.NO)


def _read(path: Path) -> Reference:
    """Read a reference, or that of a bundle; ``CallError`` where there is none."""
    from guards.drift.reference import Reference

    file = path / REFERENCE if path.is_dir() else path
    try:
        return Reference.from_json(parse_json(file.read_bytes()))
    except OSError as error:
        message = f"{file}: cannot be read: {error.strerror}; name a bundle or its {REFERENCE}"
    except ValueError as error:
        message = f"{file}: is no reference: {first_line(error)}; name a bundle or its {REFERENCE}"
    raise CallError(message)


def _feature(
    reference: Reference, path: Path, feature: str, scored: ScoredWindow
) -> FeatureReference:
    """Return what the score compares with; ``CallError`` for another reference than then."""
    from guards.drift.features import live_features

    if scored.reference not in (None, reference.fingerprint):
        message = (
            f"{path}: has the reference {reference.fingerprint}, and {feature!r} was compared with "
            f"{scored.reference}; {_WHICH_BUNDLE}"
        )
        raise CallError(message)
    features = live_features(reference.features, scored.who)
    if feature not in features:
        message = f"{path}: has no feature {feature!r}; {_WHICH_BUNDLE}"
        raise CallError(message)
    return features[feature]


def _is_private(expected: FeatureReference, scored: ScoredWindow) -> bool:
    # The first format does not say it of numbers, but windows leave the ends of their range out.
    ends = ("minimum" in scored.counts) is isinstance(expected, NumericReference)
    return expected.private or not ends
