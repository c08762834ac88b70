"""A process that is about to end refuses connections."""

from __future__ import annotations

import asyncio
import errno
import socket

from service.lifecycle.listening import refuse_connections


def test_whoever_waits_is_accepted_and_nobody_else() -> None:
    """A connection that the server has yet to accept is answered; the next one is refused."""

    async def scenario(listening: socket.socket) -> tuple[bytes, int]:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.read(5))
            writer.close()
            await writer.wait_closed()

        await asyncio.start_server(accept, sock=listening)
        with socket.create_connection(listening.getsockname()) as early, socket.socket() as late:
            early.sendall(b"early")
            await refuse_connections()
            refused = late.connect_ex(listening.getsockname())
            return await asyncio.to_thread(early.recv, 5), refused

    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert asyncio.run(scenario(listening)) == (b"early", errno.ECONNREFUSED)
