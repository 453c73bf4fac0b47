"""The webhook: each status, and its life as a process."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from temporalio.client import Client

from remediation.errors import ConfigError
from remediation.settings import Settings
from starter.connection import connect
from starter.webhook import serve
from tests.starter.deliveries import envelope, signals
from tests.starter.doors import BEARER, TOKEN, door, free_port
from tests.temporal_server import Server
from tests.waiting import until

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def away() -> Client:
    """A client of a Temporal that is not there."""
    return await connect({"TEMPORAL_ADDRESS": "127.0.0.1:9"}, lazy=True)


async def test_an_alarm_is_accepted_with_its_receipt(client: Client, unique: str) -> None:
    async with door(client) as http:
        answer = await http.post("/events", json=envelope(f"ins-{unique}"), headers=BEARER)
    assert answer.status_code == 202
    assert answer.json()["events"][0]["workflow_id"] == f"cvm/ap-guangzhou/ins-{unique}"
    assert len(await signals(client, f"cvm/ap-guangzhou/ins-{unique}")) == 1


async def test_json_that_is_no_alarm_is_accepted_and_kept(client: Client, unique: str) -> None:
    async with door(client) as http:
        answer = await http.post("/events", json={"weather": unique}, headers=BEARER)
    assert answer.status_code == 202
    (event,) = answer.json()["events"]
    assert event["status"] == "unreadable"
    assert await client.get_workflow_handle(event["workflow_id"]).describe()


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"a": NaN}', b"[" * 30_000], ids=lambda body: body[:6])
async def test_what_is_no_json_is_refused_and_the_answer_says_why(client: Client, body: bytes) -> None:
    async with door(client) as http:
        answer = await http.post("/events", content=body, headers=BEARER)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("not JSON")
    assert "EventList" in answer.json()["hint"]


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}, {"Authorization": b"Bearer \xe9"}],
    ids=["none", "wrong", "basic", "no ascii"],
)
async def test_a_wrong_token_is_refused_before_anything_is_read(client: Client, headers: dict[str, str]) -> None:
    async with door(client) as http:
        answer = await http.post("/events", content=b"{", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "MEDIC_WEBHOOK_TOKEN" in answer.json()["error"]


async def test_without_a_token_a_web_page_on_this_machine_cannot_send_alarms(client: Client, unique: str) -> None:
    async with door(client, MEDIC_WEBHOOK_TOKEN="") as http:
        event = envelope(f"ins-{unique}")
        assert (await http.post("/events", json=event, headers={"Origin": "https://bad"})).status_code == 401
        assert (await http.post("/events", json=event)).status_code == 202


async def test_while_temporal_is_away_nothing_is_accepted_and_the_answer_says_why(away: Client) -> None:
    async with door(away) as http:
        answer = await http.post("/events", json=envelope("ins-abc"), headers=BEARER)
    assert answer.status_code == 503
    assert "127.0.0.1:9" in answer.json()["error"]
    assert "TEMPORAL_ADDRESS" in answer.json()["hint"]


async def test_health_is_whether_temporal_answers(client: Client, away: Client) -> None:
    async with door(client) as http:
        answer = await http.get("/healthz")
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    async with door(away) as http:
        answer = await http.get("/healthz")
        assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/events", 405), ("POST", "/event", 404)])
async def test_other_requests_are_refused_in_json_too(client: Client, method: str, path: str, status: int) -> None:
    async with door(client) as http:
        answer = await http.request(method, path)
    assert answer.status_code == status
    assert answer.json()["error"]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "door.example.com"])  # noqa: S104  # is refused
async def test_it_refuses_to_listen_to_other_machines_without_a_token(client: Client, host: str) -> None:
    with pytest.raises(ConfigError, match=r"MEDIC_WEBHOOK_TOKEN.*127\.0\.0\.1"):
        await serve(Settings(webhook_host=host), client)


async def test_an_occupied_port_is_told_with_the_setting_that_changes_it(client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        port = occupied.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"127\.0\.0\.1:{port}.*MEDIC_WEBHOOK_PORT"):
            await serve(Settings(webhook_port=port), client)


@asynccontextmanager
async def forwarder(port: int, to: str) -> AsyncIterator[None]:
    """Lets a server appear on `port`: connections there are passed on to the address `to`."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, number = to.rpartition(":")
        there = await asyncio.open_connection(host, int(number))
        await asyncio.gather(pump(reader, there[1]), pump(there[0], writer), return_exceptions=True)

    listener = await asyncio.start_server(pass_on, "127.0.0.1", port)
    try:
        yield
    finally:
        listener.close()


RUN = """
import os
from remediation.settings import read_settings
from starter.webhook import run
run(read_settings(os.environ))
"""


@pytest.mark.processes
async def test_a_door_that_started_before_temporal_serves_once_it_is_there_and_ends_well_on_sigterm(
    server: Server, unique: str
) -> None:
    port, temporal = free_port(), free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        RUN,
        cwd=ROOT,
        env={
            **server.environment,
            "TEMPORAL_ADDRESS": f"127.0.0.1:{temporal}",
            "MEDIC_WEBHOOK_PORT": str(port),
        },
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
            assert await status_of_health(http) == 503
            assert (await http.post("/events", json=envelope(f"ins-{unique}"))).status_code == 503
            async with forwarder(temporal, server.address):
                assert (await http.post("/events", json=envelope(f"ins-{unique}"))).status_code == 202
                assert await status_of_health(http) == 200
                process.terminate()
                _, errors = await asyncio.wait_for(process.communicate(), 30)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0
    assert b"Traceback" not in errors


async def status_of_health(http: httpx2.AsyncClient) -> int:
    """The answer's status, as soon as somebody listens."""

    async def answered() -> int:
        try:
            return (await http.get("/healthz")).status_code
        except httpx2.ConnectError:
            return 0

    status: int = await until(answered)
    return status
