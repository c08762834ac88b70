"""Starting: from settings to a champion that answers."""

from __future__ import annotations

import asyncio
import gc
import importlib
import sys
from typing import TYPE_CHECKING

from service.importing import uncollected
from service.lifecycle.roles import judge_roles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.lifecycle.assembly import Champion
    from service.lifecycle.judging import Judgement
    from service.settings import Settings
    from service.telemetry.log import EventLog
    from service.telemetry.metrics import Metrics

__all__ = ["start_champion"]


async def start_champion(
    settings: Settings,
    run: str,
    log: EventLog,
    metrics: Metrics,
    judged: Sequence[Judgement] | None = None,
) -> Champion:
    """Load and warm up the champion, write the first lines of the log, start the challengers.

    These lines are ``service.started`` and ``drift.reference``. Without the judgements of
    ``judge_roles``, the bundles are judged first. Slow parts, the import of torch above all, run
    off the event loop. Raises ``GuardRefused``, and whatever loading raises.
    """
    if judged is None:
        judged = await asyncio.to_thread(judge_roles, settings)
    with uncollected():
        assembly = await asyncio.to_thread(importlib.import_module, "service.lifecycle.assembly")
    champion: Champion = await asyncio.to_thread(
        assembly.assemble, settings, run, log, metrics, judged
    )
    log.emit(await asyncio.to_thread(assembly.started_event, champion, settings))
    champion.recorder.lines.describe()
    for finding in champion.choice.findings:
        sys.stderr.write(f"understudy: champion {finding}\n")
    for challenger in champion.challengers:
        challenger.start(champion.recorder)
    # What was loaded is kept for good: scanning it would take the collector a tenth of the time.
    gc.collect()
    gc.freeze()
    return champion
