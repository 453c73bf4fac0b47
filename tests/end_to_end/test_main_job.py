"""The whole, with real processes: door, Temporal, worker, cloud, inbox; also when the worker is killed on the way."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx2
import pytest

from cli.demo.proof import broken
from remediation.report import Outcome
from tests.canaries import HMAC_SECRET, MARK, WEBHOOK_TOKEN, sings, with_login
from tests.end_to_end.deployment import DISKS, PAGE, Deployment, deployment, world
from tests.starter.doors import signature
from tests.temporal_server import Server
from tests.waiting import until

pytestmark = [pytest.mark.temporal, pytest.mark.processes]


async def test_an_event_at_the_door_becomes_a_proven_reboot_that_people_hear_of(server: Server, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with deployment(server, tmp_path, MEDIC_WEBHOOK_PORT=str(port)) as on:
        on.command("worker")
        on.command("serve")
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as door:
            body = json.dumps(on.event()).encode()

            async def taken() -> bool:
                try:
                    answer = await door.post("/events", content=body, headers=signature(body, "2026a", HMAC_SECRET))
                except httpx2.TransportError:
                    return False
                return bool(answer.status_code == 202)

            await until(taken)
            forged = await door.post("/events", content=body, headers=signature(body, "2026a", WEBHOOK_TOKEN))
        result = await on.ended()
        told = [one.body["headline"] for one in on.box.received if one.kind == "webhook"]
        mailed = [one.headers["Subject"] for one in on.box.received if one.kind == "mail"]

    assert forged.status_code == 401
    assert not sings(forged.content)
    assert result.outcome is Outcome.RECOVERED
    assert broken(on.cloud.log, on.instances[0], DISKS) == []
    assert told == ["ACTING", "RECOVERED"]
    assert [subject.strip().split("]")[0] for subject in mailed] == ["[ACTING", "[RECOVERED"]


async def _in(activity: str, on: Deployment) -> bool:
    return await on.pending(activity)


async def _in_settle(on: Deployment) -> bool:
    history = await on.remediation().fetch_history()
    timers = [event for event in history.events if event.HasField("timer_started_event_attributes")]
    return len(timers) >= 2  # the first one bounds how long people wait for the first notice


WAITS: dict[str, tuple[Callable[[Deployment], Awaitable[bool]], dict[str, float]]] = {
    "snapshot": (lambda on: _in("wait_until_ready", on), {"system_snapshot": 160, "data_snapshot": 200}),
    "reboot": (lambda on: _in("wait_until_done", on), {"reboot": 160}),
    "settle": (_in_settle, {}),
    "verify": (lambda on: _in("verify_instance", on), {"first_heartbeat": 160}),
}


@pytest.mark.parametrize("wait", WAITS)
async def test_a_worker_that_is_killed_in_any_wait_is_replaced_and_the_run_ends_as_if_it_had_not_been(
    server: Server, tmp_path: Path, wait: str
) -> None:
    reached, durations = WAITS[wait]
    with deployment(server, tmp_path, world(durations)) as on:
        worker = on.command("worker")
        await on.send()
        await until(lambda: reached(on), seconds=60)
        assert on.kill(worker) == -signal.SIGKILL
        on.command("worker")
        result = await on.ended()

    assert result.outcome is Outcome.RECOVERED
    assert broken(on.cloud.log, on.instances[0], DISKS) == []


async def test_a_worker_that_is_killed_while_people_cannot_be_told_tells_them_later(
    server: Server, tmp_path: Path
) -> None:
    with deployment(server, tmp_path) as on:
        on.box.fail(503, 100_000)
        worker = on.command("worker")
        await on.send()
        await until(lambda: on.pending("send_notice", 2), seconds=60)
        on.kill(worker)
        on.box.fail(503, 0)
        on.command("worker")
        result = await on.ended()
        told = sorted(one.body["headline"] for one in on.box.received if one.kind == "webhook")

    assert result.outcome is Outcome.RECOVERED
    assert result.undelivered == ()
    assert told == ["ACTING", "RECOVERED"]


async def test_a_sigterm_lets_the_worker_finish_the_call_that_is_in_its_hands(server: Server, tmp_path: Path) -> None:
    with deployment(server, tmp_path) as on:
        on.cloud.faults.add({"action": "CreateSnapshot", "kind": "delay", "seconds": 3, "times": 2})
        worker = on.command("worker")
        await on.send()

        async def in_hand() -> bool:
            described = await on.remediation().describe()
            pending = described.raw_description.pending_activities
            return any(one.activity_type.name == "create_snapshot" and one.state == 2 for one in pending)

        await until(in_hand, seconds=60)
        assert on.kill(worker, signal.SIGTERM) == 0
        on.command("worker")
        result = await on.ended()

    assert result.outcome is Outcome.RECOVERED
    assert [one.adopted for one in result.snapshots] == [False, False]
    assert broken(on.cloud.log, on.instances[0], DISKS) == []


async def test_a_rule_that_observes_sends_no_mutating_call_by_the_clouds_own_log(
    server: Server, tmp_path: Path
) -> None:
    with deployment(server, tmp_path, page=PAGE.replace("mode: act", "mode: observe")) as on:
        on.command("worker")
        await on.send()
        result = await on.ended()

    assert result.outcome is Outcome.WOULD_ACT
    assert on.mutating() == []
    assert on.calls("DescribeInstances") > 0


async def test_no_secret_is_in_any_log_at_any_level_nor_in_the_histories(server: Server, tmp_path: Path) -> None:
    with deployment(server, tmp_path) as on:
        # A login over a connection that is not encrypted: a notice that fails, and says so.
        on.command("worker", MEDIC_SMTP=with_login(on.box.smtp_url))
        await on.send()
        result = await on.ended()
        for process in on.running:
            on.kill(process, signal.SIGTERM)
        history = b"".join([event.SerializeToString() async for event in on.remediation().fetch_history_events()])
        logs = on.logs()

    assert "polls" in logs
    assert "the password is not sent in the clear" in " ".join(result.undelivered) + logs
    for secret in (MARK, "TC3-HMAC", "Signature="):
        assert secret not in logs
        assert secret.encode() not in history
