"""The end of the demo: the verdict from the log alone, and after a stack of labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guards.comparison.comparison import compare_logs, last_champion
from guards.comparison.queue import draw_queue
from guards.comparison.queue_table import write_queue
from guards.events.log_table import LogTable
from guards.evidence.criteria import Policy
from guards.evidence.labels import KnownLabels, LabelSource, TrueLabel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from guards.evidence.verdict import Verdict

__all__ = ["Settled", "settle", "settled_text"]


@dataclass(frozen=True, slots=True)
class Settled:
    """The verdict on the challenger without a label, and after so many ``labels``."""

    before: Verdict
    after: Verdict
    labels: int


def settle(log_file: Path, truths: Mapping[str, str], stack: Path, size: int) -> Settled:
    """Return the verdicts without a label, and with a stack of about ``size``.

    ``truths`` are the labels by request id; that of a request which somebody else sent meanwhile is
    not known, and given up. The stack is drawn as ``understudy label-queue`` draws it, filled in,
    and written to ``stack``.
    """
    with LogTable.read([log_file]) as log:
        champion, (challenger, *_), _ = last_champion(log, None)
        queue = draw_queue(log.pairs(champion.identity, challenger), frozenset(), size)
        write_queue(stack, queue, {}, truths)
        labels = [
            TrueLabel(
                row.request_id,
                truths.get(row.request_id),
                LabelSource.QUEUE,
                row.stratum,
                row.inclusion_probability,
                given_up=row.request_id not in truths,
            )
            for row in queue.rows
        ]
        before, after = (
            compare_logs(log, KnownLabels(known), Policy()).challengers[0].verdict
            for known in ([], labels)
        )
    return Settled(before, after, sum(not label.given_up for label in labels))


def settled_text(settled: Settled, stack: Path) -> str:
    """Return both verdicts with their reasons for a terminal."""
    before, after = settled.before, settled.after
    does = "does not settle it" if after.decision == "undecided" else "settles it"
    return "\n".join(
        [
            f"\nIs the challenger better? The log alone says: {before.decision}.",
            *(f"  {reason}" for reason in before.because),
            f"\nA stack of {settled.labels} labels ({stack}) {does}: {after.decision}.",
            *(f"  {reason}" for reason in after.because),
            "",
        ]
    )
