"""How much, how long and from how many at once the webhook takes requests."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from http import HTTPStatus

import h11
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from uvicorn.protocols.http.h11_impl import H11Protocol

from starter.answers import ON_EVERY_ANSWER


@dataclass(frozen=True)
class Limits:
    """One request's, but for `connections`: more of these at once are answered 503."""

    body_bytes: int = 64 * 1024  # EventBridge's own limit of an event
    head_bytes: int = 16 * 1024
    body_seconds: float = 10.0
    head_seconds: float = 10.0
    idle_seconds: int = 5
    connections: int = 256


async def read_body(request: Request, limits: Limits) -> bytes:
    """The whole body, given up as soon as it is too large or too late, whatever its Content-Length claims.

    Raises:
        HTTPException: 408, 413, or 400 for one that breaks off.
    """
    try:
        return await asyncio.wait_for(_whole(request, limits.body_bytes), limits.body_seconds)
    except asyncio.TimeoutError:
        raise HTTPException(
            408, f"the body took longer than {limits.body_seconds:g} s", headers={"Connection": "close"}
        ) from None


async def _whole(request: Request, most: int) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise HTTPException(413, f"the body is larger than {most // 1024} KiB")
    except ClientDisconnect:
        raise HTTPException(400, "the body ended before it was complete") from None
    return bytes(body)


def protocol(limits: Limits) -> type[H11Protocol]:
    """uvicorn's, which awaits a head for ever, and the rest of a body after its answer too: here both have a time.

    A connection is not closed with an early answer (401, 413): what is still coming in would make the system reset
    it, and the sender might never see the answer.
    """

    class Protocol(H11Protocol):
        _patience: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its parent
            super().connection_made(transport)
            self._wait()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            if self._patience is not None:
                self._patience.cancel()
            super().connection_lost(exc)

        def send_400_response(self, msg: str) -> None:
            self._refuse(HTTPStatus.BAD_REQUEST, msg)

        def _wait(self) -> None:
            if self._patience is not None:
                self._patience.cancel()
            self._patience = self.loop.call_later(limits.head_seconds, self._give_up)

        def _give_up(self) -> None:
            in_hand = self.cycle is not None and not self.cycle.response_complete
            if in_hand or self.transport.is_closing():
                return  # its body has a time of its own, and its answer begins the wait anew
            if self.conn.our_state is h11.IDLE:
                self._refuse(HTTPStatus.REQUEST_TIMEOUT, f"no request within {limits.head_seconds:g} s")
            else:
                self.transport.close()

        def _refuse(self, status: HTTPStatus, error: str) -> None:
            content = json.dumps({"error": error}).encode()
            headers = [
                *((name.encode(), value.encode()) for name, value in ON_EVERY_ANSWER),
                (b"content-type", b"application/json"),
                (b"content-length", str(len(content)).encode()),
                (b"connection", b"close"),
            ]
            answer = h11.Response(status_code=status.value, headers=headers, reason=status.phrase.encode())
            for event in (answer, h11.Data(data=content), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
            self.transport.close()

    return Protocol
