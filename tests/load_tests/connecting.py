"""Connections for the length of a test."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from load_tests.wire import Connections

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from load_tests.wire import Address

__all__ = ["connections_to"]


@contextlib.asynccontextmanager
async def connections_to(address: Address) -> AsyncIterator[Connections]:
    """Give connections that are closed in the end."""
    connections = Connections(address)
    try:
        yield connections
    finally:
        connections.close()
        await asyncio.sleep(0)  # the loop closes sockets in its next turn
