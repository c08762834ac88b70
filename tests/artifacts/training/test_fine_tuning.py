"""Training: as documents are served, in bounded memory, resumable, and the best epoch kept."""

from __future__ import annotations

import copy
import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import softmax
from sklearn.metrics import f1_score, log_loss, recall_score

from artifacts.bundle.inference import logits_of
from artifacts.bundle.network import DocumentClassifier, new_network
from artifacts.bundle.preprocessing import Encoding
from artifacts.evaluation.encoded_table import EncodedTable
from artifacts.progress import Progress
from artifacts.sealing.calibrate import fit_temperature
from artifacts.training import batches, callbacks, fine_tuning
from artifacts.training.checkpoints import Checkpoints
from artifacts.training.fine_tuning import FineTuning, fine_tune
from artifacts.training.held_out_figures import held_out_figures
from artifacts.training.trainer import DocumentTrainer
from guards.errors import CallError
from guards.schema import CanonicalRow
from tests.patience import AGES_S

ONCE = FineTuning(epochs=1, seed=1, freeze_encoder=False, pretrained=False)
MARK = 7
"""The token that only documents of the second class have, in their last window."""


def new_classifier(seed: int = 1) -> DocumentClassifier:
    """Return a small network without dropout, whose training is the same however it is split."""
    torch.manual_seed(seed)
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
    made = new_network(encoder, columns_width=0, labels=("a", "b"), preprocessing_fingerprint="")
    made.dropout.p = 0.0
    return made


@pytest.fixture
def network() -> DocumentClassifier:
    """Return a small network."""
    return new_classifier()


def rows(documents: int, seed: int, *, share: float = 0.5, noise: float = 0.0) -> EncodedTable:
    """Make documents of two to four windows of eight tokens, the last of which tells the class.

    A ``share`` of them is of the second class; of a share ``noise`` the label is another.
    """
    generator = np.random.default_rng(seed)
    truth = (
        (np.arange(documents) % 100 < 100 * share).astype(np.int64)
        if share != 0.5
        else (np.arange(documents) % 2)
    )
    encodings = []
    for label in truth:
        ids = generator.integers(10, 20, size=(generator.integers(2, 5), 8))
        ids[-1, 2:6] = MARK + label
        encodings.append(Encoding(ids, np.zeros(0), CanonicalRow((), ()), 0, truncated=False))
    wrong = generator.random(documents) < noise
    return EncodedTable([{}] * documents, encodings, np.where(wrong, 1 - truth, truth))


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
    # A frozen encoder has ten times as many epochs.
    how = replace(ONCE, epochs=5 if frozen else 12, freeze_encoder=frozen)
    others = rows(60, 3)

    fine_tune(network, rows(160, 1), others, how, Checkpoints(tmp_path))

    answers = logits_of(network, others.encodings).argmax(axis=1)
    assert (answers == others.truth).mean() > 0.95


class Interrupted(Exception):
    """Stands for whatever ends a process."""


def interrupt_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Let the training stop as it begins this step, counted from 1."""
    steps = iter(range(1, 10_000))
    training_step = DocumentTrainer.training_step

    def interrupted(
        self: DocumentTrainer, model: torch.nn.Module, inputs: dict[str, Any], documents: int
    ) -> torch.Tensor:
        if next(steps) == step:
            raise Interrupted
        return training_step(self, model, inputs, documents)

    monkeypatch.setattr(DocumentTrainer, "training_step", interrupted)


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("step", [7, 9])
def test_a_resumed_training_ends_as_an_uninterrupted_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, step: int, *, frozen: bool
) -> None:
    """Interrupted between epochs or within one, the weights come out the same, to the bit."""
    # A frozen encoder has ten times as many epochs.
    how = replace(ONCE, epochs=1 if frozen else 3, freeze_encoder=frozen)
    whole, first, second = (new_classifier() for _ in range(3))
    for classifier in (whole, first, second):
        classifier.dropout.p = 0.1
    tuned = fine_tune(whole, rows(64, 1), rows(20, 2), how, Checkpoints(tmp_path / "whole"))

    monkeypatch.setattr(callbacks, "_SAVE_INTERVAL_S", 0.0 if step == 7 else AGES_S)
    with monkeypatch.context() as patch:
        interrupt_at(patch, step)
        with pytest.raises(Interrupted):
            fine_tune(first, rows(64, 1), rows(20, 2), how, Checkpoints(tmp_path / "parts"))
    resumed = Checkpoints(tmp_path / "parts", resume=True)
    again = fine_tune(second, rows(64, 1), rows(20, 2), how, resumed)

    assert again == tuned
    assert Path(resumed.to_resume() or "").name == f"checkpoint-{40 if frozen else 12}"
    for name, tensor in whole.state_dict().items():
        assert torch.equal(second.state_dict()[name], tensor), name


def test_the_best_epoch_is_kept(
    network: DocumentClassifier, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of a training that overfits, the weights are those with the lowest loss on other rows."""
    losses = measured(monkeypatch)
    how = replace(ONCE, epochs=20)

    tuned = fine_tune(network, *NOISY, how, Checkpoints(tmp_path))

    assert tuned.epochs == len(losses) == 20
    assert tuned.best_epoch == int(np.argmin(losses)) + 1 < 20
    calibrated = logits_of(network, NOISY[1].encodings)
    calibrated /= np.float32(fit_temperature(calibrated, NOISY[1].truth))
    assert log_loss(NOISY[1].truth, softmax(calibrated.astype(np.float64), axis=1)) == (
        pytest.approx(min(losses), abs=1e-6)
    )


