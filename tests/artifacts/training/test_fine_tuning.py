"""Training on documents of several windows: as they are served, and in bounded memory."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from artifacts.bundle.inference import logits_of
from artifacts.bundle.network import DocumentClassifier, new_network
from artifacts.bundle.preprocessing import Encoding
from artifacts.evaluation.encoded_table import EncodedTable
from artifacts.training import batches
from artifacts.training.checkpoints import Checkpoints
from artifacts.training.fine_tuning import FineTuning, fine_tune
from guards.schema import CanonicalRow

if TYPE_CHECKING:
    from pathlib import Path

ONCE = FineTuning(epochs=1, seed=1, freeze_encoder=False, pretrained=False)
MARK = 7
"""The token that only documents of the second class have, in their last window."""


@pytest.fixture
def network() -> DocumentClassifier:
    """Return a small network without dropout, whose training is the same however it is split."""
    torch.manual_seed(1)
    encoder = {
        "model_type": "bert",
        "vocab_size": 20,
        "hidden_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
    }
    made = new_network(
        None, encoder, columns_width=0, labels=("a", "b"), preprocessing_fingerprint=""
    )
    made.dropout.p = 0.0
    return made


def rows(documents: int, seed: int) -> EncodedTable:
    """Make documents of two to four windows of eight tokens, the last of which tells the class."""
    generator = np.random.default_rng(seed)
    truth = np.arange(documents) % 2
    encodings = []
    for label in truth:
        ids = generator.integers(10, 20, size=(generator.integers(2, 5), 8))
        ids[-1, 2:6] = MARK + label
        encodings.append(Encoding(ids, np.zeros(0), CanonicalRow((), ()), 0, truncated=False))
    return EncodedTable([{}] * documents, encodings, truth)


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect how many tokens each pass of training holds gradients for."""
    found: list[int] = []
    pool = DocumentClassifier.pool

    def counted(
        self: DocumentClassifier, ids: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        if torch.is_grad_enabled():
            found.append(ids.numel())
        return pool(self, ids, mask)

    monkeypatch.setattr(DocumentClassifier, "pool", counted)
    return found


@pytest.mark.parametrize("maximum", [1, 32, 64, 200])
def test_a_batch_in_parts_trains_as_a_whole(
    network: DocumentClassifier,
    passes: list[int],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    maximum: int,
) -> None:
    """However little fits a pass, the weights come out the same, and no pass holds more."""
    training, other = rows(40, 1), copy.deepcopy(network)
    fine_tune(network, training, rows(4, 2), ONCE, Checkpoints(tmp_path / "once"))
    whole = len(passes)
    del passes[:]

    monkeypatch.setattr(batches, "MAX_TOKENS", maximum)
    fine_tune(other, training, rows(4, 2), ONCE, Checkpoints(tmp_path / "parts"))

    longest = max(encoding.tokens for encoding in training.encodings)
    assert len(passes) > whole
    assert max(passes) <= max(maximum, longest)
    for name, tensor in network.state_dict().items():
        torch.testing.assert_close(other.state_dict()[name], tensor, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("frozen", [False, True])
def test_what_the_last_window_says_is_learnt(
    network: DocumentClassifier, tmp_path: Path, *, frozen: bool
) -> None:
    """Training sees every window as serving does, with the encoder frozen or not."""
    how = FineTuning(epochs=12, seed=1, freeze_encoder=frozen, pretrained=False)
    others = rows(60, 3)

    fine_tune(network, rows(160, 1), others, how, Checkpoints(tmp_path))

    answers = logits_of(network, others.encodings).argmax(axis=1)
    assert (answers == others.truth).mean() > 0.95
