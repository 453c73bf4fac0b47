"""Connections that can break in the middle of an answer, which an ordinary web server never lets happen."""

from __future__ import annotations

import asyncio
import socket
import threading

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

_TRANSPORT = "simulator.transport"
_STOP_SECONDS = 5
# A connection that the server closes just as the next call goes out looks like a lost answer, which is no fault of ours
# to make by accident.
_KEEP_ALIVE_SECONDS = 3600


class Connection(H11Protocol):
    """An HTTP/1.1 connection of the server, which gives each request a hold of its own transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its parent does
        super().connection_made(transport)
        # Without it each answer waits 40 ms for an acknowledgement; asyncio sets it only on sockets of its own making.
        accepted: socket.socket = transport.get_extra_info("socket")
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        app = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope[_TRANSPORT] = transport
            await app(scope, receive, send)

        self.app = with_transport


async def serve_connections(app: ASGIApp, listening: socket.socket, ended: threading.Event) -> None:
    """Answer with `app` who connects, until `ended` is set; then finish what is being answered, and close all.

    uvicorn's own server is left out: it looks for its end only ten times a second, and rests while it ends.
    """
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",  # its import is deprecated, and nobody speaks it here
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
    )
    config.load()
    state, loop = ServerState(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(config, state, {}), sock=listening)
    try:
        await asyncio.to_thread(ended.wait)
    finally:
        server.close()
        for one in list(state.connections):
            one.shutdown()
        if state.tasks:
            await asyncio.wait(state.tasks, timeout=_STOP_SECONDS)
        while state.connections:
            for one in list(state.connections):
                if one.transport is not None:
                    one.transport.abort()
            await asyncio.sleep(0)


async def cut(scope: Scope, receive: Receive) -> None:
    """Close this request's connection after what was sent of the answer so far."""
    transport: asyncio.Transport = scope[_TRANSPORT]
    transport.close()
    # Until the server has noticed: otherwise it complains that the answer was never finished.
    while (await receive())["type"] != "http.disconnect":
        pass
