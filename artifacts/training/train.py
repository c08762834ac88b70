"""Train a bundle on a labelled table: fit the preprocessing, fine-tune the network, seal both."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from tqdm import tqdm

from artifacts.bundle.fingerprint import fingerprint_of
from artifacts.bundle.network import DocumentClassifier, new_network, positions_of, token_rows
from artifacts.bundle.preprocessing import Preprocessing
from artifacts.bundle.tokenizer import untruncated
from artifacts.bundle.truncation import Truncation
from artifacts.evaluation.encoded_table import encode_table
from artifacts.pretrained.encoder import check_base, network_on
from artifacts.pretrained.location import tokenizer_directory
from artifacts.pretrained.tokenizer import check_vocabulary, read_tokenizers
from artifacts.sealing.destination import check_destination
from artifacts.sealing.lineage import data_hash, lineage_of
from artifacts.sealing.measure_and_seal import (
    Classifier,
    SealingOptions,
    SealingReport,
    measure_and_seal,
)
from artifacts.tables import canonical_rows, numeric_columns
from artifacts.tables.labels import check_classes
from artifacts.training.categories import category_notes, known_categories
from artifacts.training.columns import fit_columns, with_training_gaps
from artifacts.training.fine_tuning import FineTuning, fine_tune
from artifacts.training.wordpiece import learn_tokenizer
from guards.errors import CallError, TableError
from guards.schema import CanonicalRow, CategoricalColumn, Schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenizers import Tokenizer

    from artifacts.pretrained.tokenizer import PretrainedTokenizer, TokenizerFrom
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

    ``tokenizer_from`` settles which reading of its tokenizer's files counts, where they differ.
    """

    base: str | None = None
    tokenizer_from: TokenizerFrom | None = None
    epochs: int = 3
    max_length: int = 256
    long: Long = "head"
    freeze_encoder: bool = False
    seed: int = 0


def train(
    table: Table,
    roles: ColumnRoles,
    destination: Path,
    options: TrainingOptions,
    validation: Table | None = None,
) -> SealingReport:
    """Train a bundle on ``table`` and seal it at ``destination``.

    The preprocessing is fitted on training rows alone; temperature, figures and reference come
    from the held-out rows: ``validation``, or else the last rows of a table with a time column, or
    else a seeded split. The temperature is a single parameter, so the calibration error on the
    same rows is only slightly too low. Raises ``TableError`` and ``CallError``.
    """
    check_destination(destination)
    check_classes(table.labels, roles.label, table.name)
    notes = [] if options.base is None else check_base(options.base)
    training, held_out = _split(table, roles, options, validation)
    rows = canonical_rows(training, roles.open_schema())
    schema = _schema(roles, rows, _labels(training, held_out))
    notes += _category_notes(schema, rows)
    held_out_rows = canonical_rows(held_out, schema)
    torch.manual_seed(options.seed)
    read = _base_tokenizer(options)
    notes += [] if read is None else read.notes
    preprocessing = Preprocessing(
        schema,
        fit_columns(schema, rows),
        _new_tokenizer(training) if read is None else read.tokenizer,
        Truncation(options.max_length, options.long),
    )
    width = len(preprocessing.encode([""], rows[:1])[0].columns)
    network = _network(preprocessing, width, options)
    if read is not None:
        check_vocabulary(str(options.base), token_rows(network), read.tokenizer)
    gapped = with_training_gaps(rows, np.random.default_rng(options.seed))
    encoded = encode_table(preprocessing, held_out, held_out_rows)
    fine_tune(
        network,
        encode_table(preprocessing, training, gapped),
        encoded,
        FineTuning(options.epochs, options.seed, options.freeze_encoder, options.base is not None),
    )
    lineage = _lineage(table, validation, roles, options)
    lineage["tokenizer_from"] = None if read is None else read.tokenizer_from
    report = measure_and_seal(
        destination, Classifier(preprocessing, network), encoded, lineage, options
    )
    return replace(report, notes=(*notes, *report.notes))


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
        missing=roles.missing,
    )


def _category_notes(schema: Schema, rows: Sequence[CanonicalRow]) -> list[str]:
    """Return the notes on categorical columns, after writing them to standard error.

    They are worth stopping for, before anything is fitted.
    """
    notes = [
        note
        for index, column in enumerate(schema.categorical)
        for note in category_notes(
            column.name, [row.categories[index] for row in rows], column.categories
        )
    ]
    for note in notes:
        tqdm.write(f"note: {note}", file=sys.stderr)
    return notes


def _new_tokenizer(training: Table) -> Tokenizer:
    texts = [document["text"] for document in training.documents]
    return untruncated(learn_tokenizer(texts, _SMALL_VOCABULARY))


def _base_tokenizer(options: TrainingOptions) -> PretrainedTokenizer | None:
    if options.base is None:
        if options.tokenizer_from is not None:
            message = "--tokenizer-from says how to read the tokenizer of a --base; there is none"
            raise CallError(message)
        return None
    directory = tokenizer_directory(options.base)
    return read_tokenizers(directory, f"--base {options.base}", options.tokenizer_from)[1]


def _network(
    preprocessing: Preprocessing, width: int, options: TrainingOptions
) -> DocumentClassifier:
    fingerprint, labels = fingerprint_of(preprocessing), preprocessing.schema.labels
    if options.base is None:
        small = {**SMALL_ENCODER, "vocab_size": preprocessing.tokenizer.get_vocab_size()}
        network = new_network(
            small, columns_width=width, labels=labels, preprocessing_fingerprint=fingerprint
        )
    else:
        network = network_on(
            options.base,
            options.max_length,
            columns_width=width,
            labels=labels,
            preprocessing_fingerprint=fingerprint,
        )
    positions = positions_of(network.config.encoder)
    if positions is not None and options.max_length > positions:
        message = f"--max-length {options.max_length}: the base has {positions} positions"
        raise CallError(message)
    return network


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
        freeze_encoder=options.freeze_encoder,
    )
