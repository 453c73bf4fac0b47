"""Where notices arrive in the demo and in tests: a webhook receiver and a mail server that keep everything in order."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Literal
from weakref import WeakSet

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

_KEPT_HEADERS = ("Idempotency-Key", "Content-Type", "Message-ID", "Subject")
_LOOPBACK = "127.0.0.1"
_START_SECONDS = 10.0


@dataclass(frozen=True)
class Received:
    """One notice that was accepted.

    Attributes:
        at: seconds since the epoch.
        to: the path of a webhook, or the recipients of a mail, separated by `, `.
        headers: of those in the list above, the ones that came.
        body: the JSON of a webhook, the text of a mail.
    """

    kind: Literal["webhook", "mail"]
    at: float
    to: str
    headers: dict[str, str]
    body: Any


@dataclass
class Inbox:
    """A running inbox; `received` grows while one looks."""

    webhook_url: str
    smtp_host: str
    smtp_port: int
    received: list[Received] = field(default_factory=list)
    _failing: list[int] = field(default_factory=list)
    _mails_failing: int = 0

    @property
    def smtp_url(self) -> str:
        return f"smtp://{self.smtp_host}:{self.smtp_port}"

    def fail(self, status: int = 503, times: int = 1) -> None:
        """The next `times` webhooks are answered with `status`, and as many mails with 451; none of them is kept."""
        self._failing = [status] * times
        self._mails_failing = times

    def take_webhook(self, path: str, headers: Mapping[str, str], body: Any) -> int:
        """Keep a webhook, or not; returns the status to answer with."""
        if self._failing:
            return self._failing.pop()
        self.received.append(Received("webhook", time.time(), path, _kept(headers), body))
        return 200

    def take_mail(self, to: list[str], content: bytes) -> str:
        """Keep a mail, or not; returns the SMTP reply."""
        if self._mails_failing:
            self._mails_failing -= 1
            return "451 try again later"
        message = email.message_from_bytes(content, policy=email.policy.default)
        part = message.get_body(("plain",))
        text = part.get_content().replace("\r\n", "\n") if part is not None else ""
        headers = _kept({name: str(value) for name, value in message.items()})
        self.received.append(Received("mail", time.time(), ", ".join(to), headers, text))
        return "250 kept"


@contextmanager
def inbox() -> Iterator[Inbox]:
    """An inbox on two free loopback ports, in a thread of its own, until the block ends."""
    with socket.create_server((_LOOPBACK, 0)) as web, socket.create_server((_LOOPBACK, 0)) as mail:
        # Without it each answer waits 40 ms for an acknowledgement; asyncio sets it only on sockets of its own making.
        for one in (web, mail):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        box = Inbox(f"http://{_LOOPBACK}:{web.getsockname()[1]}", _LOOPBACK, mail.getsockname()[1])
        servers = _Servers(box, web, mail)
        thread = threading.Thread(target=lambda: asyncio.run(servers.run()), name="inbox", daemon=True)
        thread.start()
        try:
            if not servers.ready.wait(_START_SECONDS):
                raise RuntimeError(f"the inbox did not start within {_START_SECONDS:g} s")
            yield box
        finally:
            servers.stop()
            thread.join()


class _Servers:
    """Both servers on one event loop, so that the order in which things are kept is the order of arrival."""

    def __init__(self, box: Inbox, web: socket.socket, mail: socket.socket) -> None:
        self._box, self._web, self._mail = box, web, mail
        self._sessions: WeakSet[SMTP] = WeakSet()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.ready = threading.Event()
        config = uvicorn.Config(
            _app(box),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",  # its import is deprecated, and nobody speaks it here
            timeout_graceful_shutdown=1,
        )
        self._uvicorn = uvicorn.Server(config)

    async def run(self) -> None:
        self._loop = asyncio.get_running_loop()
        # Both sockets listen already: who connects before the servers run is served in a moment.
        mail = await self._loop.create_server(self._session, sock=self._mail)
        self.ready.set()
        try:
            await self._uvicorn.serve(sockets=[self._web])
        finally:
            mail.close()
            for session in list(self._sessions):
                if session.transport is not None:
                    session.transport.close()
            await asyncio.sleep(0)  # the transports close their sockets in the loop's next turn

    def stop(self) -> None:
        self._uvicorn.should_exit = True

    def _session(self) -> SMTP:
        # Its own name is given: otherwise every session asks DNS for it.
        session = SMTP(_Handler(self._box), hostname="localhost", enable_SMTPUTF8=True, loop=self._loop)
        self._sessions.add(session)
        return session


class _Handler:
    """What aiosmtpd calls when a mail is complete."""

    def __init__(self, box: Inbox) -> None:
        self._box = box

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, RUF100  # aiosmtpd looks it up by this name
        content = envelope.content or b""
        return self._box.take_mail(envelope.rcpt_tos, content if isinstance(content, bytes) else content.encode())


def _app(box: Inbox) -> Starlette:
    async def listing(_: Request) -> JSONResponse:
        return JSONResponse([asdict(one) for one in box.received])

    async def fail(request: Request) -> JSONResponse:
        wanted = json.loads(await request.body() or b"{}")
        box.fail(int(wanted.get("status", 503)), int(wanted.get("times", 1)))
        return JSONResponse({"failing": int(wanted.get("times", 1))})

    async def take(request: Request) -> JSONResponse:
        try:
            body = json.loads(await request.body())
        except ValueError:
            return JSONResponse({"error": "not JSON"}, status_code=400)
        status = box.take_webhook(request.url.path, request.headers, body)
        return JSONResponse({"kept": status == 200}, status_code=status)

    return Starlette(
        routes=[
            Route("/_inbox", listing, methods=["GET"]),
            Route("/_inbox/fail", fail, methods=["POST"]),
            Route("/{path:path}", take, methods=["POST"]),
        ]
    )


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    given = {name.lower(): value for name, value in headers.items()}
    return {name: given[name.lower()] for name in _KEPT_HEADERS if name.lower() in given}
