"""A table of labelled documents, with an account of what is in it and what is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifacts.tables.plain_columns import plain_columns
from guards.evidence.labels import LabelSource
from guards.moments import from_microseconds, rfc3339
from service.cli.train_command import FeatureRoles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guards.comparison.training_rows import TrainingRows
    from guards.json_types import JsonObject
    from service.cli.training_sources import FoundDocuments, LabelledLogs

__all__ = ["OWN", "ExportedTable"]

OWN = ("request_id", "observed_at", "label", "text")
"""The columns that are no features."""


@dataclass(frozen=True, slots=True)
class ExportedTable:
    """Labelled documents as columns, and what became of the others.

    ``columns`` begin with ``OWN``. ``left_out`` says why a feature is no column.
    """

    read: LabelledLogs
    joined: TrainingRows
    found: FoundDocuments
    columns: Mapping[str, Sequence[object]]
    features: FeatureRoles
    left_out: Mapping[str, str]

    @classmethod
    def of(cls, read: LabelledLogs, joined: TrainingRows, found: FoundDocuments) -> ExportedTable:
        """Make the table of these rows."""
        plain = plain_columns([row.document.features for row in joined.rows])
        features = {name: cells for name, cells in plain.columns.items() if name not in OWN}
        own = [
            (
                row.label.request_id,
                rfc3339(from_microseconds(row.observed_us)),
                row.label.label,
                row.document.text,
            )
            for row in joined.rows
        ]
        columns = dict(zip(OWN, map(list, zip(*own, strict=True)), strict=True))
        taken = {
            name: "a column of the table has its name" for name in OWN if name in plain.columns
        }
        odd = {name: f"it holds {kind}" for name, kind in plain.odd.items()}
        return cls(
            read=read,
            joined=joined,
            found=found,
            columns={**columns, **features},
            features=FeatureRoles.of(features, read.told),
            left_out={**taken, **odd},
        )

    @property
    def without_row(self) -> JsonObject:
        """The labels and draws that have no row, by reason."""
        return {
            "not_in_log": self.joined.not_in_log,
            "without_text": self.joined.without_text,
            "waiting": self.read.labels.waiting,
            "given_up": self.read.labels.given_up,
        }

    def to_json(self) -> JsonObject:
        """Return what is in the table, and what is not."""
        roles = self.features.roles
        return {
            "rows": len(self.joined.rows),
            "labels": dict(self.joined.classes.most_common()),
            "sources": {source.value: self.joined.sources[source] for source in LabelSource},
            "left_out": self.without_row,
            "documents_without_label": self.found.others,
            "repeated": self.read.known.repeated,
            "contradicted": self.read.known.contradicted,
            "label_rows_left_out": self.read.label_rows_left_out,
            "numeric": list(roles.numeric),
            "categorical": list(roles.categorical),
            "private": list(roles.private),
            "private_not_captured": list(self.features.absent_private),
            "columns_left_out": dict(self.left_out),
            "log": self.read.account.to_json(),
        }
