"""Connecting to a Temporal that demands certificates or a key, with Temporal's own settings alone."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from remediation.errors import ConfigError
from starter.connection import TemporalUnreachable, connect, reach
from tests.temporal_server import Server

# Made up for these tests: an authority, and what it signed for a server named temporal.test and for a client.
CERTIFICATES = Path(__file__).parent / "certificates"
AUTHORITY, CERTIFICATE, KEY = (CERTIFICATES / name for name in ("authority.pem", "client.pem", "client.key"))
NAMED = {"TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(AUTHORITY), "TEMPORAL_TLS_SERVER_NAME": "temporal.test"}
BY_PATH = {"TEMPORAL_TLS_CLIENT_CERT_PATH": str(CERTIFICATE), "TEMPORAL_TLS_CLIENT_KEY_PATH": str(KEY)}


@pytest.fixture
async def guarded(server: Server) -> AsyncIterator[dict[str, str]]:
    """The dev server behind mutual TLS, as Temporal Cloud is; yields where it is."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=AUTHORITY)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(CERTIFICATES / "server.pem", CERTIFICATES / "server.key")
    context.set_alpn_protocols(["h2"])
    host, _, port = server.address.rpartition(":")
    passing: set[asyncio.Task[None]] = set()

    async def pour(source: asyncio.StreamReader, into: asyncio.StreamWriter) -> None:
        while some := await source.read(65536):
            into.write(some)
            await into.drain()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(host, int(port))
        ways = [asyncio.create_task(pour(*way)) for way in ((reader, back), (there, writer))]
        passing.update(ways)
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for end in (writer, back):
            end.close()
            with suppress(OSError):
                await end.wait_closed()

    handling: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handling.add(asyncio.create_task(pass_on(reader, writer)))

    listener = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    yield {**server.environment, "TEMPORAL_ADDRESS": f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"}
    listener.close()
    for way in passing:
        way.cancel()
    await asyncio.gather(*handling)


@pytest.mark.parametrize("by", ["path", "data"])
async def test_with_a_certificate_of_its_own_it_connects(guarded: dict[str, str], by: str) -> None:
    data = {
        "TEMPORAL_TLS_CLIENT_CERT_DATA": CERTIFICATE.read_text(encoding="utf-8"),
        "TEMPORAL_TLS_CLIENT_KEY_DATA": KEY.read_text(encoding="utf-8"),
    }
    client = await connect({**guarded, **NAMED, **(BY_PATH if by == "path" else data)})
    assert await reach(client, client.service_client.check_health())


@pytest.mark.parametrize(
    "missing",
    ["TEMPORAL_TLS_CLIENT", "TEMPORAL_TLS_SERVER_CA", "TEMPORAL_TLS_SERVER_NAME", "TEMPORAL_TLS"],
    ids=["no certificate", "unknown authority", "another name", "no TLS"],
)
async def test_without_one_of_the_settings_it_does_not_connect_and_says_where(
    guarded: dict[str, str], missing: str
) -> None:
    given = {name: value for name, value in {**NAMED, **BY_PATH}.items() if not name.startswith(missing)}
    with pytest.raises(TemporalUnreachable, match=guarded["TEMPORAL_ADDRESS"]):
        client = await connect({**guarded, **given})
        await reach(client, client.service_client.check_health(), 5)


async def test_an_api_key_is_sent_over_tls_alone_and_shown_in_no_error(server: Server) -> None:
    given = {**server.environment, "TEMPORAL_API_KEY": "made-up-key"}
    client = await connect(given, lazy=True)
    assert client.service_client.config.api_key == "made-up-key"
    assert client.service_client.config.tls
    with pytest.raises((TemporalUnreachable, ConfigError)) as caught:
        await connect(given)  # this server speaks no TLS
    assert "made-up-key" not in str(caught.value)
