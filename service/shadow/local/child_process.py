"""A process that reads frames from its standard input and writes frames to its standard output."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, cast

from service.shadow.local import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guards.json_types import JsonObject
    from service.shadow.local.wire import Message

__all__ = ["ChildProcess"]

_INPUT, _OUTPUT = 0, 1


class ChildProcess(asyncio.SubprocessProtocol):
    """The asyncio protocol of such a process.

    Messages are handled in the event loop's own callback: a stream and a task would wake the loop
    twice more for every answer, and each time the champion has to wait.
    """

    _transport: asyncio.SubprocessTransport
    _input: asyncio.WriteTransport

    def __init__(self) -> None:
        """Create the protocol of a process that is about to start."""
        loop = asyncio.get_running_loop()
        self.first: asyncio.Future[JsonObject | None] = loop.create_future()
        """The first message; None if the process ends before it, an exception if malformed."""
        self.ended: asyncio.Future[None] = loop.create_future()
        """Done when its output ends; an exception if a later message could not be handled."""
        self._exited = asyncio.Event()
        self._buffer = bytearray()
        self._on_messages: Callable[[list[Message]], None] = self._on_first

    @classmethod
    async def spawn(cls, *command: str, env: Mapping[str, str]) -> ChildProcess:
        """Start a process in the session of this one; raises ``OSError`` where that fails."""
        loop = asyncio.get_running_loop()
        _, child = await loop.subprocess_exec(cls, *command, env=env, stderr=None)
        return child

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._transport.get_pid()

    def on_messages(self, on_messages: Callable[[list[Message]], None]) -> None:
        """Call ``on_messages`` with the messages after the first, in lists as they arrive."""
        self._on_messages = on_messages

    def write(self, data: bytes) -> None:
        """Write frames to its input."""
        self._input.write(data)

    def kill(self) -> None:
        """Kill the process, if it has not ended."""
        with contextlib.suppress(ProcessLookupError):
            self._transport.kill()

    async def end(self, patience_s: float) -> None:
        """Close its input, which ends a healthy process; kill it after ``patience_s`` seconds."""
        self._input.close()
        try:
            await asyncio.wait_for(self._exited.wait(), patience_s)
        except TimeoutError:
            self.kill()
            await self._exited.wait()
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transports of the process and of its input."""
        # Transports of other event loops are not always subclasses of asyncio's.
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self._input = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(_INPUT))

    def pipe_data_received(self, fd: int, data: bytes) -> None:  # noqa: ARG002 (there is one output)
        """Handle the messages that are complete."""
        if self.ended.done():
            return
        self._buffer += data
        try:
            messages = list(wire.take(self._buffer))
            if messages:
                self._on_messages(messages)
        except Exception as error:  # noqa: BLE001 (it is raised where ``ended`` is awaited)
            self._fail(error)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio names it)
        """Mark the end of the output."""
        if fd == _OUTPUT and not self.ended.done():
            self.ended.set_result(None)
            if not self.first.done():
                self.first.set_result(None)

    def process_exited(self) -> None:
        """Mark the end of the process."""
        self._exited.set()

    def _on_first(self, messages: list[Message]) -> None:
        if not self.first.done():
            self.first.set_result(messages[0].fields)

    def _fail(self, error: Exception) -> None:
        if self.first.done():
            self.ended.set_exception(error)
        else:
            self.first.set_exception(error)
            self.ended.set_result(None)
