"""``understudy reference``: a bundle whose reference has learnt from live windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from tqdm import tqdm

from guards.errors import CallError
from guards.integrity.requirements import Requirements
from guards.moments import from_iso8601
from guards.text import listed
from service.cli.judged import require_judged
from service.cli.options import PATH, json_option, out_option, trust_option
from service.cli.output import log_progress, print_json, print_lines, print_notes, print_sealed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from artifacts.sealing.good_windows import GoodPeriod, GoodWindows
    from guards.drift.reference import Reference
    from guards.json_types import JsonObject

__all__ = ["reference"]

_LARGEST = 3
_HOUR_LEVEL = 6
"""Starts of this level are between 64 and 95 minutes old."""

_EXAMPLE = """
\b
Example:
  understudy reference artifacts/store/reviews/1 logs/*.jsonl.gz --good 2026-03-02..2026-03-30 \\
    --out artifacts/store/reviews/1-taught
"""


@click.command(epilog=_EXAMPLE)
@click.argument("bundle", type=PATH)
@click.argument("logs", type=PATH, nargs=-1, required=True, metavar="LOG...")
@click.option(
    "--good",
    required=True,
    metavar="FROM..TO",
    help="When the traffic was good: two dates or moments, in UTC without an offset. TO is not "
    "part of it.",
)
@trust_option("Let the bundle load this class or function; repeat.")
@json_option
@out_option
def reference(  # noqa: PLR0913 (one parameter an option)
    *,
    bundle: Path,
    logs: Sequence[Path],
    good: str,
    trust: tuple[str, ...],
    as_json: bool,
    out: Path,
) -> None:
    """Teach the reference of BUNDLE from the windows of LOG..., and seal it as a new version.

    Alarms then compare with the same hour of the week, and expect the traffic to be as restless as
    it was. Everything else is as in BUNDLE. At least two weeks are needed; take four.
    """
    from artifacts.bundle.opening import open_bundle
    from artifacts.sealing.good_windows import read_good_windows
    from artifacts.sealing.teach import seal_taught
    from guards.drift.features import FIRST_FORMAT

    period = _period(good)
    (judged,) = require_judged([bundle], Requirements(trusted=trust))
    opened = open_bundle(bundle, judged)
    if opened.reference.format == FIRST_FORMAT:
        message = f"{bundle}: its reference has an earlier format; seal the bundle again first"
        raise CallError(message)
    with log_progress(logs, "reading") as progress:
        windows = read_good_windows(logs, opened.reference, period, progress.update)
    with tqdm(
        total=windows.counts.steps, desc="learning", unit="series", disable=None, leave=False
    ) as learning:
        lesson = windows.learn(learning.update)
    fingerprint = seal_taught(opened, lesson.reference, out)
    report = _report(windows, lesson.reference)
    if as_json:
        notes = [*windows.notes, *lesson.not_learnt]
        print_json({"fingerprint": fingerprint, **report, "notes": notes})
    else:
        print_lines(*_lines(report))
    print_notes([*windows.notes, *lesson.not_learnt])
    print_sealed(out, fingerprint)


def _period(text: str) -> GoodPeriod:
    from artifacts.sealing.good_windows import GoodPeriod

    start, separator, end = text.partition("..")
    if not separator:
        message = f"--good: expected FROM..TO, as 2026-03-02..2026-03-30, found {text!r}"
        raise CallError(message)
    return GoodPeriod(_moment(start), _moment(end))


def _moment(text: str) -> datetime:
    try:
        return from_iso8601(text.strip())
    except ValueError:
        expected = "a date or a moment, as 2026-03-02 or 2026-03-02T08:00Z"
        message = f"--good: expected {expected}, found {text!r}"
        raise CallError(message) from None


def _report(windows: GoodWindows, taught: Reference) -> JsonObject:
    """Return what was learnt from which windows, as plain JSON."""
    from guards.drift.teaching import cycle_points, kind_of, series_of

    features: JsonObject = {}
    for name, feature in taught.features.items():
        counts = feature.taught
        if counts is None:
            continue
        series = series_of(kind_of(feature), feature.cell_counts, counts)
        features[name] = {
            "cycle_points": round(cycle_points(series), 2),
            # On the arcsine scale a share of one half moves half as far as the angle.
            "restless_points": round(50 * counts.excess[_HOUR_LEVEL] ** 0.5, 2),
        }
    summary = {} if taught.taught is None else taught.taught.summary()
    weeks = (windows.end - windows.start).total_seconds() / (7 * 86_400)
    return {**summary, "weeks": round(weeks, 2), "windows": windows.windows, "features": features}


def _lines(report: JsonObject) -> Iterator[str]:
    """Yield what was learnt, in words."""
    yield (
        f"learnt from {report['weeks']:.1f} weeks: {report['documents']:,} documents in "
        f"{report['windows']:,} windows, {report['from']} to {report['to']}"
    )
    features = report["features"]
    yield f"largest cycles over the week: {_largest(features, 'cycle_points')}"
    yield (
        "largest restlessness from hour to hour, at most and for a share of one half: "
        f"{_largest(features, 'restless_points')}"
    )
    yield f"segments: {listed(report['segments'])}"


def _largest(features: Mapping[str, Mapping[str, float]], what: str) -> str:
    ranked = sorted(features, key=lambda name: (-features[name][what], name))
    return ", ".join(f"{name} ±{features[name][what]:.1f} points" for name in ranked[:_LARGEST])
