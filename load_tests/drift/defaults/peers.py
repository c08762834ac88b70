"""Peers with their defaults on minutes of days without drift, and the table beside ours."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from load_tests.drift.defaults.day import Day
from load_tests.drift.defaults.ours import count_alarms
from load_tests.drift.streams import DAY
from load_tests.environments import CommandError, environment, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from load_tests.drift.defaults.day import Rows

__all__ = ["PEERS", "Flagged", "print_defaults"]

PEERS = ("evidently", "nannyml", "whylogs")

_HERE = Path(__file__).parent
_LOAD_TESTS = _HERE.parent.parent
_REQUIREMENTS = {
    "evidently": _HERE / "evidently.txt",
    "nannyml": _LOAD_TESTS / "performance" / "nannyml.txt",
    "whylogs": _HERE / "whylogs.txt",
}
_SILENT = ("DO_NOT_TRACK=1", "NML_DISABLE_USAGE_LOGGING=1", "WHYLOGS_NO_ANALYTICS=1")
"""Peers send how they are used to their makers unless these are set."""

_FEATURES = 30


@dataclass(frozen=True, slots=True)
class Flagged:
    """The flagged features of each window, int64 [windows], and the processor seconds of all."""

    features: NDArray[np.int64]
    took_s: float

    @classmethod
    def joined(cls, days: Sequence[Flagged]) -> Flagged:
        """Return the windows of all days."""
        features = np.concatenate([day.features for day in days])
        return cls(features, sum(day.took_s for day in days))

    @property
    def alarmed(self) -> float:
        """The share of windows with a flagged feature."""
        return float((self.features > 0).mean())

    @property
    def share(self) -> float:
        """The share of flagged features."""
        return float(self.features.mean()) / _FEATURES

    @property
    def window_s(self) -> float:
        """The processor seconds of a window."""
        return self.took_s / len(self.features)


def print_defaults(names: Sequence[str], seeds: int, every: int) -> int:
    """Print the table of days without drift, and return how many alarms of ours there were.

    Of each day the windows of one minute of ``every`` are looked at, by ours as if they followed
    one another.
    """
    windows = DAY // every
    print(f"30 features without drift, {seeds} days, {windows} windows of each")
    alarms = 0
    for rows, documents in product((2000, 20_000), (50, 1000)):
        print(f"windows of {documents:,} documents, reference of {rows:,} rows", flush=True)
        days = [Day(rows, seed) for seed in range(seeds)]
        samples = [list(day.minutes(windows, documents)) for day in days]
        raised = sum(
            count_alarms(day.reference, day.levels, minutes)
            for day, minutes in zip(days, samples, strict=True)
        )
        print(f"  {'ours':<18} {raised} alarms in {seeds * windows} windows", flush=True)
        alarms += raised
        for name in names:
            print(f"  {_peer_line(name, days, samples)}", flush=True)
    return alarms


def _peer_line(name: str, days: Sequence[Day], samples: Sequence[Sequence[Rows]]) -> str:
    version = _REQUIREMENTS[name].read_text(encoding="utf-8").split()[0].replace("==", " ")
    try:
        found = _flag(name, days, samples)
    except CommandError as error:
        return f"{version:<18} did not run: {error.reason}"
    return (
        f"{version:<18} {found.alarmed:.0%} of {len(found.features)} windows, "
        f"{found.alarmed * DAY:,.0f} a day by scaling, {found.share:.1%} of features, "
        f"{found.window_s:.2g} s a window"
    )


def _flag(name: str, days: Sequence[Day], samples: Sequence[Sequence[Rows]]) -> Flagged:
    """Run a peer over the windows of days; raises ``CommandError``."""
    python = environment(_REQUIREMENTS[name], _LOAD_TESTS / ".peers") / "python"
    with TemporaryDirectory() as directory:
        paths = [Path(directory) / str(number) for number in range(len(days))]
        for path, day, windows in zip(paths, days, samples, strict=True):
            path.mkdir()
            np.savez(
                path / "rows.npz",
                reference_numbers=day.reference.numbers,
                reference_codes=day.reference.codes,
                numbers=np.stack([rows.numbers for rows in windows]),
                codes=np.stack([rows.codes for rows in windows]),
            )
        run("env", *_SILENT, python, _HERE / f"run_{name}.py", directory)
        found = []
        for path in paths:
            with np.load(path / "found.npz") as arrays:
                found.append(Flagged(arrays["flagged"], float(arrays["took_s"])))
        return Flagged.joined(found)
