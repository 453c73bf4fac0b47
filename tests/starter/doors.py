"""Doors of this process: the application without a network, and one that listens; and requests that are signed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from pydantic import SecretStr
from temporalio.client import Client

from remediation.settings import read_settings
from starter.authorisation import digest_of
from starter.limits import Limits
from starter.webhook import app, serve

TOKEN = "made-up-token"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
OLD, NEW = "old-" * 8, "new-" * 8
KEYS = f"2026a:{OLD},2026b:{NEW}"


def free_port() -> int:
    """A port that was free just now; the door itself says so if it no longer is."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def door(client: Client, **given: str) -> httpx2.AsyncClient:
    """An HTTP client of the application, without a network between them; `given` are other settings."""
    settings = read_settings({"MEDIC_WEBHOOK_TOKEN": TOKEN, **given})
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app(client, settings)), base_url="http://door")


def signing_door(client: Client, **given: str) -> httpx2.AsyncClient:
    """The same, which knows two keys and no token."""
    return door(client, MEDIC_WEBHOOK_TOKEN="", MEDIC_WEBHOOK_KEYS=KEYS, **given)


@asynccontextmanager
async def served(client: Client, limits: Limits | None = None, **given: str) -> AsyncIterator[int]:
    """A real listening door; yields its port, and ends it as Ctrl-C does."""
    port = free_port()
    settings = read_settings({"MEDIC_WEBHOOK_PORT": str(port), "MEDIC_WEBHOOK_TOKEN": TOKEN, **given})
    serving = asyncio.create_task(serve(settings, client, limits or Limits()))
    await asyncio.sleep(0)
    try:
        yield port
    finally:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.wait_for(serving, 20)


async def raw(port: int, head: str, *chunks: bytes) -> bytes:
    """What comes back on a connection that sends exactly this, and then says no more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"POST /events HTTP/1.1\r\nHost: door\r\nAuthorization: Bearer {TOKEN}\r\n{head}\r\n\r\n"
    writer.write(request.encode() + b"".join(chunks))
    await writer.drain()
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
    answer += await asyncio.wait_for(reader.read(500), 20)
    writer.close()
    return answer


def chunk(content: bytes) -> bytes:
    return f"{len(content):x}\r\n".encode() + content + b"\r\n"


def signature(body: bytes, key: str = "2026b", secret: str = NEW, *, at: float | None = None) -> dict[str, str]:
    """The headers that let `body` in, signed at `at` (seconds since the epoch; now)."""
    timestamp = str(int(time.time() if at is None else at))
    digest = digest_of(SecretStr(secret), timestamp.encode(), body)
    return {"X-Medic-Key": key, "X-Medic-Timestamp": timestamp, "X-Medic-Signature": f"v1={digest.hex()}"}
