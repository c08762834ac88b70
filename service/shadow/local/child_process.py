"""A process that reads frames from one pipe and writes frames to another."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Self

from service.shadow.local import wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from guards.json_types import JsonMapping, JsonObject
    from service.shadow.local.fork_server import Forked
    from service.shadow.local.wire import Message

__all__ = ["ChildProcess"]


class ChildProcess(asyncio.Protocol):
    """The asyncio protocol of such a process's output, and the transport of its input.

    Messages are handled in the event loop's own callback: a stream and a task would wake the loop
    twice more for every answer, and each time the champion has to wait.
    """

    _output: asyncio.ReadTransport
    _input: asyncio.WriteTransport

    def __init__(self, forked: Forked) -> None:
        """Create the protocol of a process whose pipes are not connected yet."""
        self._loop = asyncio.get_running_loop()
        self._forked = forked
        self.first: asyncio.Future[JsonObject | None] = self._loop.create_future()
        """The first message; None if the process ends before it, an exception if malformed."""
        self.ended: asyncio.Future[None] = self._loop.create_future()
        """Done when its output ends; an exception if a later message could not be handled."""
        self._exited = asyncio.Event()
        self._buffer = bytearray()
        self._on_messages: Callable[[list[Message]], None] = self._on_first

    @classmethod
    async def connect(cls, forked: Forked, first: JsonMapping | None = None) -> Self:
        """Connect the pipes of a process, and write its first message."""
        child = cls(forked)
        loop = asyncio.get_running_loop()
        requests, answers = os.fdopen(forked.requests, "wb", 0), os.fdopen(forked.answers, "rb", 0)
        child._input, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, requests)
        child._output, _ = await loop.connect_read_pipe(lambda: child, answers)
        if forked.process is not None:
            loop.add_reader(forked.process, child._on_exit)
        if first is not None:
            child.write(wire.encode(first))
        return child

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._forked.pid

    def on_messages(self, on_messages: Callable[[list[Message]], None]) -> None:
        """Call ``on_messages`` with the messages after the first, in lists as they arrive."""
        self._on_messages = on_messages

    def write(self, data: bytes) -> None:
        """Write frames to its input."""
        self._input.write(data)

    def kill(self) -> None:
        """Kill the process, if it has not ended."""
        if not self._exited.is_set():
            self._forked.kill()

    async def end(self, patience_s: float) -> None:
        """Close its input, which ends a healthy process; kill it after ``patience_s`` seconds."""
        self._input.close()
        try:
            await asyncio.wait_for(self._exited.wait(), patience_s)
        except TimeoutError:
            self.kill()
            await self._exited.wait()
        self._output.close()

    def data_received(self, data: bytes) -> None:
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

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio names it)
        """Mark the end of the output."""
        if self._forked.process is None:
            self._exited.set()
        if not self.ended.done():
            self.ended.set_result(None)
            if not self.first.done():
                self.first.set_result(None)

    def _on_exit(self) -> None:
        """Mark the end of the process."""
        assert self._forked.process is not None  # noqa: S101 (it is what became readable)
        self._loop.remove_reader(self._forked.process)
        os.close(self._forked.process)
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
