"""Connections that can break in the middle of an answer, which an ordinary web server never lets happen."""

from __future__ import annotations

import asyncio

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_TRANSPORT = "simulator.transport"


class Connection(H11Protocol):
    """An HTTP/1.1 connection of the server, which gives each request a hold of its own transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its parent does
        super().connection_made(transport)
        app = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope[_TRANSPORT] = transport
            await app(scope, receive, send)

        self.app = with_transport


async def cut(scope: Scope, receive: Receive) -> None:
    """Close this request's connection after what was sent of the answer so far."""
    transport: asyncio.Transport = scope[_TRANSPORT]
    transport.close()
    # Until the server has noticed: otherwise it complains that the answer was never finished.
    while (await receive())["type"] != "http.disconnect":
        pass
