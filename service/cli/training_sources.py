"""What logs and tables hold of labelled documents: labels, moments, texts and features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guards.comparison.columns_told import columns_told
from guards.comparison.training_rows import FoundDocument, LabelsToTrain
from guards.diagnosis.periods import EVERYTHING
from guards.errors import CallError
from guards.events.captured import captured_lines
from guards.events.log_table import LogTable
from guards.evidence.labels import KnownLabels
from guards.labels import KnownLabel
from service.cli.document_tables import text_rows
from service.cli.label_tables import add_tables
from service.cli.output import log_progress
from service.cli.train_command import next_version

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from guards.bundle.identity import BundleIdentity
    from guards.comparison.columns_told import ColumnsTold
    from guards.events.captured import CapturedDocument
    from guards.events.reading import LogAccount

__all__ = [
    "FoundDocuments",
    "LabelledLogs",
    "documents_of_logs",
    "documents_of_table",
    "read_labelled_logs",
]


@dataclass(frozen=True, slots=True)
class LabelledLogs:
    """What logs and label tables tell; ``observed_us`` has the last moment of each request."""

    labels: LabelsToTrain
    known: KnownLabels
    label_rows_left_out: int
    observed_us: Mapping[str, int]
    champion: BundleIdentity
    version: str
    told: ColumnsTold | None
    account: LogAccount


def read_labelled_logs(logs: Sequence[Path], tables: Sequence[Path]) -> LabelledLogs:
    """Read logs and label tables.

    Raises ``CallError`` for logs that cannot be read or hold no answered document, and
    ``TableError`` for a table that cannot be used.
    """
    with log_progress(logs, "reading") as progress:
        table = LogTable.read(logs, progress.update)
    with table as log:
        if not log.champions:
            message = (
                "the log holds no answered document; was it written by a service that answered?"
            )
            raise CallError(message)
        known = KnownLabels(log.feedback(), KnownLabel(log.all_labels))
        left_out = add_tables(known, tables, log.all_labels)
        labels = LabelsToTrain.of(known)
        observed_us, reference = _observed(log, labels.labels)
        champion = log.champions[-1].identity
        return LabelledLogs(
            labels=labels,
            known=known,
            label_rows_left_out=left_out,
            observed_us=observed_us,
            champion=champion,
            version=next_version(champion.version, _versions(log, champion)),
            told=columns_told(log, reference),
            account=log.account,
        )


def _observed(log: LogTable, request_ids: Collection[str]) -> tuple[dict[str, int], str | None]:
    """Return when these requests were last observed, and the reference of the last document."""
    moments: dict[str, int] = {}
    reference = None
    for columns in log.observed(EVERYTHING.start_us, EVERYTHING.end_us):
        at = zip(columns.request_ids, columns.observed_at.tolist(), strict=True)
        moments |= {name: moment for name, moment in at if name in request_ids}
        last = int(columns.references.codes[-1])
        reference = columns.references.names[last] if last >= 0 else None
    return moments, reference


def _versions(log: LogTable, champion: BundleIdentity) -> list[str]:
    """Return the versions of the champion's name that the log knows."""
    champions = [(each.identity.name, each.identity.version) for each in log.champions]
    challengers = [(each.name, each.version) for each in log.challengers(champion)]
    return [version for name, version in (*champions, *challengers) if name == champion.name]


@dataclass(frozen=True, slots=True)
class FoundDocuments:
    """Documents that have a label, by request id, and how many others there are."""

    documents: Mapping[str, FoundDocument]
    others: int


def documents_of_logs(logs: Sequence[Path], request_ids: Collection[str]) -> FoundDocuments:
    """Return the documents that services wrote into their logs; the last one of an id counts."""
    found: dict[str, CapturedDocument] = {}
    others: set[str] = set()
    with log_progress(logs, "finding documents") as progress:
        for line in captured_lines(logs, progress.update):
            earlier = found.get(line.request_id)
            if line.request_id not in request_ids:
                others.add(line.request_id)
            elif earlier is None or line.at >= earlier.at:
                found[line.request_id] = line
    documents = {name: FoundDocument(line.text, line.features) for name, line in found.items()}
    return FoundDocuments(documents, len(others))


def documents_of_table(path: Path, request_ids: Collection[str]) -> FoundDocuments:
    """Return the documents of a table with ``request_id`` and ``text``; other columns are features.

    The last row of an id counts. Raises ``TableError`` for a table that cannot be used.
    """
    found: dict[str, FoundDocument] = {}
    others: set[str] = set()
    for name, text, cells in text_rows(path):
        if name in request_ids:
            found[name] = FoundDocument(text, cells)
        else:
            others.add(name)
    return FoundDocuments(found, len(others))
