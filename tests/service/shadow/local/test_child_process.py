"""A process at the other end of two pipes, which may write anything at any time."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import pytest

from service.shadow.local import wire
from service.shadow.local.child_process import ChildProcess
from tests.patience import PATIENCE_S
from tests.service.shadow.local.processes import script_process

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.shadow.local.wire import Message

ECHO = """
import sys, struct
output = sys.stdout.buffer
output.write(struct.pack("<II", 2, 0) + b"{}")
output.flush()
while data := sys.stdin.buffer.read1(65536):
    output.write(data)
    output.flush()
"""
NO_FRAMES = "import time; print('not a frame at all', flush=True); time.sleep(600)"
SILENT = "import sys; sys.stdin.read()"


async def child(script: str) -> ChildProcess:
    """Start a script."""
    return await ChildProcess.connect(script_process(script))


def accepts(_: list[Message]) -> None:
    """Accept all messages."""


def fails(_: list[Message]) -> None:
    """Fail to handle a message."""
    raise ZeroDivisionError


def test_messages_come_back_in_order_and_the_end_is_noticed() -> None:
    """The first message is apart from the others; a closed input ends a healthy process."""

    async def scenario() -> list[Message]:
        received: list[Message] = []
        echo = await child(ECHO)
        assert await echo.first == {}
        everything = asyncio.Event()

        def on_messages(messages: list[Message]) -> None:
            received.extend(messages)
            if len(received) == 100:
                everything.set()

        echo.on_messages(on_messages)
        for number in range(100):
            echo.write(wire.encode({"id": number}, b"x" * 5_000))
        async with asyncio.timeout(PATIENCE_S):
            await everything.wait()
            await echo.end(PATIENCE_S)
            await echo.ended
        return received

    assert asyncio.run(scenario()) == [({"id": number}, b"x" * 5_000) for number in range(100)]


@pytest.mark.parametrize(
    ("on_messages", "data", "error"),
    [
        (accepts, b"\xff" * 8, ValueError),
        (fails, wire.encode({"id": 1}), ZeroDivisionError),
    ],
    ids=["no frame", "the handler fails"],
)
def test_an_error_is_raised_where_the_end_is_awaited(
    on_messages: Callable[[list[Message]], None], data: bytes, error: type[Exception]
) -> None:
    """It is not raised inside the event loop, where it would only be logged."""

    async def scenario() -> None:
        echo = await child(ECHO)
        await echo.first
        echo.on_messages(on_messages)
        echo.write(data)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await echo.ended
        finally:
            await echo.end(0)

    with pytest.raises(error):
        asyncio.run(scenario())


def test_a_malformed_first_message_is_raised_and_the_process_is_killed() -> None:
    """A process that writes no frame, and stays, does not keep the service waiting."""
    pids: list[int] = []

    async def scenario() -> None:
        process = await child(NO_FRAMES)
        pids.append(process.pid)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await process.first
        finally:
            await process.end(0)

    with pytest.raises(ValueError, match="announces"):
        asyncio.run(scenario())
    (pid,) = pids
    assert os.waitpid(pid, os.WNOHANG) == (pid, signal.SIGKILL)


def test_a_process_that_ends_without_a_message() -> None:
    """Its first message is None, and so it is ended."""

    async def scenario() -> None:
        silent = await child(SILENT)
        await silent.end(PATIENCE_S)
        async with asyncio.timeout(PATIENCE_S):
            assert await silent.first is None
            await silent.ended

    asyncio.run(scenario())
