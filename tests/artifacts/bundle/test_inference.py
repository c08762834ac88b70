"""Probabilities against scipy, and answers that do not depend on their company."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from scipy import special

from artifacts.bundle.inference import (
    MAX_TOKENS,
    columns_of,
    logits_of,
    padded_logits_of,
    probabilities_of,
    softmax,
)
from artifacts.bundle.opening import Bundle, open_bundle
from tests.bundles import NETWORKS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from artifacts.bundle.preprocessing import Encoding
    from artifacts.tables import Table


@pytest.fixture(scope="module")
def opened(champion: Path) -> Bundle:
    """Return the champion, opened."""
    return open_bundle(champion)


@pytest.fixture(scope="module")
def encodings(opened: Bundle, small_table: Table) -> list[Encoding]:
    """Encode documents of many lengths, some of them equally long."""
    documents = small_table.documents[:30]
    texts = [document["text"] for document in documents]
    return opened.preprocessing.encode(texts, opened.preprocessing.canonical(documents))


@pytest.mark.parametrize("scale", [0.1, 1.0, 50.0, 1e30])
def test_softmax_agrees_with_scipy(scale: float) -> None:
    """The softmax is scipy's, without overflow for large logits."""
    logits = (np.random.default_rng(1).normal(size=(50, 7)) * scale).astype(np.float32)

    ours = softmax(logits)

    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, special.softmax(logits, axis=1), atol=1e-6)


def test_answers_are_those_of_a_padded_batch(opened: Bundle, encodings: list[Encoding]) -> None:
    """Running without padding gives what the usual padded and masked pass gives."""
    longest = max(encoding.tokens for encoding in encodings)
    ids = torch.zeros((len(encodings), longest), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for index, encoding in enumerate(encodings):
        ids[index, : encoding.tokens] = torch.from_numpy(encoding.token_ids[0])
        mask[index, : encoding.tokens] = 1
    with torch.inference_mode():
        padded = opened.network(ids, columns_of(encodings), mask).numpy()

    np.testing.assert_allclose(logits_of(opened.network, encodings), padded, atol=1e-5)


def test_batch_equals_one_by_one(opened: Bundle, encodings: list[Encoding]) -> None:
    """An answer is the same alone and among others, in the order given."""
    together = logits_of(opened.network, encodings)
    alone = np.concatenate([logits_of(opened.network, [encoding]) for encoding in encodings])

    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_more_than_one_pass(opened: Bundle, encodings: list[Encoding]) -> None:
    """More documents of one length than fit a pass are all answered, in order."""
    shortest = min(encodings, key=lambda encoding: encoding.tokens)
    other = replace(shortest, columns=shortest.columns + 1)
    many = [shortest, other] * (MAX_TOKENS // shortest.tokens)

    logits = logits_of(opened.network, many)

    np.testing.assert_allclose(
        logits[::2], np.broadcast_to(logits[0], logits[::2].shape), atol=1e-5
    )
    np.testing.assert_allclose(
        logits[1::2], np.broadcast_to(logits[1], logits[1::2].shape), atol=1e-5
    )
    assert not np.allclose(logits[0], logits[1], atol=1e-4)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_temperature_divides_the_logits(
    opened: Bundle, encodings: list[Encoding], temperature: float
) -> None:
    """A temperature changes how sure an answer is, and never which answer it is."""
    logits = logits_of(opened.network, encodings)

    probabilities = probabilities_of(opened.network, temperature, encodings)

    oracle = special.softmax(logits.astype(np.float64) / temperature, axis=1)
    np.testing.assert_allclose(probabilities, oracle, atol=1e-6)
    assert (probabilities.argmax(axis=1) == logits.argmax(axis=1)).all()


@pytest.mark.parametrize("value", [1e39, -1e39, 1e300, np.inf, -np.inf])
def test_columns_beyond_float32_give_finite_answers(
    opened: Bundle, encodings: list[Encoding], value: float
) -> None:
    """Numbers that float32 cannot hold saturate: an answer is never NaN."""
    far = [replace(encodings[0], columns=np.full_like(encodings[0].columns, value))]

    probabilities = probabilities_of(opened.network, 1.0, far)

    assert np.isfinite(probabilities).all()
    assert probabilities.sum() == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("kind", NETWORKS)
def test_padding_never_changes_an_answer(
    bundle_of: Callable[[str], Path], small_table: Table, kind: str
) -> None:
    """However many documents share a pass, each is answered as by itself, in the order given."""
    bundle = open_bundle(bundle_of(kind))
    documents = small_table.documents[:16]
    texts = ["", "the " * 200, *(document["text"] for document in documents[2:])]
    encodings = bundle.preprocessing.encode(texts, bundle.preprocessing.canonical(documents))
    expected = logits_of(bundle.network, encodings)

    for max_tokens in (1, 64, 10_000):
        padded = padded_logits_of(bundle.network, encodings, max_tokens)
        np.testing.assert_allclose(padded, expected, rtol=1e-5, atol=1e-5)


def test_a_padded_pass_keeps_its_budget(opened: Bundle, encodings: list[Encoding]) -> None:
    """With the padding no pass has more tokens, and short documents do not run with long ones."""
    shapes: list[torch.Size] = []
    handle = opened.network.register_forward_pre_hook(
        lambda _, inputs: shapes.append(inputs[0].shape)
    )
    padded_logits_of(opened.network, encodings, 200)
    handle.remove()

    assert sum(documents for documents, _ in shapes) == len(encodings)
    assert all(documents == 1 or documents * tokens <= 200 for documents, tokens in shapes)
    assert [tokens for _, tokens in shapes] == sorted(tokens for _, tokens in shapes)
    assert len(shapes) < len(encodings) / 2
