"""How much, how long and how many the listening door takes, and what stands on each of its answers."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from typing import Any, cast

import pytest
from temporalio.client import Client

from starter.answers import ON_EVERY_ANSWER
from starter.connection import connect
from starter.limits import Limits
from tests.starter.deliveries import envelope
from tests.starter.doors import BEARER, TOKEN, chunk, door, raw, served
from tests.waiting import until

MAX_BODY_BYTES = Limits().body_bytes
HEAD = f"POST /events HTTP/1.1\r\nHost: door\r\nAuthorization: Bearer {TOKEN}\r\n".encode()


async def test_the_limit_holds_while_reading_whatever_the_length_claims(client: Client, unique: str) -> None:
    async with served(client) as port:
        # Neither of these bodies is ever complete: the answer must not wait for its end.
        endless = await raw(port, "Transfer-Encoding: chunked", *[chunk(b" " * 4096)] * 17)
        assert endless.startswith(b"HTTP/1.1 413 ")
        assert b"larger than 64 KiB" in endless
        promised = await raw(port, "Content-Length: 99999999", b" " * (MAX_BODY_BYTES + 1))
        assert promised.startswith(b"HTTP/1.1 413 ")
        event = json.dumps(envelope(f"ins-{unique}")).encode()
        filled = event + b" " * (MAX_BODY_BYTES - len(event))
        assert (await raw(port, "Transfer-Encoding: chunked", chunk(filled), b"0\r\n\r\n")).startswith(b"HTTP/1.1 202 ")


async def test_a_sender_that_hangs_up_in_the_middle_leaves_the_door_open_and_no_stack_trace(
    client: Client, unique: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(client) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"POST /events HTTP/1.1\r\nHost: d\r\nAuthorization: Bearer {TOKEN}\r\n".encode())
        writer.write(b"Content-Length: 500\r\n\r\n{")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        event = json.dumps(envelope(f"ins-{unique}")).encode()
        assert (await raw(port, f"Content-Length: {len(event)}", event)).startswith(b"HTTP/1.1 202 ")
    complaints = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert {record.name for record in complaints} <= {"medic.door"}  # that no worker polls here


def said(answer: bytes) -> tuple[int, Any]:
    """Status and JSON of a whole answer, on which all that every answer has must stand."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().lower().split("\r\n")
    for name, value in ON_EVERY_ANSWER:
        assert f"{name}: {value}".lower() in lines
    assert "content-type: application/json" in lines
    assert b"Traceback" not in body
    return int(lines[0].split()[1]), json.loads(body)


async def until_closed(port: int, *pieces: bytes, insists: bool = False) -> bytes:
    """All that comes back on a connection until the door closes it.

    Args:
        pieces: are sent, if there are several one each 20 ms, until an answer begins.
        insists: they are sent on after it.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def send() -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)

    sending, answer = asyncio.create_task(send()), b""
    try:
        while part := await asyncio.wait_for(reader.read(4096), 20):
            answer += part
            if not insists:
                sending.cancel()
    except ConnectionError:
        pass  # what was sent after the end is refused so
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()
    return answer


HASTY = Limits(body_seconds=0.3, head_seconds=0.5)


async def test_a_body_that_trickles_in_is_ended_with_408(client: Client) -> None:
    async with served(client, HASTY) as port:
        length = b"Content-Length: 5000\r\n\r\n"
        status, answer = said(await until_closed(port, HEAD + length, *[b" "] * 1000))
    assert (status, answer["error"]) == (408, "the body took longer than 0.3 s")


@pytest.mark.parametrize(
    "pieces", [[], [bytes([one]) for one in HEAD], [HEAD]], ids=["nothing", "one byte after another", "half a head"]
)
async def test_a_head_that_does_not_come_is_ended_with_408(client: Client, pieces: list[bytes]) -> None:
    async with served(client, HASTY) as port:
        status, answer = said(await until_closed(port, *pieces))
    assert (status, answer["error"]) == (408, "no request within 0.5 s")


async def test_what_trickles_in_after_its_answer_holds_the_connection_no_longer() -> None:
    # Asked for a Temporal that is silent it answers later than a head may take, and nobody ever reads this body.
    asking = b"GET /healthz HTTP/1.1\r\nHost: door\r\nContent-Length: 5000\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        away = await connect({"TEMPORAL_ADDRESS": f"127.0.0.1:{silent.getsockname()[1]}"}, lazy=True)
        async with served(away, HASTY) as port:
            status, _ = said(await until_closed(port, asking, *[b" "] * 5000, insists=True))
    assert status == 503


BROKEN = {
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
    "no path": b"POST\r\n\r\n",
    "a space in a name": HEAD + b"X Y: 1\r\n\r\n",
    "a null": HEAD + b"X: \x00\r\n\r\n",
    "a negative length": HEAD + b"Content-Length: -1\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "no host": b"POST /events HTTP/1.1\r\n\r\n",
    "an unknown encoding": HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
    "a head that goes on after 16 KiB": HEAD + b"X: " + b"x" * 17_000,
}


@pytest.mark.parametrize("broken", BROKEN)
async def test_a_malformed_request_is_refused_as_every_other_one(client: Client, broken: str) -> None:
    async with served(client) as port:
        status, answer = said(await until_closed(port, BROKEN[broken]))
    assert status == 400
    assert answer["error"]


@pytest.mark.parametrize("path", ["/events/", "/healthz/", "//x/..", "/%00", "/events?x=%zz", "*"])
async def test_odd_paths_and_hosts_break_nothing_and_redirect_nobody(client: Client, path: str) -> None:
    request = f"POST {path} HTTP/1.1\r\nHost: [\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode()
    async with served(client) as port:
        status, _ = said(await until_closed(port, request))
    assert status in (401, 404)


async def test_more_connections_than_are_allowed_are_told_to_come_again(client: Client, unique: str) -> None:
    async with served(client, Limits(connections=2)) as port:
        _, one = await asyncio.open_connection("127.0.0.1", port)
        one.write(HEAD)
        await one.drain()
        event = json.dumps(envelope(f"ins-{unique}")).encode()
        crowded = await raw(port, f"Content-Length: {len(event)}\r\nConnection: close", event)
        assert crowded.startswith(b"HTTP/1.1 503 ")
        assert b"no-store" in crowded
        one.close()

        async def has_room() -> bool:
            return (await raw(port, f"Content-Length: {len(event)}", event)).startswith(b"HTTP/1.1 202 ")

        await until(has_room)


async def test_what_nobody_expected_is_answered_with_an_id_that_is_in_the_log_and_no_stack_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with door(cast(Client, None)) as http:  # a client on which every call is a mistake
        answer = await http.post("/events", json=envelope("ins-abc"), headers=BEARER)
    assert answer.status_code == 500
    assert set(answer.json()) == {"error", "hint"}
    assert "NoneType" not in answer.text
    (logged,) = [one for one in caplog.records if one.name == "medic.webhook" and one.levelno >= logging.ERROR]
    assert json.loads(logged.message)["id"] in answer.json()["error"]
    assert logged.exc_info is not None
    assert TOKEN not in caplog.text
