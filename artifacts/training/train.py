"""Train a bundle on a labelled table: fit the preprocessing, fine-tune the network, seal both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from tokenizers import Tokenizer

from artifacts.bundle.fingerprint import fingerprint_of
from artifacts.bundle.network import DocumentClassifier, new_network, positions_of
from artifacts.bundle.preprocessing import Preprocessing
from artifacts.bundle.tokenizer import check_empty_text, untruncated
from artifacts.bundle.truncation import Truncation
from artifacts.evaluation.encoded_table import encode_table
from artifacts.progress import Progress
from artifacts.sealing.lineage import data_hash, lineage_of
from artifacts.sealing.measure_and_seal import (
    Classifier,
    SealingOptions,
    SealingReport,
    measure_and_seal,
)
from artifacts.sealing.seal import check_destination
from artifacts.tables import canonical_rows, numeric_columns
from artifacts.training.checkpoints import Checkpoints
from artifacts.training.columns import fit_columns, known_categories, with_training_gaps
from artifacts.training.fine_tuning import FineTuned, FineTuning, check_available, fine_tune
from artifacts.training.wordpiece import learn_tokenizer
from guards.errors import CallError, TableError, first_line
from guards.schema import CanonicalRow, CategoricalColumn, Schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from artifacts.tables import ColumnRoles, Table
    from guards.bundle.manifest import Long
    from guards.json_types import JsonObject

__all__ = ["TrainingOptions", "share_of_each_class", "train"]

SMALL_ENCODER = {
    "model_type": "bert",
    "hidden_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 512,
    "max_position_embeddings": 512,
}
"""The BERT that is trained from scratch without a base."""

_SMALL_VOCABULARY = 4000
_HELD_OUT_SHARE = 0.15
_FEWEST_HELD_OUT = 2


@dataclass(frozen=True, slots=True)
class TrainingOptions(SealingOptions):
    """How to train; ``base`` is a model's directory or hub id, None for a small new BERT.

    The training options are those of ``FineTuning``. ``checkpoints`` is the directory that they are
    kept in until the bundle is sealed, by default a hidden one beside it; with ``resume`` an
    interrupted training goes on from the last one there.
    """

    base: str | None = None
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


def train(
    table: Table,
    roles: ColumnRoles,
    destination: Path,
    options: TrainingOptions,
    validation: Table | None = None,
) -> SealingReport:
    """Train a bundle on ``table`` and seal it at ``destination``.

    The preprocessing is fitted on training rows alone; best epoch, temperature, figures and
    reference come from the held-out rows: ``validation``, or else the last rows of a table with a
    time column, or else a seeded split. As they choose epoch and temperature too, the figures are
    slightly too good. Raises ``TableError`` and ``CallError``.
    """
    check_destination(destination)
    if options.freeze_encoder and options.base is None:
        message = "--freeze-encoder: there is no --base, and an untrained encoder would be frozen"
        raise CallError(message)
    check_available(_fine_tuning(options))
    checkpoints = Checkpoints.of(destination, options.checkpoints, resume=options.resume)
    training, held_out = _split(table, roles, options, validation)
    rows = canonical_rows(training, roles.open_schema())
    schema = _schema(roles, rows, _labels(training, held_out))
    held_out_rows = canonical_rows(held_out, schema)
    torch.manual_seed(options.seed)
    with Progress("fitting the preprocessing"):
        preprocessing = Preprocessing(
            schema,
            fit_columns(schema, rows),
            _tokenizer(options.base, training),
            Truncation(options.max_length, options.long),
        )
    width = len(preprocessing.encode([""], rows[:1])[0].columns)
    network = _network(preprocessing, width, options)
    lineage = _lineage(table, validation, roles, options)
    checkpoints.record(_record(lineage, preprocessing, options))
    gapped = with_training_gaps(rows, np.random.default_rng(options.seed))
    with Progress("encoding"):
        to_learn = encode_table(preprocessing, training, gapped)
        encoded = encode_table(preprocessing, held_out, held_out_rows)
    tuned = fine_tune(network, to_learn, encoded, _fine_tuning(options), checkpoints)
    lineage |= {"epochs_trained": tuned.epochs, "best_epoch": tuned.best_epoch}
    report = measure_and_seal(
        destination, Classifier(preprocessing, network), encoded, lineage, options
    )
    checkpoints.remove()
    return replace(report, notes=(*_notes(tuned), *report.notes))


def _split(
    table: Table, roles: ColumnRoles, options: TrainingOptions, validation: Table | None
) -> tuple[Table, Table]:
    if validation is not None:
        return table, validation
    held_out = max(_FEWEST_HELD_OUT, round(len(table) * _HELD_OUT_SHARE))
    if len(table) - held_out < _FEWEST_HELD_OUT:
        message = f"{len(table)} rows are too few to train on and hold some out"
        raise TableError(message)
    indices = range(len(table))
    if roles.time is not None:
        return table.take(indices[:-held_out]), table.take(indices[-held_out:])
    share = share_of_each_class(table.labels, options.seed)
    if not share:
        message = "no class has rows enough to hold some out; give --validation"
        raise TableError(message)
    return table.take(sorted({*indices} - share)), table.take(sorted(share))


def share_of_each_class(labels: Sequence[str], seed: int) -> set[int]:
    """Return rows to hold out, the same share of each class, none of a class with few rows."""
    generator = np.random.default_rng(seed)
    values = np.array(labels)
    share: set[int] = set()
    for label in sorted(set(labels)):
        indices = generator.permutation(np.flatnonzero(values == label))
        share.update(indices[: round(len(indices) * _HELD_OUT_SHARE)].tolist())
    return share


def _labels(training: Table, held_out: Table) -> tuple[str, ...]:
    labels = tuple(sorted(set(training.labels)))
    if len(labels) < 2:  # noqa: PLR2004 (two classes make a choice)
        message = f"the training rows hold one class only, {labels[0]!r}; a classifier needs two"
        raise TableError(message)
    unknown = sorted(set(held_out.labels) - set(labels))
    if unknown:
        message = f"the held-out rows have label {unknown[0]!r}, which the training rows lack"
        raise TableError(message)
    return labels


def _schema(roles: ColumnRoles, rows: Sequence[CanonicalRow], labels: tuple[str, ...]) -> Schema:
    return Schema(
        text=roles.text,
        numeric=numeric_columns(roles, rows),
        categorical=tuple(
            CategoricalColumn(
                name,
                known_categories(row.categories[index] for row in rows),
                private=name in roles.private,
            )
            for index, name in enumerate(roles.categorical)
        ),
        labels=labels,
    )


def _tokenizer(base: str | None, training: Table) -> Tokenizer:
    if base is None:
        texts = [document["text"] for document in training.documents]
        return untruncated(learn_tokenizer(texts, _SMALL_VOCABULARY))
    file = Path(base) / "tokenizer.json"
    try:
        tokenizer = (
            Tokenizer.from_file(str(file)) if file.is_file() else Tokenizer.from_pretrained(base)
        )
    except Exception as error:  # noqa: BLE001 (the library raises bare exceptions)
        message = f"--base {base}: no tokenizer.json there: {first_line(error)}"
        raise CallError(message) from None
    check_empty_text(untruncated(tokenizer), f"--base {base}")
    return tokenizer


def _network(
    preprocessing: Preprocessing, width: int, options: TrainingOptions
) -> DocumentClassifier:
    small = {**SMALL_ENCODER, "vocab_size": preprocessing.tokenizer.get_vocab_size()}
    try:
        network = new_network(
            options.base,
            small,
            columns_width=width,
            labels=preprocessing.schema.labels,
            preprocessing_fingerprint=fingerprint_of(preprocessing),
        )
    except (OSError, ValueError) as error:
        message = f"--base {options.base}: no model there: {first_line(error)}"
        raise CallError(message) from None
    positions = positions_of(network.config.encoder)
    if positions is not None and options.max_length > positions:
        message = f"--max-length {options.max_length}: the base has {positions} positions"
        raise CallError(message)
    return network


def _fine_tuning(options: TrainingOptions) -> FineTuning:
    return FineTuning(
        epochs=options.epochs,
        seed=options.seed,
        freeze_encoder=options.freeze_encoder,
        pretrained=options.base is not None,
        batch_size=options.batch_size,
        accumulate=options.accumulate,
        balanced=options.class_weights == "balanced",
        early_stopping=options.early_stopping,
        bf16=options.bf16,
        report_to=options.report_to,
    )


def _record(
    lineage: JsonObject, preprocessing: Preprocessing, options: TrainingOptions
) -> JsonObject:
    """Return what must be the same for a training to be resumed."""
    return {
        **{name: value for name, value in lineage.items() if name != "code_commit"},
        "base": options.base,
        "max_length": options.max_length,
        "long": options.long,
        "accumulate": options.accumulate,
        "early_stopping": options.early_stopping,
        "bf16": options.bf16,
        "preprocessing": fingerprint_of(preprocessing),
    }


def _notes(tuned: FineTuned) -> tuple[str, ...]:
    if tuned.best_epoch == tuned.epochs:
        return ()
    kept = f"the weights are those of epoch {tuned.best_epoch} of {tuned.epochs}"
    return (f"{kept}, which had the lowest log loss on the held-out rows",)


def _lineage(
    table: Table, validation: Table | None, roles: ColumnRoles, options: TrainingOptions
) -> JsonObject:
    return lineage_of(
        table,
        roles,
        None if options.base is None else Path(options.base).name,
        validation=None if validation is None else data_hash(validation),
        seed=options.seed,
        epochs=options.epochs,
        batch_size=options.batch_size * options.accumulate,
        class_weights=options.class_weights,
        freeze_encoder=options.freeze_encoder,
    )
