"""Connections that last as long as a test."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from load_tests.wire import Connections

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["connections_to"]


@contextlib.asynccontextmanager
async def connections_to(server: asyncio.Server) -> AsyncIterator[Connections]:
    """Yield connections to a server, and close them."""
    host, port = server.sockets[0].getsockname()
    connections = Connections(f"http://{host}:{port}")
    try:
        yield connections
    finally:
        connections.close()
        await asyncio.sleep(0)  # the loop closes sockets in its next turn
