"""A process that takes frames on its standard input, and gives frames on its standard output."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, cast

from service.shadow import frames

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from service.shadow.frames import Message

__all__ = ["Child"]

_INPUT, _OUTPUT = 0, 1


class Child(asyncio.SubprocessProtocol):
    """Hears the process from inside the event loop's callback.

    A stream and a task would wake the loop two times more for every answer, and each time is one
    that the champion waits.
    """

    _transport: asyncio.SubprocessTransport
    _input: asyncio.WriteTransport

    def __init__(self) -> None:
        """Make the protocol of a process that is about to start."""
        loop = asyncio.get_running_loop()
        self.first: asyncio.Future[dict[str, Any] | None] = loop.create_future()
        """The first message; None when the process ends before it, or raises what it is not."""
        self.ended: asyncio.Future[None] = loop.create_future()
        """Done when it says no more; raises what went wrong when it was heard after the first."""
        self._exited = asyncio.Event()
        self._buffer = bytearray()
        self._hear: Callable[[list[Message]], None] = self._hear_first

    @classmethod
    async def spawn(cls, *command: str, env: Mapping[str, str]) -> Child:
        """Start a process in this one's session; raises ``OSError`` where that fails."""
        loop = asyncio.get_running_loop()
        _, child = await loop.subprocess_exec(cls, *command, env=env, stderr=None)
        return child

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._transport.get_pid()

    def hear(self, hear: Callable[[list[Message]], None]) -> None:
        """Have ``hear`` called with the messages after the first, as many as come at a time."""
        self._hear = hear

    def tell(self, data: bytes) -> None:
        """Write frames."""
        self._input.write(data)

    def kill(self) -> None:
        """End it at once, if it has not ended by itself."""
        with contextlib.suppress(ProcessLookupError):
            self._transport.kill()

    async def end(self, patience_s: float) -> None:
        """Close its input, which ends a healthy process, and kill what does not end."""
        self._input.close()
        try:
            await asyncio.wait_for(self._exited.wait(), patience_s)
        except TimeoutError:
            self.kill()
            await self._exited.wait()
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the pipes."""
        # Not every loop derives its transports from asyncio's classes.
        self._transport = cast("asyncio.SubprocessTransport", transport)
        entrance = self._transport.get_pipe_transport(_INPUT)
        self._input = cast("asyncio.WriteTransport", entrance)

    def pipe_data_received(self, fd: int, data: bytes) -> None:  # noqa: ARG002 (there is one output)
        """Hear what has arrived."""
        if self.ended.done():
            return
        self._buffer += data
        try:
            messages = list(frames.take(self._buffer))
            if messages:
                self._hear(messages)
        except Exception as error:  # noqa: BLE001 (whatever it is, whoever waits for the end is told)
            self._fail(error)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002
        """Note that there will be no more."""
        if fd == _OUTPUT and not self.ended.done():
            self.ended.set_result(None)
            if not self.first.done():
                self.first.set_result(None)

    def process_exited(self) -> None:
        """Note that it is gone."""
        self._exited.set()

    def _hear_first(self, messages: list[Message]) -> None:
        if not self.first.done():
            self.first.set_result(messages[0].fields)

    def _fail(self, error: Exception) -> None:
        if self.first.done():
            self.ended.set_exception(error)
        else:
            self.first.set_exception(error)
            self.ended.set_result(None)
