"""The service's engine by itself, in a process that measures when it is told to."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from load_tests.servers import ServerError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from load_tests.subject import Subject

__all__ = ["BareEngine", "BareRun", "bare_engine"]

_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class BareRun:
    """Documents a second, and processor milliseconds a document."""

    rate: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class BareEngine:
    """An engine that waits for turns; it spends nothing in between."""

    process: asyncio.subprocess.Process

    async def measure(self, documents: int) -> BareRun:
        """Run so many documents; raises ``ServerError``."""
        assert self.process.stdin is not None  # noqa: S101 (made with pipes)
        self.process.stdin.write(f"{documents}\n".encode())
        return BareRun(**await self.hear())

    async def hear(self) -> dict[str, Any]:
        """Give the next thing that it says; raises ``ServerError``."""
        assert self.process.stdout is not None  # noqa: S101 (made with pipes)
        line = await self.process.stdout.readline()
        if not line:
            message = f"the bare engine exited with {await self.process.wait()}"
            raise ServerError(message)
        said: dict[str, Any] = json.loads(line)
        return said


@asynccontextmanager
async def bare_engine(subject: Subject, engine: str) -> AsyncIterator[BareEngine]:
    """Run the engine of that name on the subject's bundle; raises ``ServerError``."""
    module = ("-m", "load_tests.micro.engine", str(subject.bundle))
    options = ("--texts", str(subject.texts_file), "--engine", engine, "--turns")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *module,
        *options,
        cwd=_ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    bare = BareEngine(process)
    try:
        await bare.hear()
        yield bare
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
