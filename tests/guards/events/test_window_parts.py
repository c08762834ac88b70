"""Long windows are short lines, and the same windows again for whoever reads them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guards.drift.distance import Score
from guards.drift.sketch import merge
from guards.events.drift_window import DriftWindow
from guards.events.line_size import MAX_LINE_BYTES
from guards.events.log_table import LogTable
from guards.events.reading import Gap, LogReader
from guards.events.rendering import line_renderer
from guards.events.window_parts import WindowParts, parts_of
from tests.guards.events.strategies import COUNTS, MOMENTS, OBJECTS, SCORES, TEXTS
from tests.guards.events.tables import MOMENT, line, observed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guards.json_types import JsonObject, JsonValue

SCORE = Score("ks", 0.25, 0.25, 0.125, enough_data=True, documents=1000)
WINDOWS = st.builds(
    DriftWindow,
    start=MOMENTS,
    end=MOMENTS,
    documents=COUNTS,
    reference=TEXTS,
    counts=st.dictionaries(TEXTS, OBJECTS | st.integers(), max_size=4),
    scores=st.dictionaries(TEXTS, SCORES, max_size=4),
)


def window(features: int = 60, seconds: int = 0, name: str = "c", cells: int = 128) -> DriftWindow:
    """Return a window of so many columns of so many cells."""
    names = [f"{name}{number}" for number in range(features)]
    counts = {name: {"counts": [1000] * cells, "missing": 0, "unknown": 0} for name in names}
    return DriftWindow(
        start=MOMENT + timedelta(seconds=seconds),
        end=MOMENT + timedelta(seconds=seconds + 60),
        documents=1000,
        reference="sha256:1f",
        counts={"features": counts, "challengers": {"docs/2": {"compared": 7}}, "rows": 3},
        scores=dict.fromkeys(names, SCORE),
    )


def lines_of(whole: DriftWindow, first_seq: int = 1) -> list[bytes]:
    """Return the lines of a window."""
    return [line(seq, part) for seq, part in enumerate(parts_of(whole), start=first_seq)]


@pytest.mark.parametrize("name", ["c", "column é\u2028"])
@pytest.mark.parametrize("cells", [1, 128])
def test_no_line_is_longer_than_sixteen_kibibytes(name: str, cells: int) -> None:
    """Whatever the features are called, and the parts are not more than it takes."""
    lines = lines_of(window(features=600, name=name, cells=cells))
    sizes = [len(each) for each in lines]
    assert max(sizes) <= MAX_LINE_BYTES == 16_384
    assert len(lines) <= 1.3 * sum(sizes) / MAX_LINE_BYTES + 1
    numbers = [(json.loads(each)["part"], json.loads(each)["parts"]) for each in lines]
    assert numbers == [(number, len(lines)) for number in range(1, len(lines) + 1)]


def test_many_challengers_make_no_line_longer() -> None:
    """The fingerprints of their references are in every part, and are the same once joined."""
    references = {f"docs/{number}": f"sha256:{number:064}" for number in range(40)}
    whole = replace(window(features=200), challenger_references=references)
    assert max(map(len, lines_of(whole))) <= MAX_LINE_BYTES
    joined = WindowParts()
    *_, last = [joined.add("run-1", part) for part in parts_of(whole)]
    assert last == whole


def test_a_short_window_is_one_line_as_before() -> None:
    """Without numbers of parts."""
    short = window(features=2)
    assert parts_of(short) == (short,)
    assert "part" not in json.loads(line(1, short))


def test_parts_are_joined_in_any_order_among_other_lines(log: Callable[..., Path]) -> None:
    """Of two runs and two windows, as logs that were put together have them."""
    first, second = window(), window(seconds=60, name="d")
    count = len(parts_of(first))
    twin = [line(seq, part, run="run-2") for seq, part in enumerate(parts_of(first), start=1)]
    mixed = zip(lines_of(first), lines_of(second, count + 1)[::-1], twin, strict=True)
    path = log(line(2 * count + 1, observed()), *(each for three in mixed for each in three))
    reader = LogReader([path])
    windows = [each.event for each in reader if isinstance(each.event, DriftWindow)]
    assert windows == [first, second, first]
    assert (reader.account.incomplete, reader.account.gaps) == (0, ())
    with LogTable.read([path]) as table:
        assert [each.scores for each in table.windows()] == [first.scores] * 2 + [second.scores]
        assert table.account == reader.account


@pytest.mark.parametrize("lost", [0, 1, -1])
def test_a_window_that_lacks_a_part_is_counted_and_not_used(
    log: Callable[..., Path], lost: int
) -> None:
    """Half a window is of fewer features, and would look like a service that watches less."""
    lines = lines_of(window())
    (missing,) = lines[lost:][:1]
    later = line(len(lines) + 1, window(features=1, seconds=60))
    path = log(*(each for each in lines if each != missing), later)
    reader = LogReader([path])
    assert [each.event for each in reader] == [window(features=1, seconds=60)]
    assert reader.account.incomplete == 1
    seq = json.loads(missing)["seq"]
    assert reader.account.gaps == (Gap("replica-1", "run-1", seq, seq),)
    with LogTable.read([path]) as table:
        assert [each.documents for each in table.windows()] == [1000]
        assert table.account == reader.account


def test_a_log_that_is_read_twice_has_each_window_once(log: Callable[..., Path]) -> None:
    """Copies of parts are no parts of another window."""
    path = log(*lines_of(window()))
    reader = LogReader([path, path])
    assert [each.event for each in reader] == [window()]
    assert reader.account.incomplete == 0
    with LogTable.read([path, path]) as table:
        assert len([*table.windows()]) == 1
        assert table.account == reader.account


@pytest.mark.parametrize(
    ("field", "value"),
    [("part", 0), ("part", 9), ("part", "1"), ("part", None), ("parts", 1.5), ("parts", 0)],
)
def test_a_number_of_a_part_that_cannot_be_is_malformed(
    log: Callable[..., Path], field: str, value: JsonValue
) -> None:
    """No window waits for what will never come."""
    fields: JsonObject = json.loads(line(1, window(features=1))) | {"part": 1, "parts": 2}
    path = log(json.dumps(fields | {field: value}).encode() + b"\n", line(2, observed()))
    reader = LogReader([path])
    assert len([*reader]) == 1
    assert (reader.account.malformed, reader.account.incomplete) == (1, 0)


@given(WINDOWS, st.integers(1024, 1400))
def test_the_parts_of_any_window_are_that_window(whole: DriftWindow, max_bytes: int) -> None:
    """Nothing is lost and nothing is added, however it was split."""
    render = line_renderer("replica-1", "run-1")
    parts = WindowParts()
    joined = None
    for seq, part in enumerate(parts_of(whole, max_bytes), start=1):
        assert joined is None
        joined = parts.add("run-1", DriftWindow.from_json(json.loads(render(part, MOMENT, seq))))
    assert joined == whole
    assert parts.incomplete == 0


def test_each_part_adds_up_with_those_of_other_windows() -> None:
    """Features of one part merge as those of a whole window do."""
    whole = window()
    merged: JsonObject = {}
    for part in parts_of(whole):
        merged = merge(merged, dict(part.counts))
    assert merged == whole.counts