def test_early_stopping_ends_after_epochs_without_a_better_one(
    network: DocumentClassifier, tmp_path: Path
) -> None:
    """The training ends so many epochs after its best, and is not gone on with when resumed."""
    how = replace(ONCE, epochs=40, early_stopping=3)

    tuned = fine_tune(network, *NOISY, how, Checkpoints(tmp_path))
    again = fine_tune(new_classifier(), *NOISY, how, Checkpoints(tmp_path, resume=True))

    assert tuned.epochs == tuned.best_epoch + 3 < 40
    assert again == tuned


def test_weights_let_a_rare_class_be_learnt(tmp_path: Path) -> None:
    """Weighted, a class of one in twenty-five is found, and probabilities are of rows as they are.

    Without weights a training as short finds none of it.
    """
    training, held_out = rows(400, 1, share=0.04), rows(200, 2, share=0.04)
    fresh = rows(400, 5, share=0.04)
    found = {}
    for balanced in (False, True):
        classifier = new_classifier()
        how = replace(ONCE, epochs=4, balanced=balanced)
        kept = Checkpoints(tmp_path / str(balanced))
        tuned = fine_tune(classifier, training, held_out, how, kept)
        logits = logits_of(classifier, held_out.encodings)
        temperature = tuned.temperature or fit_temperature(logits, held_out.truth)
        probabilities = softmax(logits_of(classifier, fresh.encodings) / temperature, axis=1)
        answers = probabilities.argmax(axis=1)
        found[balanced] = recall_score(fresh.truth, answers, zero_division=0.0)
        assert probabilities[:, 1].mean() == pytest.approx(fresh.truth.mean(), abs=0.02)

    assert found[False] == 0.0
    assert found[True] > 0.7


def test_bfloat16_leaves_float32_weights(tmp_path: Path) -> None:
    """Computed in bfloat16, the training comes to nearly the same weights, kept in float32."""
    exact, half = new_classifier(), new_classifier()
    training, held_out = rows(64, 1), rows(20, 2)

    fine_tune(exact, training, held_out, ONCE, Checkpoints(tmp_path / "exact"))
    how = replace(ONCE, bf16=True)
    fine_tune(half, training, held_out, how, Checkpoints(tmp_path / "half"))

    assert {tensor.dtype for tensor in half.state_dict().values()} == {torch.float32}
    answers = logits_of(half, held_out.encodings)
    assert not np.array_equal(answers, logits_of(exact, held_out.encodings))
    np.testing.assert_allclose(answers, logits_of(exact, held_out.encodings), atol=0.05)


def test_accumulated_batches_make_one_step(tmp_path: Path) -> None:
    """Four batches of four documents change the weights as one of sixteen does."""
    large, small = new_classifier(), new_classifier()
    training, held_out = rows(16, 1), rows(4, 2)

    how = replace(ONCE, epochs=3)
    fine_tune(large, training, held_out, how, Checkpoints(tmp_path / "large"))
    how = replace(how, batch_size=4, accumulate=4)
    fine_tune(small, training, held_out, how, Checkpoints(tmp_path / "small"))

    for name, tensor in large.state_dict().items():
        torch.testing.assert_close(small.state_dict()[name], tensor, atol=2e-5, rtol=1e-4)


