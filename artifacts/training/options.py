"""How to train a bundle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from artifacts.sealing.measure_and_seal import SealingOptions
from artifacts.training.base_options import check_base_options
from artifacts.training.fine_tuning import FineTuning, check_available
from artifacts.training.launcher import check_launcher
from artifacts.training.trackers import trackers_of

if TYPE_CHECKING:
    from pathlib import Path

    from artifacts.pretrained.tokenizer import TokenizerFrom
    from guards.bundle.manifest import Long

__all__ = ["TrainingOptions", "check_options"]


@dataclass(frozen=True, slots=True)
class TrainingOptions(SealingOptions):
    """How to train; ``base`` is a model's directory or hub id, None for a small new BERT.

    ``tokenizer_from`` settles which reading of its tokenizer's files counts, where they differ. The
    training options are those of ``FineTuning``. ``checkpoints`` is the directory that they are
    kept in until the bundle is sealed, by default a hidden one beside it; with ``resume`` an
    interrupted training goes on from the last one there.
    """

    base: str | None = None
    tokenizer_from: TokenizerFrom | None = None
    epochs: int = 3
    max_length: int = 256
    long: Long = "head"
    freeze_encoder: bool = False
    seed: int = 0
    batch_size: int = 16
    accumulate: int = 1
    class_weights: Literal["balanced"] | None = None
    early_stopping: int | None = None
    bf16: bool | None = None
    report_to: tuple[str, ...] = ()
    checkpoints: Path | None = None
    resume: bool = False

    @property
    def fine_tuning(self) -> FineTuning:
        """The options that the training itself takes."""
        return FineTuning(
            epochs=self.epochs,
            seed=self.seed,
            freeze_encoder=self.freeze_encoder,
            pretrained=self.base is not None,
            batch_size=self.batch_size,
            accumulate=self.accumulate,
            balanced=self.class_weights == "balanced",
            early_stopping=self.early_stopping,
            bf16=self.bf16,
            report_to=trackers_of(self.report_to),
        )


def check_options(options: TrainingOptions) -> None:
    """Raise ``CallError`` for options that contradict each other, or that cannot be met here."""
    check_base_options(
        options.base, freeze_encoder=options.freeze_encoder, tokenizer_from=options.tokenizer_from
    )
    check_launcher()
    check_available(options.fine_tuning)
