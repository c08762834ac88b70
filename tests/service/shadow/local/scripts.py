"""Scripts in processes of their own, which wait and go on as a test says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from service.shadow.local.processor_use import ProcessorUse, processor_use
from tests.patience import wait_until

__all__ = ["BURN", "REPOSITORY", "line_of", "python", "resume", "use_when"]

REPOSITORY = Path(__file__).parents[4]

BURN = """
import sys
if sys.argv[1:] == ["idle"]:
    from service.shadow.local.priority import drop_priority
    assert drop_priority() == "idle"
print("ready", flush=True)
sys.stdin.readline()
while True:
    pass
"""


def python(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a script in this session and wait until it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert line_of(process) == "ready\n"
    return process


def line_of(process: subprocess.Popen[str]) -> str:
    """Wait for a line of a process."""
    assert process.stdout is not None
    return process.stdout.readline()


def resume(process: subprocess.Popen[str], line: object = "") -> None:
    """Let a process go on, and tell it something."""
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def use_when(process: subprocess.Popen[str], state: str) -> ProcessorUse:
    """Wait until a process is in a state."""
    uses: list[ProcessorUse] = []

    def reached() -> bool:
        use = processor_use(process.pid)
        uses.extend([use] if use is not None and use.state == state else [])
        return bool(uses)

    wait_until(reached, f"state {state}", pause_s=0.001)
    return uses[0]
