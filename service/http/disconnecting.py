"""Dropping the work for a client that has left."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from starlette.requests import ClientDisconnect

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from starlette.requests import Request

__all__ = ["while_connected"]

_UNWATCHED_S = 0.25
"""How long an answer is awaited before the connection is watched: most need no second task."""

T = TypeVar("T")


async def while_connected(request: Request, answer: Coroutine[object, object, T]) -> T:
    """Await an answer; cancel it and raise ``ClientDisconnect`` when the client disconnects.

    The body of ``request`` must have been read.
    """
    watch = _Watch(request)
    try:
        return await answer
    except asyncio.CancelledError:
        if watch.was_the_only_cause():
            raise ClientDisconnect from None
        raise
    finally:
        watch.end()


class _Watch:
    """Cancels the current task when its client disconnects."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._task = asyncio.current_task()
        self._disconnected = False
        self._watching: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(_UNWATCHED_S, self._begin)

    def was_the_only_cause(self) -> bool:
        """Return whether this watch, and nothing else, cancelled the task."""
        return self._disconnected and self._task is not None and self._task.uncancel() == 0

    def end(self) -> None:
        """Stop watching."""
        self._timer.cancel()
        if self._watching is not None:
            self._watching.cancel()

    def _begin(self) -> None:
        self._watching = asyncio.ensure_future(self._watch())

    async def _watch(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        self._disconnected = True
        if self._task is not None:
            self._task.cancel()
