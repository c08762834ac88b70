"""Real documents through windows and alarms: ``python -m load_tests.drift real tweets``.

A bundle is trained on the first rows of a labelled table and sealed with later ones, and the rows
after those are streamed, fifty a minute, as the service would observe them. *Dealt anew* are
controls: held-out and streamed rows are shuffled together and dealt out again, so that the streamed
ones differ from the reference by chance alone.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from guards.events.alarms import DriftAlarm
from load_tests.drift.answered import AnsweredTable, train_bundle
from load_tests.drift.replay import estimated_accuracy, replay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from guards.drift.reference import Reference
    from load_tests.drift.replay import Told

    Ints = NDArray[np.int64]
    Row = dict[str, str]

__all__ = ["DATA_SETS", "DataSet", "Parts", "deal", "print_streams"]

_TRAINED = 3_000
_HELD_OUT = 4_000
_PLANTED = "Dresses"
_PACE = 50
"""Documents a minute."""


class Parts(NamedTuple):
    """Rows that train, those that are held out for the reference, and those that are streamed."""

    trained: Sequence[Row]
    held_out: Sequence[Row]
    streamed: Sequence[Row]


@dataclass(frozen=True, slots=True)
class DataSet:
    """A labelled table: its columns as options of ``understudy train``, and its parts.

    Rows have a ``period``, of which accuracy is reported. ``planted`` are the rows that a planted
    change leaves of those streamed.
    """

    columns: tuple[str, ...]
    split: Callable[[Sequence[Row]], Parts]
    period: Callable[[Row], str]
    planted: Callable[[Row], bool] | None = None


class _Stream(NamedTuple):
    name: str
    reference: Reference
    rows: Ints


def by_time(rows: Sequence[Row]) -> Parts:
    """Return the first 60 % of rows in the order of time, the next 20 % and the last."""
    ordered = sorted(rows, key=lambda row: row["tweet_created"])
    first, second = (len(ordered) * part // 5 for part in (3, 4))
    return Parts(ordered[:first], ordered[first:second], ordered[second:])


def by_split(rows: Sequence[Row]) -> Parts:
    """Return 3,000 random rows of the ``train`` split, 4,000 others, and those of ``val``."""
    train = [row for row in rows if row["split"] == "train"]
    order = np.random.default_rng(0).permutation(len(train)).tolist()
    drawn = [train[index] for index in order]
    trained, held_out = drawn[:_TRAINED], drawn[_TRAINED : _TRAINED + _HELD_OUT]
    return Parts(trained, held_out, [row for row in rows if row["split"] == "val"])


def _options(kind: str, *names: str) -> tuple[str, ...]:
    return tuple(part for name in names for part in (f"--{kind}", name))


DATA_SETS = {
    "tweets": DataSet(
        (
            *_options("text", "text"),
            *_options("label", "label"),
            *_options("numeric", "retweet_count", "created_hour"),
            *_options("categorical", "airline", "user_timezone", "tweet_location"),
        ),
        by_time,
        period=lambda row: row["tweet_created"][:10],
    ),
    "reviews": DataSet(
        (
            *_options("text", "title", "review_text"),
            *_options("label", "label"),
            *_options("numeric", "age", "positive_feedback_count"),
            *_options("categorical", "division_name", "department_name", "class_name"),
            *_options("categorical", "clothing_id"),
        ),
        by_split,
        period=lambda _: "all",
        planted=lambda row: row["department_name"] == _PLANTED,
    ),
}


def print_streams(name: str, data: Path, base: Path, work: Path, seeds: int) -> int:
    """Print what alarms in each stream, and return how many controls had an alarm.

    ``base`` is the directory of an encoder. ``work`` keeps tables, bundle and answers for another
    call.
    """
    data_set = DATA_SETS[name]
    with data.open(encoding="utf-8", newline="") as file:
        parts = data_set.split(list(csv.DictReader(file)))
    recent = [*parts.held_out, *parts.streamed]
    work.mkdir(parents=True, exist_ok=True)
    for part, rows in (("train", parts.trained), ("held_out", parts.held_out), ("recent", recent)):
        _write(work / f"{part}.csv", rows)
    table = AnsweredTable.of(train_bundle(work, base, data_set.columns), work / "recent.csv")
    held_out = len(parts.held_out)
    print(f"{len(parts.trained):,} rows trained, {held_out:,} held out", end=", ")
    print(f"{len(parts.streamed):,} streamed, {_PACE} a minute")
    _print_accuracy(table, [data_set.period(row) for row in recent], held_out)
    alarmed = 0
    planted = data_set.planted
    kept = None if planted is None else np.array([planted(row) for row in recent])
    for stream in _streams(table, held_out, seeds, kept):
        told = replay(table, stream.reference, stream.rows, _PACE)
        _print_told(stream.name, told)
        alarmed += bool(told) and stream.name.startswith("dealt anew")
    return alarmed


def deal(size: int, held_out: int, seed: int) -> tuple[Ints, Ints]:
    """Return random rows of so many to hold out, sorted, and the others in random order."""
    order = np.random.default_rng(seed).permutation(size)
    return np.sort(order[:held_out]), order[held_out:]


def _streams(
    table: AnsweredTable, held_out: int, seeds: int, kept: NDArray[np.bool_] | None
) -> Iterator[_Stream]:
    sealed = table.bundle.reference
    rows = np.arange(held_out, len(table.probabilities))
    yield _Stream("in order", sealed, rows)
    for seed in range(seeds):
        yield _Stream(
            f"shuffled, seed {seed}", sealed, np.random.default_rng(seed).permutation(rows)
        )
    for seed in range(seeds):
        reference_rows, streamed = deal(len(table.probabilities), held_out, seed)
        yield _Stream(f"dealt anew, seed {seed}", table.reference(reference_rows), streamed)
    if kept is not None:
        half = len(rows) // 2
        shuffled = np.random.default_rng(0).permutation(rows)
        later = shuffled[half:]
        changed = np.concatenate([shuffled[:half], later[kept[later]]])
        yield _Stream(f"only {_PLANTED} after {half:,} documents", sealed, changed)


def _write(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _print_accuracy(table: AnsweredTable, periods: Sequence[str], held_out: int) -> None:
    """Print the accuracy of labels beside that of the estimate, for each period of the stream."""
    names = np.array(periods)
    print(f"held out: accuracy {table.correct[:held_out].mean():.3f}")
    for period in dict.fromkeys(periods[held_out:]):
        rows = held_out + np.flatnonzero(names[held_out:] == period)
        value, low, high = estimated_accuracy(table, table.bundle.reference, rows)
        realised = table.correct[rows].mean()
        print(
            f"streamed, {period}: {len(rows):,} documents, accuracy {realised:.3f}, "
            f"estimated {value:.3f} ({low:.3f} to {high:.3f})"
        )


def _print_told(name: str, told: Sequence[Told]) -> None:
    raised = {each.event.feature for each in told if isinstance(each.event, DriftAlarm)}
    print(f"{name}: {len(raised)} features alarm" if told else f"{name}: no alarm", flush=True)
    for minute, event in told:
        if isinstance(event, DriftAlarm):
            explains = "" if event.explains is None else f", explains {event.explains:.0%}"
            print(
                f"  minute {minute:>3} {event.feature}: {event.severity}, harm {event.harm}"
                f"{explains}, {event.kind or 'kind unknown'}: {event.words}"
            )
        else:
            print(f"  minute {minute:>3} {event.feature} cleared: {event.words}")
