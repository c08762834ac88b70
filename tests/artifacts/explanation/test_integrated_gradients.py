"""Integrated gradients: they add up, for every family of networks."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from artifacts.bundle.inference import logits_of
from artifacts.bundle.network import DocumentClassifier
from artifacts.bundle.opening import open_bundle
from artifacts.explanation.integrated_gradients import (
    MAX_DELTA,
    can_integrate,
    integrated_gradients,
    padding_id,
)
from artifacts.explanation.leaving_out import leave_one_word_out
from artifacts.explanation.words import word_places
from tests.bundles import NETWORKS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from artifacts.tables import Table

pytestmark = pytest.mark.skipif(not can_integrate(), reason="captum is not installed")


@pytest.mark.parametrize("kind", NETWORKS)
def test_attributions_add_up_to_the_difference_of_the_logits(
    kind: str, bundle_of: Callable[[str], Path], small_table: Table
) -> None:
    """From a text of padding tokens, between special tokens, to the text of the document."""
    bundle = open_bundle(bundle_of(kind))
    documents = small_table.documents[:4]
    encodings = bundle.preprocessing.encode_documents(documents)
    places = word_places(bundle.preprocessing, [document["text"] for document in documents])
    answers = logits_of(bundle.network, encodings).argmax(axis=1).tolist()

    explained = [
        integrated_gradients(bundle.network, encoding, where.is_text, answer)
        for encoding, where, answer in zip(encodings, places, answers, strict=True)
    ]

    assert sum(tokens is not None for tokens in explained) >= 2
    for tokens, encoding, where, answer in zip(explained, encodings, places, answers, strict=True):
        if tokens is None:
            continue
        assert tokens.shape == encoding.token_ids.shape
        assert not tokens[~where.is_text].any()
        if "roberta" not in kind:  # it gives padding tokens another position
            ids = np.where(where.is_text, padding_id(bundle.network), encoding.token_ids)
            ends = logits_of(bundle.network, [encoding, replace(encoding, token_ids=ids)])
            difference = float(ends[0, answer] - ends[1, answer])
            assert tokens.sum() == pytest.approx(difference, rel=MAX_DELTA + 1e-3)


def test_the_word_that_decides_has_the_attribution(ruled: Path) -> None:
    """About what leaving it out changes, and other words next to nothing."""
    bundle = open_bundle(ruled)
    text = "the court has heard urgent papers"
    features = {"pages": 0.0, "weight": 0.0, "court": "NDCA"}
    (encoding,) = bundle.preprocessing.encode_documents([{"text": text, "features": features}])
    (places,) = word_places(bundle.preprocessing, [text])

    tokens = integrated_gradients(bundle.network, encoding, places.is_text, 0)
    falls = leave_one_word_out(bundle.network, encoding, places.words, 0)

    assert tokens is not None
    sums = {word: tokens.ravel()[list(where)].sum() for word, where in places.words.items()}
    assert max(sums, key=lambda word: sums[word]) == "urgent"
    assert sums["urgent"] == pytest.approx(falls["urgent"], rel=0.2)
    assert sums["urgent"] > 0.9 * sum(map(abs, sums.values()))


def test_attributions_that_do_not_add_up_are_none(ruled: Path) -> None:
    """An embedding of zeros is where layer normalisation is not smooth."""
    bundle = open_bundle(ruled)
    network = copy.deepcopy(bundle.network)
    assert isinstance(network, DocumentClassifier)
    with torch.no_grad():
        network.encoder.embeddings.token_type_embeddings.weight.zero_()
    features = {"pages": 0.0, "weight": 0.0, "court": "NDCA"}
    text = "the court has heard urgent papers"
    (encoding,) = bundle.preprocessing.encode_documents([{"text": text, "features": features}])
    (places,) = word_places(bundle.preprocessing, [text])

    assert integrated_gradients(network, encoding, places.is_text, 0) is None


def test_a_network_that_ignores_the_text_has_no_attributions(ruled: Path) -> None:
    """The logits do not differ."""
    bundle = open_bundle(ruled)
    network = copy.deepcopy(bundle.network)
    assert isinstance(network, DocumentClassifier)
    with torch.no_grad():
        network.join.weight.zero_()
    features = {"pages": 0.0, "weight": 0.0, "court": "NDCA"}
    (encoding,) = bundle.preprocessing.encode_documents([{"text": "urgent", "features": features}])
    (places,) = word_places(bundle.preprocessing, ["urgent"])

    assert integrated_gradients(network, encoding, places.is_text, 0) is None
