"""From a labelled table to a sealed bundle: fit, fine-tune, calibrate, build the reference."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from tokenizers import Tokenizer

from artifacts.acceleration.building import HeldOut, build_if_possible
from artifacts.columns import fit_columns, known_categories, numeric_range, with_training_gaps
from artifacts.cut import Cut
from artifacts.evaluation import evaluate, plain_figures
from artifacts.fine_tuning import FineTuning, Rows, fine_tune
from artifacts.inference import logits_of, softmax
from artifacts.network import DocumentClassifier, new_network, positions_of
from artifacts.preprocessing import Encoding, Preprocessing
from artifacts.probing import probe_documents
from artifacts.referencing import build_reference
from artifacts.sealing import Sealable, check_destination, code_commit, fingerprint_of, seal
from artifacts.tables import canonical_rows
from artifacts.tokenizer import check_empty_text, learn_tokenizer, plain
from guards.errors import CallError, TableError, first_line
from guards.schema import CanonicalRow, CategoricalColumn, Schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from artifacts.tables import ColumnRoles, Table
    from guards.integrity.manifest import Long

__all__ = [
    "TrainingOptions",
    "TrainingReport",
    "data_hash",
    "fit_temperature",
    "share_of_each_class",
    "train",
]

SMALL_ENCODER = {
    "model_type": "bert",
    "hidden_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 512,
    "max_position_embeddings": 512,
}
"""The BERT that is trained from scratch where no base is given."""

_SMALL_VOCABULARY = 4000
_HELD_OUT_SHARE = 0.15
_FEWEST_HELD_OUT = 2


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How to train; ``base`` is a model's directory or hub id, None for a small new BERT."""

    base: str | None = None
    epochs: int = 3
    max_length: int = 256
    long: Long = "head"
    freeze_encoder: bool = False
    seed: int = 0
    name: str | None = None
    version: str | None = None
    accelerate: bool = True


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What came out: the bundle's fingerprint, its figures on the held-out rows, and notes."""

    fingerprint: str
    metrics: dict[str, Any]
    temperature: float
    notes: tuple[str, ...]


def train(
    table: Table,
    roles: ColumnRoles,
    destination: Path,
    options: TrainingOptions,
    validation: Table | None = None,
) -> TrainingReport:
    """Train a bundle on ``table`` and seal it at ``destination``.

    The preprocessing is fitted on training rows alone; temperature, figures and reference come
    from the held-out rows (``validation``, else a seeded split: the last rows where the table has
    a time column). The temperature is one parameter, so the calibration error that is reported on
    the same rows flatters by little. Raises ``TableError`` and ``CallError``.
    """
    check_destination(destination)
    training, held_out = _split(table, roles, options, validation)
    labels = _labels(training, held_out)
    rows = canonical_rows(training, roles.open_schema())
    schema = _schema(roles, rows, labels)
    held_out_rows = canonical_rows(held_out, schema)
    torch.manual_seed(options.seed)
    tokenizer = _tokenizer(options.base, training)
    cut = Cut(options.max_length, options.long)
    preprocessing = Preprocessing(schema, fit_columns(schema, rows), tokenizer, cut)
    width = len(preprocessing.encode([""], rows[:1])[0].columns)
    network = _network(preprocessing, width, options)
    gapped = with_training_gaps(rows, np.random.default_rng(options.seed))
    fine_tune(
        network,
        _encode(preprocessing, training, gapped, labels),
        held_out_encoded := _encode(preprocessing, held_out, held_out_rows, labels),
        FineTuning(options.epochs, options.seed, options.freeze_encoder, options.base is not None),
    )
    logits = logits_of(network, held_out_encoded.encodings)
    temperature = fit_temperature(logits, held_out_encoded.truth)
    probabilities = softmax(logits / np.float32(temperature))
    figures = plain_figures(evaluate(probabilities, held_out_encoded.truth, labels))
    held_out_documents = HeldOut(
        held_out_encoded.encodings, probe_documents(held_out.documents, schema)
    )
    accelerated, notes = (
        build_if_possible(network, temperature, preprocessing, held_out_documents)
        if options.accelerate
        else ([], [])
    )
    what = Sealable(
        preprocessing=preprocessing,
        network=network,
        temperature=temperature,
        reference=build_reference(
            schema, held_out_encoded.encodings, probabilities, held_out_encoded.truth
        ),
        probe_documents=held_out_documents.probe_documents,
        lineage=_lineage(table, validation, roles, options),
        metrics=figures,
        accelerated=accelerated,
    )
    fingerprint = seal(destination, what, options.name, options.version)
    return TrainingReport(fingerprint, figures, temperature, tuple(notes))


