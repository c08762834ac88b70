"""The end of the demo: the verdict from the log alone, and after a stack of labels."""

from __future__ import annotations

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

__all__ = ["settle"]


def settle(
    log_file: Path, truths: Mapping[str, str], stack: Path, size: int
) -> tuple[Verdict, Verdict]:
    """Return the verdict on the challenger without a label, and with a stack of about ``size``.

    ``truths`` are the labels by request id. The stack is drawn as ``understudy label-queue`` draws
    it, filled in, and written to ``stack``.
    """
    with LogTable.read([log_file]) as log:
        champion, (challenger, *_), _ = last_champion(log, None)
        queue = draw_queue(log.pairs(champion.identity, challenger), frozenset(), size)
        write_queue(stack, queue, {}, truths)
        labels = [
            TrueLabel(
                row.request_id,
                truths[row.request_id],
                LabelSource.QUEUE,
                row.stratum,
                row.inclusion_probability,
            )
            for row in queue.rows
        ]
        before, after = (
            compare_logs(log, KnownLabels(known), Policy()).challengers[0].verdict
            for known in ([], labels)
        )
    return before, after
