"""Numbers of a configuration that no network of the weights could have."""

from __future__ import annotations

import pytest

from guards.bundle.tensors import Tensor
from guards.integrity.headers.configuration import check_configuration

TENSORS = {"embedding": Tensor("F32", (3000, 8), 0, 96_000), "bias": Tensor("F32", (8,), 0, 32)}

SOUND = {
    "num_hidden_layers": 12,
    "vocab_size": 3000,
    "max_position_embeddings": 131_072,
    "pad_token_id": 2**31,
    "suppress_ids": [2**40],
    "layer_norm_eps": 1e-12,
    "rope_theta": 1e9,
    "attention_window": [512] * 12,
    "tie_word_embeddings": True,
    "id2label": {"0": "layer"},
    "encoder": {"num_attention_heads": 12},
}


def test_numbers_of_a_network_are_allowed() -> None:
    """Layers, positions, ids of tokens and fractions of a common network are no findings."""
    assert list(check_configuration(SOUND, TENSORS)) == []


@pytest.mark.parametrize(
    "config",
    [
        {"num_hidden_layers": 10_000_000},
        {"n_layer": 4000},
        {"num_labels": 10**6},
        {"encoder": {"num_attention_heads": 5000}},
        {"block_sizes": [1, 10**7]},
        {"layers_by_kind": {"7": 10**7}},
        {"sub": [{"sub": {"num_experts": 10**5}}]},
        {"max_position_embeddings": 10**9},
        {"hidden_size": -(10**12)},
        {"vocab_size": 10**400},
    ],
)
def test_numbers_that_would_fill_the_memory(config: object) -> None:
    """A count beyond every dimension of the weights is a finding that names it and its limit."""
    (finding,) = check_configuration(config, TENSORS)

    assert finding.code == "network_mismatch"
    assert "at most" in finding.expected
    assert len(finding.observed) < 40


def test_labels_may_be_as_many_as_their_weights() -> None:
    """A classifier of thousands of labels has weights of that dimension."""
    assert list(check_configuration({"num_labels": 3000}, TENSORS)) == []


def test_layers_may_be_as_many_as_there_are_weights() -> None:
    """A network of very many small layers has a weight for each."""
    weights = {f"layer.{index}.weight": Tensor("F32", (8,), 0, 32) for index in range(2000)}

    assert list(check_configuration({"num_hidden_layers": 2000}, weights)) == []
