"""The simulator on a real socket: beside a test in a thread of its own, or alone until it is told to end."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from queue import SimpleQueue
from types import FrameType

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from simulator.admin import admin_routes
from simulator.answers import Answer
from simulator.api import Api
from simulator.befalling import befall
from simulator.clock import Clock
from simulator.cloud import Cloud
from simulator.connections import Door, cut, hung_up, serve_connections
from simulator.faults import Faults
from simulator.log import Entry
from simulator.world import World, load_world


@dataclass(frozen=True)
class Server:
    """A running simulator. Hold `cloud.lock` and `cloud.settle()` before reading or changing the cloud itself."""

    host: str
    port: int
    cloud: Cloud
    faults: Faults
    _api: Api

    @property
    def url(self) -> str:
        return f"http://{self.endpoint}"

    @property
    def endpoint(self) -> str:
        """As the SDK's HttpProfile takes it, together with protocol="http"."""
        return f"{self.host}:{self.port}"

    @property
    def log(self) -> list[Entry]:
        """Everything until now, in the order of time."""
        with self.cloud.lock:
            self.cloud.settle()
            return self.cloud.log.entries

    @property
    def waiting(self) -> list[str]:
        """The actions of the calls that a fault holds or delays at this moment."""
        return list(self._api.waiting)


@contextmanager
def serve(
    world: World | str | Path | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    speed: float = 1.0,
    log_path: str | Path | None = None,
    clock: Clock | None = None,
    on_notice: Callable[[str], None] | None = None,
) -> Iterator[Server]:
    """A simulator in a thread of its own until the block ends, on a port that is certainly its own.

    Args:
        world: a world, the path of a world file, or the demo world.
        port: 0 for any that is free.
        speed: divides every duration of the world.
        log_path: the log is also appended to this file, a JSON object a line.
        clock: a ManualClock lets a test decide how fast time passes.
        on_notice: called with the text of each notice that is posted to /notices, for who has no chat at hand.

    Raises:
        OSError: the port is taken, or a file cannot be opened.
        yaml.YAMLError, pydantic.ValidationError: the file is not a world.
    """
    known = world if isinstance(world, World) else load_world(world)
    with socket.create_server((host, port)) as listening:
        cloud = Cloud(known, clock=clock, speed=speed, log_path=log_path)
        faults, door = Faults(known.faults, known.seed), Door(listening)
        api = Api(cloud, faults)
        app = _app(cloud, faults, api, door, on_notice)
        for happening in known.happenings:
            befall(cloud, happening, cloud.settle())
        ended = threading.Event()
        thread = threading.Thread(
            target=lambda: asyncio.run(serve_connections(app, door, ended)),
            name="simulator",
            daemon=True,
        )
        # It listens already: who connects before the thread runs is served in a moment.
        bound = listening.getsockname()[1]
        thread.start()
        try:
            yield Server(host, bound, cloud, faults, api)
        finally:
            faults.clear()  # who is held is let go, and what is being answered can end
            ended.set()
            thread.join()
            cloud.log.close()


def run(
    world_path: str | Path | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    speed: float = 1.0,
    log_path: str | Path | None = None,
    on_ready: Callable[[str], None] = lambda url: None,
    on_notice: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; to be called in the main thread. `on_ready` is given the URL once calls are taken.

    Raises:
        OSError, yaml.YAMLError, pydantic.ValidationError: as `serve`.
    """
    # An Event may be set by a signal in the very moment in which this thread holds its lock, and hang for ever.
    ended: SimpleQueue[int] = SimpleQueue()

    def end(number: int, frame: FrameType | None) -> None:
        ended.put(number)

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with serve(world_path, host=host, port=port, speed=speed, log_path=log_path, on_notice=on_notice) as running:
            on_ready(running.url)
            ended.get()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _app(cloud: Cloud, faults: Faults, api: Api, door: Door, on_notice: Callable[[str], None] | None) -> Starlette:
    async def take_notice(request: Request) -> Response:
        notice = await request.json()
        if on_notice is not None:
            on_notice(str(notice.get("text", notice)))
        return Response(status_code=204)

    return Starlette(
        routes=[
            Route("/", _Gateway(api, door), methods=["POST"]),
            Route("/notices", take_notice, methods=["POST"]),
            Mount("/_admin", routes=admin_routes(cloud, faults, api, door)),
        ]
    )


class _Gateway:
    """Takes calls off the wire, and puts their answers on it."""

    def __init__(self, api: Api, door: Door) -> None:
        self._api, self._door = api, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        answer = await self._api.answer(dict(request.headers), await request.body())
        if answer.refuse_seconds is not None:
            # Before a byte of the answer: who has read it must find the door closed.
            self._door.refuse(answer.refuse_seconds)
        if answer.cut == "never":
            await self._api.never_answer(request.headers.get("x-tc-action", ""), lambda: hung_up(receive))
        await _send(answer, self._api.time(), scope, receive, send)


async def _send(answer: Answer, at: float, scope: Scope, receive: Receive, send: Send) -> None:
    body = answer.body
    if answer.cut in (None, "within"):
        headers = [
            (b"content-type", answer.content_type.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"date", formatdate(at, usegmt=True).encode()),
            *([(b"connection", b"close")] if answer.refuse_seconds is not None else []),
        ]
        sent = body[: len(body) // 2] if answer.cut else body
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": sent, "more_body": answer.cut is not None})
    if answer.cut:
        await cut(scope, receive, reset=answer.cut == "reset")
