"""Pairs of causes: what is done in the bad period, and what is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from load_tests.diagnosis.causes import CAUSES, Cause
from load_tests.diagnosis.measuring import Measurement
from load_tests.diagnosis.pairs import PAIRS, print_pairs, together

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import pytest

    from guards.json_types import JsonObject

MIX = next(cause for cause in CAUSES if cause.name == "mix of classes")


def test_there_are_fifteen_and_each_does_what_both_do() -> None:
    """Both changes of a document, the other mix, the other bundle, labels, and a replay."""
    assert len(PAIRS) == 15
    for first, second in PAIRS:
        both = together(first, second)
        assert both.unsure == (first.unsure or second.unsure)
        assert both.replayed == (first.replayed or second.replayed)
        assert both.labels in (first.labels, second.labels)
        assert both.classes in (first.classes, second.classes)
    mixed = [together(*pair) for pair in PAIRS if MIX in pair]
    assert len(mixed) == 5
    assert all(both.classes == MIX.classes for both in mixed)


def test_a_pair_is_a_row(
    champion: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its documents are altered by both, and it is a miss where one is not found."""
    seen = []

    def first(document: JsonObject, _: np.random.Generator) -> None:
        document["features"]["pages"] = 1.0

    def second(document: JsonObject, _: np.random.Generator) -> None:
        seen.append(document["features"]["pages"])

    causes = Cause("one", ("values_moved", "pages"), first), Cause("two", ("none", ""), second)
    assert print_pairs(Measurement(tmp_path, champion, per_hour=1), [causes]) == 1
    row, summary = capsys.readouterr().out.splitlines()
    assert row.startswith("one, two")
    assert " missed " in row
    assert summary == "0 of 1 pairs are among the first three findings"
    assert set(seen) == {1.0}
