"""Seal a model and columns that were trained elsewhere."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from artifacts.bundle.fingerprint import fingerprint_of
from artifacts.bundle.network import model_of
from artifacts.bundle.opening import open_bundle
from artifacts.evaluation.encoded_table import EncodedTable, encode_table
from artifacts.imported.agreement import check_agreement
from artifacts.imported.columns import ImportedColumns, read_columns
from artifacts.imported.labels import labels_of
from artifacts.imported.model import ImportedModel, read_model
from artifacts.imported.preprocessing import import_preprocessing
from artifacts.sealing.destination import check_destination
from artifacts.sealing.lineage import lineage_of
from artifacts.sealing.measure_and_seal import (
    Classifier,
    SealingOptions,
    SealingReport,
    measure_and_seal,
)
from artifacts.tables import canonical_rows
from guards.errors import CallError, Finding, GuardRefused, TableError, first_line
from guards.integrity.requirements import Requirements

if TYPE_CHECKING:
    from pathlib import Path

    from artifacts.bundle.network import Network
    from artifacts.bundle.preprocessing import Encoding, Preprocessing
    from artifacts.pretrained.tokenizer import TokenizerFrom
    from artifacts.tables import ColumnRoles, Table
    from guards.json_types import JsonObject
    from guards.schema import Schema

__all__ = ["ImportOptions", "import_model"]


@dataclass(frozen=True, slots=True)
class ImportOptions(SealingOptions):
    """What to seal, and how.

    ``trusted`` are globals that the columns may load beyond the allowlist, and ``accepted`` are
    other versions of scikit-learn that they may have been fitted under. ``tokenizer_from`` settles
    which reading of the tokenizer's files counts, where they differ.
    """

    model: Path
    columns: Path | None = None
    max_length: int | None = None
    tokenizer_from: TokenizerFrom | None = None
    calibrate: bool = True
    trusted: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    accept_labels: bool = field(default=False, kw_only=True)


def import_model(
    table: Table, roles: ColumnRoles, destination: Path, options: ImportOptions
) -> SealingReport:
    """Seal a bundle at ``destination``; ``table`` holds labelled rows that training did not see.

    Temperature, figures and reference come from ``table``. The bundle is opened once as a service
    would, and removed if that fails. Raises ``TableError``, ``CallError``, and ``GuardRefused`` for
    a model or columns that would not answer as they did in training.
    """
    check_destination(destination)
    columns = _read_columns(roles, options)
    model = read_model(options.model, options.max_length, options.tokenizer_from, table)
    outputs = model.network.config.num_labels or 0
    labels, named = labels_of(model.config, outputs, table.labels, f"--model {options.model}")
    preprocessing, notes = import_preprocessing(table, roles, model, columns, labels)
    _bind(model.network, preprocessing, options.model)
    check_agreement(options.model, model, table)
    table, left_out = _answerable(table, preprocessing.schema)
    encoded = _encode(preprocessing, table)
    _check_width(model.network, encoded.encodings[0], options.model)
    temperature = None if options.calibrate else 1.0
    trusted = () if columns is None else columns.trusted
    classifier = Classifier(preprocessing, model.network, temperature, trusted)
    lineage = _lineage(table, roles, options, model, columns)
    report = measure_and_seal(destination, classifier, encoded, lineage, options)
    _open_once(destination, options)
    return replace(report, notes=(*model.notes, *named, *notes, *left_out, *report.notes))


def _read_columns(roles: ColumnRoles, options: ImportOptions) -> ImportedColumns | None:
    if options.columns is not None:
        return read_columns(options.columns, roles, options.trusted, options.accepted)
    if roles.features:
        message = f"column {roles.features[0]!r} needs --columns, the estimator that encodes it"
        raise CallError(message)
    return None


def _bind(network: Network, preprocessing: Preprocessing, model: Path) -> None:
    """Write fingerprint and labels into the network; refuse one that was trained with others."""
    config = model_of(network).config
    fingerprint = fingerprint_of(preprocessing)
    trained_with = getattr(config, "preprocessing_fingerprint", "")
    if trained_with not in ("", fingerprint):
        finding = Finding(
            code="preprocessing_mismatch",
            subject="model weights",
            expected=f"trained with the preprocessing that is given, {fingerprint}",
            observed=f"trained with {trained_with}",
            remedy="give the columns, tokenizer and labels that the weights were trained with",
        )
        raise GuardRefused(str(model), [finding])
    config.preprocessing_fingerprint = fingerprint
    config.id2label = dict(enumerate(preprocessing.schema.labels))
    config.label2id = {label: index for index, label in config.id2label.items()}


def _answerable(table: Table, schema: Schema) -> tuple[Table, list[str]]:
    """Return the rows that a service would answer, and a note if some are left out."""
    kept = [
        index
        for index, document in enumerate(table.documents)
        if not schema.canonical(document["features"])[1]
    ]
    if len(kept) == len(table):
        return table, []
    count = len(table) - len(kept)
    return table.take(kept), [f"{count} of {len(table)} rows would be refused, and are left out"]


def _encode(preprocessing: Preprocessing, table: Table) -> EncodedTable:
    rows = canonical_rows(table, preprocessing.schema)
    try:
        return encode_table(preprocessing, table, rows)
    except Exception as error:  # noqa: BLE001 (an estimator of somebody's making may raise anything)
        message = f"{table.name}: the columns cannot encode its rows: {first_line(error)}"
        raise TableError(message) from None


def _check_width(network: Network, encoding: Encoding, model: Path) -> None:
    width = getattr(network.config, "columns_width", None)
    if width not in (None, len(encoding.columns)):
        finding = Finding(
            code="width_mismatch",
            subject="columns",
            expected=f"{width} encoded columns, as the network takes",
            observed=f"{len(encoding.columns)}",
            remedy="give the columns that the model was trained with",
        )
        raise GuardRefused(str(model), [finding])


def _open_once(destination: Path, options: ImportOptions) -> None:
    """Verify the bundle as a service would at its start, and remove it if that fails."""
    try:
        open_bundle(destination, Requirements(trusted=options.trusted))
    except BaseException:
        shutil.rmtree(destination)
        raise


def _lineage(
    table: Table,
    roles: ColumnRoles,
    options: ImportOptions,
    model: ImportedModel,
    columns: ImportedColumns | None,
) -> JsonObject:
    config = (options.model / "config.json").read_bytes()
    return lineage_of(
        table,
        roles,
        options.model.resolve().name,
        tokenizer_from=model.tokenizer_from,
        sealed_from={
            "config_sha256": hashlib.sha256(config).hexdigest(),
            "columns_sha256": None if columns is None else columns.sha256,
            "columns_fitted_under": [] if columns is None else list(columns.fitted_under),
            "max_length_from": model.max_length_from,
        },
    )
