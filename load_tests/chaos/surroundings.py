"""What an orchestrator injects, and what lies around where the service is started."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from load_tests.environments import CommandError
from load_tests.stage import Outcome

if TYPE_CHECKING:
    from load_tests.stage import Stage

__all__ = ["decoys", "injected"]

_COUNT = 20
_INJECTED = {
    "PORT": "tcp://10.96.4.7:3000",
    "SERVICE_HOST": "10.96.4.7",
    "SERVICE_PORT": "3000",
    "SERVICE_PORT_HTTP": "3000",
    "PORT_3000_TCP": "tcp://10.96.4.7:3000",
    "PORT_3000_TCP_PROTO": "tcp",
    "PORT_3000_TCP_PORT": "3000",
    "PORT_3000_TCP_ADDR": "10.96.4.7",
}
_DECOYS = ("artifacts", "guards", "service", "sklearn", "torch")


async def injected(stage: Stage) -> Outcome:
    """Start with the variables of a cluster's service of our name; a mistyped one still stops."""
    async with stage.service(**_INJECTED) as scene:  # type: ignore[arg-type]  # all are texts
        load = await scene.send(np.zeros(_COUNT))
    try:
        async with stage.service(FLUSH_SECOND="5"):
            stopped = False
    except CommandError as error:
        stopped = "UNDERSTUDY_FLUSH_SECOND is no setting" in str(error)
    return Outcome(
        passed=load.failed == 0 and stopped,
        told=(
            f"{len(_INJECTED)} variables: {load.answered} answered, {load.failed} failed; "
            f"a mistyped one {'stops the start' if stopped else 'is not told'}"
        ),
    )


async def decoys(stage: Stage) -> Outcome:
    """Start in a directory with modules named as ours and as libraries: none of them runs."""
    ran = "open('ran', 'w')"
    async with stage.service(files={f"{name}.py": ran for name in _DECOYS}) as scene:
        await scene.challenger_pid()
        load = await scene.send(np.zeros(_COUNT))
        has_run = scene.log.with_name("ran").exists()
    return Outcome(
        passed=load.failed == 0 and not has_run,
        told=(
            f"{load.answered} answered, {load.failed} failed; "
            f"{'one of them' if has_run else 'none'} of {len(_DECOYS)} modules ran"
        ),
    )
