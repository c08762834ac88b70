"""What an alarm says where the counts of a window do not say it by themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from guards.drift.alarm.events import Cleared, Raised
from guards.drift.alarm.splits import Split
from guards.drift.feature_reference import CategoricalReference, NumericReference
from service.observation.alarm_words import cleared_words, share_words

NEVER = NumericReference.of(np.full(200, math.nan))
PAGES = NumericReference.of(np.arange(200.0))
COURT = CategoricalReference.of(["NDCA", "SDNY"] * 100, ["NDCA", "SDNY"])


def raised(split: Split, minutes: int = 5) -> Raised:
    """Return what is known of a share that none had, and 40 % have for so many minutes."""
    counts = np.zeros(1, dtype=np.int64)
    return Raised("column", 9, 5, minutes, 100, 16.0, 15.0, split, "up", 0.4, 0.0, counts)


@pytest.mark.parametrize(
    ("feature", "split", "part"),
    [
        (PAGES, Split("cut", (0, 1)), "below 6"),
        (NEVER, Split("cut", (0,)), "any number"),
        (PAGES, Split("cut", tuple(range(len(PAGES.counts)))), "any number"),
        (NEVER, Split("missing", (1,)), "missing"),
        (NEVER, Split("outside", (2,)), "infinite"),
        (COURT, Split("category", (1,)), "SDNY"),
        (COURT, Split("rest", (0, 1)), "2 rarer categories"),
        (COURT, Split("outside", (3,)), "new categories"),
    ],
)
def test_the_share_that_moved_is_named(
    feature: NumericReference | CategoricalReference, split: Split, part: str
) -> None:
    """Whatever the split is, and nothing of it where the feature is private."""
    words = share_words(feature, raised(split), private=False)
    assert words.startswith(f"column: {part} none → 40 %")
    assert share_words(feature, raised(split), private=True).startswith("column: some values")


def test_one_minute_is_no_minutes() -> None:
    """Counts have their nouns."""
    split = Split("category", (1,))
    assert share_words(COURT, raised(split, 1), private=False).endswith("over 1 minute")
    assert share_words(COURT, raised(split, 2), private=False).endswith("over 2 minutes")
    assert cleared_words(Cleared("court", 70, 60, 1000, 0.01)).endswith(
        "in the reference for 60 minutes"
    )
