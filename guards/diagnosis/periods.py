"""The two periods that are compared, as a caller names them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from guards.errors import CallError
from guards.moments import from_iso8601, from_microseconds, microseconds, rfc3339
from guards.text import printable

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["EVERYTHING", "Period", "parse_period", "refuse_overlap"]

_FOREVER_US = 2**62


@dataclass(frozen=True, slots=True)
class Period:
    """Documents that were observed from one moment up to another, of one run or of all.

    Moments are in microseconds since 1970, UTC.
    """

    start_us: int
    end_us: int
    run: str | None = None

    @staticmethod
    def of_run(run: str) -> Period:
        """Return all documents of a run."""
        return replace(EVERYTHING, run=run)

    def holds(self, run: str, moment_us: int) -> bool:
        """Return whether a moment of a run is in the period."""
        return self.run in {None, run} and self.start_us <= moment_us < self.end_us

    def __str__(self) -> str:
        """Return the period as it could be written."""
        if self.run is not None:
            return self.run
        ends = (rfc3339(from_microseconds(moment)) for moment in (self.start_us, self.end_us))
        return "..".join(end.replace(".000000Z", "Z") for end in ends)


EVERYTHING = Period(-_FOREVER_US, _FOREVER_US)
"""All documents of a log."""


def parse_period(text: str, option: str, runs: Collection[str]) -> Period:
    """Read a period: ``FROM..TO``, or the name of one of these runs, or how only it begins.

    FROM and TO are dates or moments, in UTC without an offset; TO is not part of the period. Raises
    ``CallError``, which names the option.
    """
    start, separator, end = text.partition("..")
    if separator:
        period = Period(_moment_us(start, option), _moment_us(end, option))
        if period.end_us <= period.start_us:
            message = f"{option} {text}: TO must be after FROM; exchange them, or name a later TO"
            raise CallError(message)
        return period
    named = [run for run in runs if run.startswith(text)] if text else []
    if text in named:
        return Period.of_run(text)
    if len(named) == 1:
        return Period.of_run(named[0])
    found = f"{len(named)} runs begin so" if named else "no run of the log is called so"
    message = (
        f"{option}: expected FROM..TO, as 2026-03-02..2026-03-09, or a run, "
        f"found {printable(text)!r}: {found}"
    )
    raise CallError(message)


def refuse_overlap(good: Period, bad: Period) -> None:
    """Raise ``CallError`` where a document could be in both periods."""
    runs = {good.run, bad.run}
    if len(runs - {None}) > 1:
        return
    if good.start_us < bad.end_us and bad.start_us < good.end_us:
        message = (
            f"--good {good} and --bad {bad} overlap: a document is in one of them; let one end "
            "where the other begins"
        )
        raise CallError(message)


def _moment_us(text: str, option: str) -> int:
    try:
        return microseconds(from_iso8601(text.strip()))
    except ValueError:
        expected = "a date or a moment, as 2026-03-02 or 2026-03-02T08:00+01:00"
        message = f"{option}: expected {expected}, found {printable(text)!r}"
        raise CallError(message) from None
