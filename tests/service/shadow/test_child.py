"""A process at the other end of two pipes, which may do anything at any time."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import pytest

from service.shadow import frames
from service.shadow.child import Child

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.shadow.frames import Message

PATIENCE_S = 60.0

ECHO = """
import sys, struct
say = sys.stdout.buffer
say.write(struct.pack("<II", 2, 0) + b"{}")
say.flush()
while data := sys.stdin.buffer.read1(65536):
    say.write(data)
    say.flush()
"""
DEAF = "import time; print('not a frame at all', flush=True); time.sleep(600)"
SILENT = "import sys; sys.stdin.read()"


async def child(script: str) -> Child:
    """Start a script."""
    return await Child.spawn(sys.executable, "-c", script, env=dict(os.environ))


def nothing_raised(_: list[Message]) -> None:
    """Hear, and think nothing of it."""


def fails(_: list[Message]) -> None:
    """Stumble over what was heard."""
    raise ZeroDivisionError


def test_what_is_told_comes_back_in_order_and_its_end_is_noticed() -> None:
    """The first message is apart from the others; a closed input ends a healthy process."""

    async def scenario() -> list[Message]:
        heard: list[Message] = []
        echo = await child(ECHO)
        assert await echo.first == {}
        everything = asyncio.Event()

        def hear(messages: list[Message]) -> None:
            heard.extend(messages)
            if len(heard) == 100:
                everything.set()

        echo.hear(hear)
        for number in range(100):
            echo.tell(frames.encode({"id": number}, b"x" * 5_000))
        async with asyncio.timeout(PATIENCE_S):
            await everything.wait()
            await echo.end(PATIENCE_S)
            await echo.ended
        return heard

    assert asyncio.run(scenario()) == [({"id": number}, b"x" * 5_000) for number in range(100)]


@pytest.mark.parametrize(
    ("hear", "told", "error"),
    [
        (nothing_raised, b"\xff" * 8, ValueError),
        (fails, frames.encode({"id": 1}), ZeroDivisionError),
    ],
    ids=["nonsense", "whoever hears it fails"],
)
def test_what_goes_wrong_is_told_to_who_waits_for_the_end(
    hear: Callable[[list[Message]], None], told: bytes, error: type[Exception]
) -> None:
    """Nothing is raised inside the event loop, where nobody would notice."""

    async def scenario() -> None:
        echo = await child(ECHO)
        await echo.first
        echo.hear(hear)
        echo.tell(told)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await echo.ended
        finally:
            await echo.end(0)

    with pytest.raises(error):
        asyncio.run(scenario())


def test_nonsense_instead_of_a_first_message_is_raised_and_the_process_is_killed() -> None:
    """A process that says anything else, and stays, does not keep the service waiting."""

    async def scenario() -> None:
        deaf = await child(DEAF)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await deaf.first
        finally:
            await deaf.end(0)
            with pytest.raises(ProcessLookupError):
                os.kill(deaf.pid, 0)

    with pytest.raises(ValueError, match="announces"):
        asyncio.run(scenario())


def test_a_process_that_ends_without_a_word_has_said_nothing() -> None:
    """Its first message is None, and so it is ended."""

    async def scenario() -> None:
        silent = await child(SILENT)
        await silent.end(PATIENCE_S)
        async with asyncio.timeout(PATIENCE_S):
            assert await silent.first is None
            await silent.ended

    asyncio.run(scenario())