def fit_temperature(logits: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """Find the temperature that minimises the log loss (Guo et al. 2017, section 4.2)."""
    exact = logits.astype(np.float64)

    def log_loss(log_temperature: float) -> float:
        scaled = exact / np.exp(log_temperature)
        shifted = scaled - scaled.max(axis=1, keepdims=True)
        log_sum = np.log(np.exp(shifted).sum(axis=1))
        return float((log_sum - shifted[np.arange(len(truth)), truth]).mean())

    found = minimize_scalar(log_loss, bounds=(np.log(0.05), np.log(20.0)), method="bounded")
    return float(np.exp(found.x))


def _split(
    table: Table, roles: ColumnRoles, options: TrainingOptions, validation: Table | None
) -> tuple[Table, Table]:
    if validation is not None:
        return table, validation
    held_out = max(_FEWEST_HELD_OUT, round(len(table) * _HELD_OUT_SHARE))
    if len(table) - held_out < _FEWEST_HELD_OUT:
        message = f"{len(table)} rows are too few to train on and hold some out"
        raise TableError(message)
    places = list(range(len(table)))
    if roles.time is not None:
        return table.take(places[:-held_out]), table.take(places[-held_out:])
    held = share_of_each_class(table.labels, options.seed)
    if not held:
        message = "no class has rows enough to hold some out; give --validation"
        raise TableError(message)
    kept = sorted({*places} - held)
    return table.take(kept), table.take(sorted(held))


def share_of_each_class(labels: Sequence[str], seed: int) -> set[int]:
    """Choose rows to hold out, the same share of each class; a class of a few rows keeps them."""
    generator = np.random.default_rng(seed)
    values = np.array(labels)
    held: set[int] = set()
    for label in sorted(set(labels)):
        places = generator.permutation(np.flatnonzero(values == label))
        held.update(places[: round(len(places) * _HELD_OUT_SHARE)].tolist())
    return held


def _labels(training: Table, held_out: Table) -> tuple[str, ...]:
    labels = tuple(sorted(set(training.labels)))
    if len(labels) < 2:  # noqa: PLR2004 (two classes make a choice)
        message = f"the training rows hold one class only, {labels[0]!r}; a classifier needs two"
        raise TableError(message)
    strange = sorted(set(held_out.labels) - set(labels))
    if strange:
        message = f"the held-out rows have label {strange[0]!r}, which the training rows lack"
        raise TableError(message)
    return labels


def _schema(roles: ColumnRoles, rows: Sequence[CanonicalRow], labels: tuple[str, ...]) -> Schema:
    return Schema(
        text=roles.text,
        numeric=tuple(
            numeric_range(name, [row.numeric[place] for row in rows], private=name in roles.private)
            for place, name in enumerate(roles.numeric)
        ),
        categorical=tuple(
            CategoricalColumn(
                name,
                known_categories(row.categories[place] for row in rows),
                private=name in roles.private,
            )
            for place, name in enumerate(roles.categorical)
        ),
        labels=labels,
    )


def _tokenizer(base: str | None, training: Table) -> Tokenizer:
    if base is None:
        texts = [document["text"] for document in training.documents]
        return plain(learn_tokenizer(texts, _SMALL_VOCABULARY))
    file = Path(base) / "tokenizer.json"
    try:
        found = (
            Tokenizer.from_file(str(file)) if file.is_file() else Tokenizer.from_pretrained(base)
        )
    except Exception as error:  # noqa: BLE001 (the library raises bare exceptions)
        message = f"--base {base}: no tokenizer.json there: {first_line(error)}"
        raise CallError(message) from None
    check_empty_text(plain(found), f"--base {base}")
    return found


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


def _encode(
    preprocessing: Preprocessing,
    table: Table,
    rows: Sequence[CanonicalRow],
    labels: tuple[str, ...],
) -> Rows:
    texts = [document["text"] for document in table.documents]
    encodings: list[Encoding] = preprocessing.encode(texts, rows)
    return Rows(encodings, np.array([labels.index(label) for label in table.labels]))


def _lineage(
    table: Table, validation: Table | None, roles: ColumnRoles, options: TrainingOptions
) -> dict[str, Any]:
    return {
        "data": data_hash(table),
        "validation": None if validation is None else data_hash(validation),
        "rows": len(table),
        "label_column": roles.label,
        "base": None if options.base is None else Path(options.base).name,
        "seed": options.seed,
        "epochs": options.epochs,
        "freeze_encoder": options.freeze_encoder,
        "code_commit": code_commit(Path(__file__).parent),
        "parent": None,
    }


def data_hash(table: Table) -> str:
    """Digest a table's documents and labels, for the lineage."""
    text = json.dumps([table.documents, table.labels], sort_keys=True, default=str)
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
