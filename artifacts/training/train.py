"""Train a bundle on a labelled table: fit the preprocessing, fine-tune the network, seal both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from artifacts.bundle.fingerprint import fingerprint_of
from artifacts.bundle.network import token_rows
from artifacts.bundle.preprocessing import Preprocessing
from artifacts.bundle.truncation import Truncation
from artifacts.evaluation.encoded_table import encode_table
from artifacts.pretrained.encoder import check_base
from artifacts.pretrained.tokenizer import check_vocabulary
from artifacts.progress import Progress
from artifacts.sealing.destination import check_destination
from artifacts.sealing.lineage import data_hash, lineage_of
from artifacts.sealing.measure_and_seal import Classifier, SealingReport, measure_and_seal
from artifacts.tables import canonical_rows, numeric_columns
from artifacts.tables.labels import check_classes, class_notes
from artifacts.training.categories import known_categories, notes_of_categories
from artifacts.training.checkpoints import Checkpoints
from artifacts.training.columns import fit_columns, with_training_gaps
from artifacts.training.fine_tuning import FineTuned, fine_tune, precision_of
from artifacts.training.held_out import notes_of_overlap, split
from artifacts.training.options import TrainingOptions, check_options
from artifacts.training.starting_point import base_tokenizer, network_of, new_tokenizer
from guards.errors import TableError
from guards.schema import CanonicalRow, CategoricalColumn, Schema

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from artifacts.tables import ColumnRoles, Table
    from guards.json_types import JsonObject

__all__ = ["train"]


def train(  # noqa: PLR0913 (what is trained, how, and who is told)
    table: Table,
    roles: ColumnRoles,
    destination: Path,
    options: TrainingOptions,
    validation: Table | None = None,
    *,
    on_note: Callable[[str], object] = lambda _note: None,
) -> SealingReport:
    """Train a bundle on ``table`` and seal it at ``destination``.

    The preprocessing is fitted on training rows alone; best epoch, temperature, figures and
    reference come from the held-out rows: ``validation``, or else the last rows of a table with a
    time column, or else a seeded split. As they choose epoch and temperature too, the figures are
    slightly too good. ``on_note`` is called with each note that is worth stopping for, before
    anything is fitted. Raises ``TableError``, ``CallError``, and ``GuardRefused`` for a base that
    would not be what it was in its own training.
    """
    check_destination(destination)
    check_options(options)
    check_classes(table.labels, roles.label, table.name)
    checkpoints = Checkpoints.of(destination, options.checkpoints, resume=options.resume)
    notes = [*class_notes(table.labels, roles.label)]
    notes += [] if options.base is None else check_base(options.base)
    if validation is None:
        training, held_out = split(table, options.seed, by_time=roles.time is not None)
    else:
        training, held_out = table, validation
    rows = canonical_rows(training, roles.open_schema())
    schema = _schema(roles, rows, _labels(training, held_out))
    held_out_rows = canonical_rows(held_out, schema)
    torch.manual_seed(options.seed)
    read = base_tokenizer(options, table)
    notes += notes_of_categories(schema, rows)
    notes += notes_of_overlap(training, held_out)
    notes += [] if read is None else read.notes
    for note in notes:
        on_note(note)
    with Progress("fitting the preprocessing"):
        preprocessing = Preprocessing(
            schema,
            fit_columns(schema, rows),
            new_tokenizer(training) if read is None else read.tokenizer,
            Truncation(options.max_length, options.long),
        )
    width = len(preprocessing.encode([""], rows[:1])[0].columns)
    network = network_of(preprocessing, width, options)
    if read is not None:
        check_vocabulary(str(options.base), token_rows(network), read.tokenizer)
    lineage = _lineage(table, validation, roles, options)
    lineage["tokenizer_from"] = None if read is None else read.tokenizer_from
    with checkpoints.until_sealed(_record(lineage, preprocessing, options)):
        gapped = with_training_gaps(rows, np.random.default_rng(options.seed))
        to_learn = encode_table(preprocessing, training, gapped)
        encoded = encode_table(preprocessing, held_out, held_out_rows)
        tuned = fine_tune(network, to_learn, encoded, options.fine_tuning, checkpoints)
        lineage |= {"epochs_trained": tuned.epochs, "best_epoch": tuned.best_epoch}
        classifier = Classifier(preprocessing, network, tuned.temperature)
        report = measure_and_seal(destination, classifier, encoded, lineage, options)
    return replace(report, notes=(*notes, *_notes(tuned), *report.notes))


def _labels(training: Table, held_out: Table) -> tuple[str, ...]:
    labels = tuple(sorted(set(training.labels)))
    if len(labels) < 2:  # noqa: PLR2004 (two classes make a choice)
        message = f"the training rows hold one class only, {labels[0]!r}; a classifier needs two"
        raise TableError(message)
    unknown = sorted(set(held_out.labels) - set(labels))
    if unknown:
        message = (
            f"the held-out rows have label {unknown[0]!r}, which the training rows lack: hold "
            "other rows out with --validation, or leave out the rows with that label"
        )
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
                missing=roles.own_markers(name),
            )
            for index, name in enumerate(roles.categorical)
        ),
        labels=labels,
        missing=roles.missing,
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
        precision=precision_of(options.fine_tuning),
    )
