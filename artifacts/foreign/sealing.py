"""Seal a model, and columns, that were trained elsewhere."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from artifacts.acceleration.building import HeldOut, build_if_possible
from artifacts.evaluation import evaluate, plain_figures
from artifacts.foreign.columns import ForeignColumns, read_columns
from artifacts.foreign.model import ForeignModel, labels_of, read_model
from artifacts.foreign.preprocessing import judged_preprocessing
from artifacts.inference import logits_of, softmax
from artifacts.network import model_of
from artifacts.opening import open_bundle
from artifacts.probing import probe_documents
from artifacts.referencing import build_reference
from artifacts.sealing import Sealable, check_destination, code_commit, fingerprint_of, seal
from artifacts.tables import canonical_rows
from artifacts.training import data_hash, fit_temperature
from guards.errors import CallError, Finding, GuardRefused, TableError, first_line
from guards.integrity import Demands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from artifacts.acceleration.building import Accelerated
    from artifacts.network import Network
    from artifacts.preprocessing import Encoding, Preprocessing
    from artifacts.tables import ColumnRoles, Table
    from guards.schema import Schema

__all__ = ["SealingOptions", "SealingReport", "seal_foreign"]

_CHUNK = 64


@dataclass(frozen=True, slots=True)
class SealingOptions:
    """What to seal and how.

    ``trusted`` are globals that the columns may load beyond the allowlist, and ``accepted`` other
    versions of scikit-learn that they may have been fitted under.
    """

    model: Path
    columns: Path | None = None
    max_length: int | None = None
    calibrate: bool = True
    trusted: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    name: str | None = None
    version: str | None = None
    accelerate: bool = True


@dataclass(frozen=True, slots=True)
class SealingReport:
    """What came out: the root fingerprint, figures on the reference table, and notes to read."""

    fingerprint: str
    metrics: dict[str, Any]
    notes: tuple[str, ...]


def seal_foreign(
    table: Table, roles: ColumnRoles, destination: Path, options: SealingOptions
) -> SealingReport:
    """Seal at ``destination``; ``table`` holds labelled rows that training did not see.

    Temperature, figures and reference come from it. Raises ``TableError``, ``CallError``, and
    ``GuardRefused`` for a model or columns that would not do in service what they did in training.
    The bundle is opened once more before it stays.
    """
    check_destination(destination)
    columns = _read_columns(roles, options)
    model = read_model(options.model, options.max_length)
    labels = labels_of(model.network, table.labels)
    preprocessing, notes = judged_preprocessing(table, roles, model, columns, labels)
    _bind(model.network, preprocessing, options.model)
    table, left_out = _answerable(table, preprocessing.schema)
    notes += left_out
    encodings = _encode(preprocessing, table)
    _check_width(model.network, encodings[0], options.model)
    logits = _logits(model.network, encodings)
    truth = np.array([labels.index(label) for label in table.labels])
    temperature = fit_temperature(logits, truth) if options.calibrate else 1.0
    probabilities = softmax(logits / np.float32(temperature))
    figures = plain_figures(evaluate(probabilities, truth, labels))
    held_out = HeldOut(encodings, probe_documents(table.documents, preprocessing.schema))
    accelerated: list[Accelerated] = []
    if options.accelerate:
        accelerated, built = build_if_possible(model.network, temperature, preprocessing, held_out)
        notes += built
    what = Sealable(
        preprocessing=preprocessing,
        network=model.network,
        temperature=temperature,
        reference=build_reference(preprocessing.schema, encodings, probabilities, truth),
        probe_documents=held_out.probe_documents,
        lineage=_lineage(table, roles, options, model, columns),
        metrics=figures,
        trusted=options.trusted,
        accelerated=accelerated,
    )
    fingerprint = seal(destination, what, options.name, options.version)
    _open_once(destination, options)
    return SealingReport(fingerprint, figures, tuple(notes))


def _read_columns(roles: ColumnRoles, options: SealingOptions) -> ForeignColumns | None:
    if options.columns is not None:
        return read_columns(options.columns, roles, options.trusted, options.accepted)
    if roles.features:
        message = f"column {roles.features[0]!r} needs --columns, the estimator that encodes it"
        raise CallError(message)
    return None


def _bind(network: Network, preprocessing: Preprocessing, model: Path) -> None:
    """Write fingerprint and labels into the network, unless it was trained with others."""
    config = model_of(network).config
    fingerprint = fingerprint_of(preprocessing)
    trained_with = getattr(config, "preprocessing_fingerprint", "")
    if trained_with not in ("", fingerprint):
        raise GuardRefused(
            str(model),
            [
                Finding(
                    code="preprocessing_mismatch",
                    subject="model weights",
                    expected=f"trained with the preprocessing that is given, {fingerprint}",
                    observed=f"trained with {trained_with}",
                    remedy="give the columns, tokenizer and labels that the weights were trained "
                    "with",
                )
            ],
        )
    config.preprocessing_fingerprint = fingerprint
    config.id2label = dict(enumerate(preprocessing.schema.labels))
    config.label2id = {label: place for place, label in config.id2label.items()}


def _answerable(table: Table, schema: Schema) -> tuple[Table, list[str]]:
    """Leave out the rows that the service would refuse, and say how many."""
    kept = [
        place
        for place, document in enumerate(table.documents)
        if not schema.canonical(document["features"])[1]
    ]
    if len(kept) == len(table):
        return table, []
    left = len(table) - len(kept)
    return table.take(kept), [f"{left} of {len(table)} rows would be refused, and are left out"]


def _encode(preprocessing: Preprocessing, table: Table) -> list[Encoding]:
    texts = [document["text"] for document in table.documents]
    rows = canonical_rows(table, preprocessing.schema)
    try:
        return preprocessing.encode(texts, rows)
    except Exception as error:  # noqa: BLE001 (an estimator of somebody's making may raise anything)
        message = f"{table.name}: the columns cannot encode its rows: {first_line(error)}"
        raise TableError(message) from None


def _logits(network: Network, encodings: Sequence[Encoding]) -> NDArray[np.float32]:
    starts = tqdm(range(0, len(encodings), _CHUNK), disable=None, desc="answering", unit="batch")
    return np.concatenate([logits_of(network, encodings[at : at + _CHUNK]) for at in starts])


def _check_width(network: Network, encoding: Encoding, model: Path) -> None:
    width = getattr(network.config, "columns_width", None)
    if width not in (None, len(encoding.columns)):
        raise GuardRefused(
            str(model),
            [
                Finding(
                    code="width_mismatch",
                    subject="columns",
                    expected=f"{width} encoded columns, as the network takes",
                    observed=f"{len(encoding.columns)}",
                    remedy="give the columns that the model was trained with",
                )
            ],
        )


def _open_once(destination: Path, options: SealingOptions) -> None:
    """Judge the bundle as a start would; what does not pass does not stay."""
    try:
        open_bundle(destination, Demands(trusted=options.trusted))
    except BaseException:
        shutil.rmtree(destination)
        raise


def _lineage(
    table: Table,
    roles: ColumnRoles,
    options: SealingOptions,
    model: ForeignModel,
    columns: ForeignColumns | None,
) -> dict[str, Any]:
    config = (options.model / "config.json").read_bytes()
    return {
        "data": data_hash(table),
        "rows": len(table),
        "label_column": roles.label,
        "base": options.model.resolve().name,
        "sealed_from": {
            "config_sha256": hashlib.sha256(config).hexdigest(),
            "columns_sha256": None if columns is None else columns.sha256,
            "columns_fitted_under": [] if columns is None else list(columns.fitted_under),
            "max_length_from": model.max_length_from,
        },
        "code_commit": code_commit(Path(__file__).parent),
        "parent": None,
    }