def test_nothing_is_written_but_checkpoints_and_nobody_is_called(
    network: DocumentClassifier,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A training makes no connection, prints nothing, and leaves only its checkpoints behind."""

    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")  # noqa: EM101, TRY003 (of this test alone)

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.chdir(tmp_path)

    fine_tune(network, rows(40, 1), rows(4, 2), ONCE, Checkpoints(tmp_path / "kept"))

    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["checkpoint-3"]
    assert capfd.readouterr() == ("", "")


def test_a_training_that_diverges_is_told(
    network: DocumentClassifier, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Weights that are no longer finite are never sealed."""
    monkeypatch.setattr(fine_tuning, "_FRESH_RATE", 1e30)

    with pytest.raises(CallError, match="diverged"):
        fine_tune(network, rows(40, 1), rows(4, 2), ONCE, Checkpoints(tmp_path))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ACCELERATE_MIXED_PRECISION", "bf16"),
        ("ACCELERATE_MIXED_PRECISION", "nonsense"),
        ("ACCELERATE_USE_DEEPSPEED", "true"),
    ],
)
def test_the_environment_does_not_change_what_is_trained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str
) -> None:
    """Settings of the library below are not read, and are there as before afterwards."""
    usual, other = new_classifier(), new_classifier()
    training, held_out = rows(40, 1), rows(4, 2)
    fine_tune(usual, training, held_out, ONCE, Checkpoints(tmp_path / "usual"))

    monkeypatch.setenv(name, value)
    fine_tune(other, training, held_out, ONCE, Checkpoints(tmp_path / "other"))

    assert os.environ[name] == value
    for weight, tensor in usual.state_dict().items():
        assert torch.equal(other.state_dict()[weight], tensor), weight


def test_the_temperature_of_the_biases_is_returned_with_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The answers that are sealed have the log loss by which their epoch was chosen."""
    losses = measured(monkeypatch)
    training, held_out = rows(100, 1, share=0.1, noise=0.1), rows(60, 2, share=0.1, noise=0.1)
    network = new_classifier()
    how = replace(ONCE, epochs=4, balanced=True)

    tuned = fine_tune(network, training, held_out, how, Checkpoints(tmp_path))

    assert tuned.temperature is not None
    logits = logits_of(network, held_out.encodings).astype(np.float64)
    sealed = log_loss(held_out.truth, softmax(logits / tuned.temperature, axis=1))
    assert sealed == pytest.approx(min(losses), abs=1e-6)
    assert (
        fine_tune(
            new_classifier(), training, held_out, ONCE, Checkpoints(tmp_path / "none")
        ).temperature
        is None
    )


@pytest.mark.parametrize(
    "name", ["model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth"]
)
def test_a_damaged_checkpoint_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """A file that was cut off is named with its checkpoint, and what to do."""
    training, held_out, how = rows(40, 1), rows(4, 2), replace(ONCE, epochs=2)
    with monkeypatch.context() as patch:
        interrupt_at(patch, 5)
        with pytest.raises(Interrupted):
            fine_tune(new_classifier(), training, held_out, how, Checkpoints(tmp_path))
    cut = tmp_path / "checkpoint-3" / name
    cut.write_bytes(cut.read_bytes()[:20])

    with pytest.raises(CallError, match=r"checkpoint-3: cannot be read \(.+\); if .* delete it"):
        fine_tune(new_classifier(), training, held_out, how, Checkpoints(tmp_path, resume=True))


def test_figures_during_a_training_are_those_of_scikit_learn(
    network: DocumentClassifier, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """F1 is the macro average over the labels that are true or predicted."""
    shown: list[dict[str, str]] = []
    monkeypatch.setattr(Progress, "note", lambda _, **values: shown.append(values))
    held_out = rows(20, 2)

    fine_tune(network, rows(40, 1), held_out, ONCE, Checkpoints(tmp_path))

    answers = logits_of(network, held_out.encodings).argmax(axis=1)
    f1 = f1_score(held_out.truth, answers, average="macro", zero_division=0.0)
    assert shown[-1]["held_out_f1"] == f"{f1:.3f}"
    assert float(shown[-1]["loss"]) > 0
    assert shown[-1]["epoch"] == "1.0 of 1"


NOISY = (rows(40, 1, noise=0.5), rows(100, 2, noise=0.5))
"""Rows to train on and others, whose labels are drawn by chance: a long training overfits."""


def measured(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Collect the log loss on the held-out rows after each epoch."""
    losses: list[float] = []

    def recorded(logits: Any, truth: Any, weights: None) -> dict[str, float]:  # noqa: ANN401
        found = held_out_figures(logits, truth, weights)
        losses.append(found["log_loss"])
        return found

    monkeypatch.setattr(fine_tuning, "held_out_figures", recorded)
    return losses
