"""Leaving out one word at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from artifacts.bundle.inference import logits_of
from artifacts.bundle.opening import open_bundle
from artifacts.explanation.integrated_gradients import padding_id
from artifacts.explanation.leaving_out import leave_one_word_out
from artifacts.explanation.words import word_places

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from artifacts.tables import Table


@pytest.mark.parametrize("kind", ["trained", "in windows"])
def test_each_word_has_what_its_absence_changes(
    kind: str, bundle_of: Callable[[str], Path], small_table: Table
) -> None:
    """All its tokens are padding then, in every window."""
    bundle = open_bundle(bundle_of(kind))
    (document,) = small_table.documents[:1]
    (encoding,) = bundle.preprocessing.encode_documents([document])
    (places,) = word_places(bundle.preprocessing, [document["text"]])

    falls = leave_one_word_out(bundle.network, encoding, places.words, 1)

    assert {*falls} == {*places.words}
    for word in [*falls][:3]:
        ids = encoding.token_ids.copy()
        ids.reshape(-1)[places.words[word]] = padding_id(bundle.network)
        ends = logits_of(bundle.network, [encoding, replace(encoding, token_ids=ids)])[:, 1]
        assert falls[word] == pytest.approx(float(ends[0] - ends[1]), abs=1e-4)


def test_the_word_that_decides_is_found(ruled: Path) -> None:
    """However often it stands there, it is left out at once."""
    bundle = open_bundle(ruled)
    text = "urgent papers urgent"
    features = {"pages": 0.0, "weight": 0.0, "court": "NDCA"}
    (encoding,) = bundle.preprocessing.encode_documents([{"text": text, "features": features}])
    (places,) = word_places(bundle.preprocessing, [text])

    falls = leave_one_word_out(bundle.network, encoding, places.words, 0)

    assert falls["urgent"] > 1
    assert abs(falls["papers"]) < falls["urgent"] / 2
