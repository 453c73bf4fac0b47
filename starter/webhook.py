"""The webhook: POST /events takes a delivery in, GET /healthz says whether Temporal answers."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import ipaddress
import json
import logging
import signal
import socket
from collections.abc import Generator, Mapping
from datetime import datetime, timezone

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from temporalio.client import Client

from remediation.errors import ConfigError, EventRejected
from remediation.events import read_json
from remediation.settings import Settings
from starter.connection import TemporalUnreachable, connect, reach
from starter.workers import WatchedStart

MAX_BODY_BYTES = 64 * 1024  # EventBridge's own limit of an event
HEALTH_SECONDS = 2.0
_LOG = logging.getLogger("medic.webhook")


def app(client: Client, settings: Settings) -> Starlette:
    """The ASGI application; `client` may be one that connects lazily (503 until Temporal is there)."""

    door = WatchedStart(settings.task_queue)

    async def take_events(request: Request) -> JSONResponse:
        _authorise(request, settings)
        try:
            body = read_json(await _read_body(request))
            receipt = await door.take(client, body, received_at=datetime.now(timezone.utc))
        except EventRejected as rejected:
            return _problem(400, rejected.reason, rejected.hint)
        except TemporalUnreachable as error:
            _LOG.error(json.dumps({"status": "failed", "reason": str(error)}))
            return _problem(503, error.reason, "Nothing is lost if you deliver it again. " + error.hint)
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
        return _problem(error.status_code, error.detail, headers=error.headers)

    routes = [Route("/events", take_events, methods=["POST"]), Route("/healthz", health, methods=["GET"])]
    return Starlette(routes=routes, exception_handlers={HTTPException: refuse})


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


async def serve(settings: Settings, client: Client) -> None:
    """The same with a client in hand, on the running loop of the main thread; raises ConfigError alike."""
    listener = _listen(settings)
    with listener:
        config = uvicorn.Config(
            app(client, settings),
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
    if settings.webhook_token is None and not _is_loopback(host):
        raise ConfigError(
            f"MEDIC_WEBHOOK_HOST={host} is reached by other machines, and no MEDIC_WEBHOOK_TOKEN is set: set one, "
            "for example MEDIC_WEBHOOK_TOKEN=$(openssl rand -hex 32), or listen on 127.0.0.1"
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


def _authorise(request: Request, settings: Settings) -> None:
    if settings.webhook_token is None:
        # Only this machine can reach us; a page in a browser on it must not (browsers name a page's origin).
        if "origin" in request.headers:
            raise HTTPException(401, "requests from web pages are refused while no MEDIC_WEBHOOK_TOKEN is set")
        return
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    expected = settings.webhook_token.get_secret_value().encode()
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode("latin-1"), expected):
        raise HTTPException(
            401,
            "the bearer token is missing or wrong: send `Authorization: Bearer TOKEN` with MEDIC_WEBHOOK_TOKEN's value",
            headers={"WWW-Authenticate": "Bearer"},
        )


async def _read_body(request: Request) -> bytes:
    """The body, given up as soon as it is too large, whatever its Content-Length claims."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise HTTPException(413, f"the body is larger than {MAX_BODY_BYTES // 1024} KiB")
    except ClientDisconnect:
        raise HTTPException(400, "the body ended before it was complete") from None
    return bytes(body)


def _problem(status: int, error: str, hint: str = "", headers: Mapping[str, str] | None = None) -> JSONResponse:
    content = {"error": error, "hint": hint} if hint else {"error": error}
    return JSONResponse(content, status_code=status, headers=headers)
