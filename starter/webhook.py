"""The webhook: POST /events takes a delivery in, GET /healthz says whether Temporal answers."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import logging
import signal
import socket
import time
from collections.abc import Generator
from datetime import datetime, timezone

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from temporalio.client import Client

from remediation.errors import ConfigError, EventRejected
from remediation.events import read_json
from remediation.settings import Settings
from starter.answers import ON_EVERY_ANSWER, LastResort, problem
from starter.authorisation import Unauthorised, authorise, schemes
from starter.connection import TemporalUnreachable, connect, reach
from starter.limits import Limits, protocol, read_body
from starter.workers import WatchedStart

HEALTH_SECONDS = 2.0
_LOG = logging.getLogger("medic.webhook")
_USUAL = Limits()


def app(client: Client, settings: Settings, limits: Limits = _USUAL) -> Starlette:
    """The ASGI application; `client` may be one that connects lazily (503 until Temporal is there)."""

    door = WatchedStart(settings.task_queue)

    async def take_events(request: Request) -> JSONResponse:
        try:
            signed = authorise(request.headers.raw, settings, time.time())
            body = await read_body(request, limits)
            if signed is not None:
                signed.verify(body)
            receipt = await door.take(client, read_json(body), received_at=datetime.now(timezone.utc))
        except Unauthorised as refused:
            return problem(401, str(refused), headers={"WWW-Authenticate": schemes(settings)})
        except EventRejected as rejected:
            return problem(400, rejected.reason, rejected.hint)
        except TemporalUnreachable as error:
            _LOG.error(json.dumps({"status": "failed", "reason": str(error)}))
            return problem(503, error.reason, "Nothing is lost if you deliver it again. " + error.hint)
        for line in receipt.as_dicts():
            _LOG.info(json.dumps(line, ensure_ascii=False))
        return JSONResponse(receipt.model_dump(mode="json"), status_code=202)

    async def health(_: Request) -> JSONResponse:
        try:
            serving = await reach(client, client.service_client.check_health(), HEALTH_SECONDS)
        except TemporalUnreachable as error:
            _LOG.warning(json.dumps({"status": "unhealthy", "reason": str(error)}))
            serving = False
        answers = {
            "status": "ok" if serving else "unavailable",
            "temporal": "answers" if serving else "does not answer",
        }
        return JSONResponse(answers, status_code=200 if serving else 503)

    async def refuse(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101  # registered for that class alone
        return problem(error.status_code, error.detail, headers=error.headers)

    routes = [Route("/events", take_events, methods=["POST"]), Route("/healthz", health, methods=["GET"])]
    application = Starlette(
        routes=routes, exception_handlers={HTTPException: refuse}, middleware=[Middleware(LastResort)]
    )
    # A redirection would be made of the Host that the sender names, and no signature survives it.
    application.router.redirect_slashes = False
    return application


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is in hand and return.

    Temporal need not be there yet: the door then connects at the first event, so that no order of starting matters.

    Raises:
        ConfigError: no token for an address that others reach, an address that cannot be bound, or wrong TEMPORAL_*.
    """

    async def connect_and_serve() -> None:
        try:
            client = await connect()
        except TemporalUnreachable as error:
            _LOG.warning(json.dumps({"status": "waiting for Temporal", "reason": str(error)}))
            client = await connect(lazy=True)
        await serve(settings, client)

    asyncio.run(connect_and_serve())


async def serve(settings: Settings, client: Client, limits: Limits = _USUAL) -> None:
    """The same with a client in hand, on the running loop of the main thread; raises ConfigError alike."""
    listener = _listen(settings)
    with listener:
        config = uvicorn.Config(
            app(client, settings, limits),
            http=protocol(limits),
            ws="none",
            h11_max_incomplete_event_size=limits.head_bytes,
            limit_concurrency=limits.connections,
            timeout_keep_alive=limits.idle_seconds,
            headers=ON_EVERY_ANSWER,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=settings.shutdown_grace,
        )
        server = _Server(config)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, server.stop)
        try:
            host, port = listener.getsockname()[:2]
            _LOG.info(json.dumps({"status": "listening", "host": host, "port": port}))
            await server.serve(sockets=[listener])
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)


class _Server(uvicorn.Server):
    """Returns after a signal, where uvicorn raises it once more: the process is to end cleanly, with status 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    def stop(self) -> None:
        self.should_exit = True


def _listen(settings: Settings) -> socket.socket:
    host, port = settings.webhook_host, settings.webhook_port
    if settings.webhook_token is None and not settings.webhook_keys and not _is_loopback(host):
        raise ConfigError(
            f"MEDIC_WEBHOOK_HOST={host} is reached by other machines, and neither MEDIC_WEBHOOK_TOKEN nor "
            "MEDIC_WEBHOOK_KEYS is set: set one, for example MEDIC_WEBHOOK_TOKEN=$(openssl rand -hex 32), "
            "or listen on 127.0.0.1"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {host}:{port}: {error.strerror}. Set MEDIC_WEBHOOK_HOST or MEDIC_WEBHOOK_PORT"
        ) from None
    # asyncio sets it on sockets of its own making only; without it an answer waits 40 ms for an acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
