"""What the hash of a request id decides."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from guards.evidence.sampling import NULL_COPIES, digest, digests, null_signs, uniforms

TEXTS = st.text("aé🦆\0\ud800", max_size=5)
IDS = [f"request {number}" for number in range(4_000)]


@given(st.lists(TEXTS, max_size=5))
def test_numbers_are_the_first_bits_of_the_hash(ids: list[str]) -> None:
    """Anybody can compute the number of a document from the SHA-256 of its id, in any batch."""
    words = [
        int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:8])
        for name in ids
    ]
    numbers = uniforms(digests(ids)).tolist()
    assert numbers == [(word >> 11) / 2**53 for word in words]
    assert all(0 <= number < 1 for number in numbers)


def test_numbers_are_uniform() -> None:
    """Ids that hardly differ have numbers which no test tells from uniform ones."""
    assert kstest(uniforms(digests(IDS)), "uniform").pvalue > 0.01


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 1.0])
def test_a_draw_with_a_smaller_probability_is_a_part(probability: float) -> None:
    """Whoever is drawn with a probability is drawn with every larger one, and with 1 all are."""
    numbers = uniforms(digests(IDS))
    drawn, more = (set(np.flatnonzero(numbers < p)) for p in (probability, probability + 0.2))
    assert drawn <= more
    assert len(drawn) == pytest.approx(probability * len(IDS), abs=4 * len(IDS) ** 0.5)


def test_signs_are_fair_and_independent() -> None:
    """Half are negative in every copy; copies, and the number of the draw, are unrelated."""
    hashed = digests(IDS)
    signs = null_signs(hashed)
    assert signs.shape == (len(IDS), NULL_COPIES)
    assert set(np.unique(signs)) == {-1, 1}
    noise = 5 / len(IDS) ** 0.5
    assert np.abs(signs.mean(axis=0)).max() < noise
    together = np.column_stack([signs, np.sign(uniforms(hashed) - 0.5)])
    correlations = np.corrcoef(together, rowvar=False) - np.eye(NULL_COPIES + 1)
    assert np.abs(correlations).max() < noise


@given(TEXTS)
def test_a_digest_is_that_of_the_text(text: str) -> None:
    """One text alone has the digest that it has among others, half surrogate pairs included."""
    assert digests(["other", text])[1].tobytes() == digest(text)
