"""Signed events at the door: before anything is parsed, replayed, and fuzzed with whatever bytes there are."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st
from temporalio.client import Client

from remediation.settings import read_settings
from starter.webhook import app
from tests.remediation.facts import an_event
from tests.starter.deliveries import envelope, signals
from tests.starter.doors import BEARER, KEYS, OLD, TOKEN, door, signature, signing_door
from tests.workflows.staging import stage


async def test_a_signed_event_is_accepted_with_its_receipt(client: Client, unique: str) -> None:
    body = json.dumps(envelope(f"ins-{unique}")).encode()
    async with signing_door(client) as http:
        answer = await http.post("/events", content=body, headers=signature(body))
        assert answer.status_code == 202
        assert len(await signals(client, f"cvm/ap-guangzhou/ins-{unique}")) == 1
        rotated = await http.post("/events", content=body, headers=signature(body, "2026a", OLD))
        assert rotated.status_code == 202


async def test_what_is_wrongly_signed_is_refused_before_it_is_parsed_and_the_answer_says_how(client: Client) -> None:
    async with signing_door(client) as http:
        answer = await http.post("/events", content=b"{", headers=signature(b"["))
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "X-Medic-Signature"
        assert "the bytes as they are sent" in answer.json()["error"]
        answer = await http.post("/events", content=b"{", headers=signature(b"{"))
        assert answer.status_code == 400


async def test_a_token_and_keys_let_in_side_by_side(client: Client, unique: str) -> None:
    body = json.dumps(envelope(f"ins-{unique}")).encode()
    async with door(client, MEDIC_WEBHOOK_KEYS=KEYS) as http:
        for headers in (BEARER, signature(body)):
            assert (await http.post("/events", content=body, headers=headers)).status_code == 202
        refused = await http.post("/events", content=body)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer, X-Medic-Signature"


async def test_a_replayed_request_is_receipted_again_and_decides_nothing_again(client: Client, unique: str) -> None:
    async with stage(client, unique) as on:
        event = envelope(on.instance_id, region=on.cloud.region)
        for body in (json.dumps(event).encode(), json.dumps({**event, "id": None}).encode()):
            headers = signature(body)
            # Two doors: neither knows what the other has taken in.
            for _ in range(2):
                async with signing_door(client, MEDIC_TASK_QUEUE=on.task_queue) as http:
                    answers = [await http.post("/events", content=body, headers=headers) for _ in range(2)]
                assert [answer.status_code for answer in answers] == [202, 202]
                assert answers[0].json() == answers[1].json()
        decided = [record.kind for record in await on.decided(8)]
        await on.ended()

    assert decided == ["remediate", *["duplicate"] * 3, "join", *["duplicate"] * 3]
    assert on.cloud.mutating().count("RebootInstances") == 1


class Taking:
    """Stands where Temporal's client does: takes everything at once, and counts."""

    namespace = "default"
    service_client = SimpleNamespace(config=SimpleNamespace(target_host="nowhere:7233"))

    def __init__(self) -> None:
        self.taken = 0
        self.workflow_service = self

    async def start_workflow(self, *_: object, **__: object) -> None:
        self.taken += 1

    async def describe_task_queue(self, _: object) -> object:
        return SimpleNamespace(pollers=[])


Headers = list[tuple[bytes, bytes]]


def post(headers: Headers, body: bytes, *, pieces: int = 1) -> tuple[int, bytes, int]:
    """(status, body, events that Temporal was given) of a request in exactly these bytes."""
    client, sent = Taking(), list[Any]()
    given = read_settings({"MEDIC_WEBHOOK_TOKEN": TOKEN, "MEDIC_WEBHOOK_KEYS": KEYS})
    size = max(1, -(-len(body) // pieces))
    parts = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
    coming: Iterator[dict[str, Any]] = (
        {"type": "http.request", "body": part, "more_body": at < len(parts)} for at, part in enumerate(parts, 1)
    )
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/events",
        "raw_path": b"/events",
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": None,
        "server": None,
    }

    async def receive() -> dict[str, Any]:
        return next(coming, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(cast(Client, client), given)(scope, receive, send))
    return sent[0]["status"], b"".join(one.get("body", b"") for one in sent), client.taken


def lowered(headers: dict[str, str]) -> Headers:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


EVENT = json.dumps(an_event()).encode()
BODIES = st.one_of(
    st.binary(max_size=200),
    st.builds(lambda at, put: EVENT[:at] + put + EVENT[at + 1 :], st.integers(0, len(EVENT)), st.binary(max_size=4)),
)
NAMES = st.sampled_from(
    [
        b"x-medic-key",
        b"x-medic-timestamp",
        b"x-medic-signature",
        b"authorization",
        b"content-length",
        b"host",
        b"origin",
    ]
)
VALUES = st.one_of(
    st.binary(max_size=80),
    st.sampled_from([b"2026a", b"2026b", b"Bearer", b"Bearer ", b"v1=" + b"0" * 64, b"1764000000", b"", b"\xff"]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.one_of(NAMES, st.binary(min_size=1, max_size=12)), VALUES), max_size=6), BODIES)
def test_no_bytes_of_a_stranger_are_accepted_or_break_anything(headers: Headers, body: bytes) -> None:
    status, answer, taken = post(headers, body)
    assert (status, taken) == (401, 0)
    assert set(json.loads(answer)) == {"error"}


@settings(max_examples=150, deadline=None)
@given(BODIES, st.integers(1, 5))
def test_whatever_one_of_ours_signs_is_a_receipt_or_a_plain_refusal(body: bytes, pieces: int) -> None:
    status, answer, taken = post(lowered(signature(body)), body, pieces=pieces)
    assert (status, taken) in ((202, 1), (400, 0))
    assert b"Traceback" not in answer


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([b"body", *(name for name, _ in lowered(signature(b"")))]), st.data())
def test_a_signed_request_that_is_changed_anywhere_is_refused(where: bytes, data: st.DataObject) -> None:
    headers, body = dict(lowered(signature(EVENT))), EVENT
    was = body if where == b"body" else headers[where]
    at, put = data.draw(st.integers(0, len(was) - 1)), data.draw(st.binary(max_size=3))
    now = was[:at] + put + was[at + 1 :]
    if now == was or (where == b"x-medic-timestamp" and now.strip() == was):
        return
    if where == b"body":
        body = now
    else:
        headers[where] = now
    status, _, taken = post(list(headers.items()), body)
    assert (status, taken) == (401, 0)
