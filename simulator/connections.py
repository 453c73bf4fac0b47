"""Connections that can break in the middle of an answer, which an ordinary web server never lets happen."""

from __future__ import annotations

import asyncio
import socket
import struct
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


class Door:
    """Through which callers come in; closed, the port refuses every connection, as where no process listens."""

    def __init__(self, listening: socket.socket) -> None:
        self._address = listening.getsockname()[:2]
        self._listening: socket.socket | None = listening
        self._config: uvicorn.Config | None = None
        self._opening: asyncio.TimerHandle | None = None
        self._entering: set[asyncio.Task[None]] = set()
        self.state = ServerState()

    def open(self, config: uvicorn.Config) -> None:
        self._config = config
        self._listen()

    def refuse(self, seconds: float) -> None:
        """Let nobody in for so long, and let go who is in once his call is answered; from the server's own thread."""
        self.close()
        self._listening = socket.socket()  # bound, so that nobody takes the port meanwhile; it refuses until it listens
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listening.bind(self._address)
        self._opening = asyncio.get_running_loop().call_later(seconds, self._listen)

    def close(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
        if self._listening is not None:
            asyncio.get_running_loop().remove_reader(self._listening)
            self._listening.close()
        self._listening = None
        for one in list(self.state.connections):
            one.shutdown()

    async def entered(self) -> None:
        """Whoever was let in before the door closed has a connection, which can be seen and closed."""
        while self._entering:
            await asyncio.wait(self._entering)

    def _listen(self) -> None:
        listening = self._listening
        assert listening is not None, "a closed door opens no more"  # noqa: S101  # a mistake of ours
        listening.setblocking(False)
        listening.listen()
        asyncio.get_running_loop().add_reader(listening, self._let_in, listening)
        self._opening = None

    @property
    def _is_open(self) -> bool:
        return self._listening is not None and self._opening is None

    def _let_in(self, listening: socket.socket) -> None:
        # asyncio's own server forgets, with the socket open, whom it accepted just before it was closed.
        try:
            accepted, _ = listening.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # he has gone again
        entering = asyncio.get_running_loop().create_task(self._connect(accepted))
        self._entering.add(entering)
        entering.add_done_callback(self._entering.discard)

    async def _connect(self, accepted: socket.socket) -> None:
        config = self._config
        assert config is not None, "open() comes first"  # noqa: S101  # a mistake of ours
        accepted.setblocking(False)
        _, connection = await asyncio.get_running_loop().connect_accepted_socket(
            lambda: Connection(config, self.state, {}), accepted
        )
        if not self._is_open:
            connection.shutdown()


async def serve_connections(app: ASGIApp, door: Door, ended: threading.Event) -> None:
    """Answer with `app` who comes through the door, until `ended`; then finish what is being answered, and close.

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
    state = door.state
    door.open(config)
    try:
        await asyncio.to_thread(ended.wait)
    finally:
        door.close()
        await door.entered()
        if state.tasks:
            await asyncio.wait(state.tasks, timeout=_STOP_SECONDS)
        while state.connections:
            for one in list(state.connections):
                if one.transport is not None:
                    one.transport.abort()
            await asyncio.sleep(0)


async def cut(scope: Scope, receive: Receive, *, reset: bool = False) -> None:
    """End this request's connection after what was sent of the answer so far; or break it, with RST instead of FIN."""
    transport: asyncio.Transport = scope[_TRANSPORT]
    if reset:
        accepted: socket.socket = transport.get_extra_info("socket")
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()
    await hung_up(receive)


async def hung_up(receive: Receive) -> None:
    # Until the server has noticed: otherwise it complains that the answer was never finished.
    while (await receive())["type"] != "http.disconnect":
        pass
