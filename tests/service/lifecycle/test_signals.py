"""A stop signal drains first, and then does what the server would have done."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from service.lifecycle.signals import drain_before_stopping
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBERS = (signal.SIGTERM, signal.SIGINT)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Leave the handlers as they were."""
    before = {number: signal.getsignal(number) for number in NUMBERS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", NUMBERS)
def test_the_server_stops_when_the_drain_is_over(number: signal.Signals) -> None:
    """Its own handler is called with the signal, and not before."""
    happened: list[str] = []

    async def scenario() -> None:
        stopped = asyncio.Event()

        def stop(received: int, _: object) -> None:
            happened.append(f"stopped by {signal.Signals(received).name}")
            stopped.set()

        async def drain() -> None:
            happened.append("draining")
            await asyncio.sleep(0)
            happened.append("drained")

        signal.signal(number, stop)
        drain_before_stopping(drain)
        os.kill(os.getpid(), number)
        await asyncio.wait_for(stopped.wait(), PATIENCE_S)

    asyncio.run(scenario())
    assert happened == ["draining", "drained", f"stopped by {number.name}"]


def test_nobody_can_connect_to_a_server_that_stops() -> None:
    """A listening socket that the supervisor has open too refuses connections."""

    async def scenario() -> int:
        stopped = asyncio.Event()

        async def drain() -> None:
            assert connect() == 0

        signal.signal(signal.SIGTERM, lambda *_: stopped.set())
        drain_before_stopping(drain)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(stopped.wait(), PATIENCE_S)
        return connect()

    def connect() -> int:
        with socket.socket() as client:
            return client.connect_ex(listening.getsockname())

    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert asyncio.run(scenario()) == errno.ECONNREFUSED


def test_a_drain_that_fails_does_not_keep_the_server_running() -> None:
    """A stop is a stop."""

    async def scenario() -> None:
        stopped = asyncio.Event()

        async def drain() -> None:
            raise OSError

        signal.signal(signal.SIGTERM, lambda *_: stopped.set())
        drain_before_stopping(drain)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(stopped.wait(), PATIENCE_S)

    asyncio.run(scenario())


def test_outside_the_main_thread_signals_are_left_alone() -> None:
    """They belong to whoever runs the process."""
    before = signal.getsignal(signal.SIGTERM)

    async def drain() -> None:
        pytest.fail("no signal was sent")

    async def begin() -> None:
        drain_before_stopping(drain)

    thread = threading.Thread(target=asyncio.run, args=[begin()])
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is before
