"""send, show, runs and cancel as processes, against a real server and the production workers with a staged cloud."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from remediation.report import Outcome
from tests.cli.consoles import Console
from tests.clouds import StagedCloud
from tests.temporal_server import Server
from tests.waiting import until
from tests.workflows.staging import Stage, stage

pytestmark = pytest.mark.temporal
OBSERVE = ("mode: act", "mode: observe")


@pytest.fixture
def console(server: Server, unique: str) -> Console:
    return Console(server, unique)


async def _slow(act: Stage) -> None:
    """Until the snapshots are being waited for."""

    async def begun() -> bool:
        return len(act.cloud.snapshots) == 2

    await until(begun)


async def test_an_event_is_sent_followed_and_its_end_told(server: Server, unique: str, console: Console) -> None:
    async with stage(server.client, unique, StagedCloud(polls_until_ready=3)):
        told = await console.send()
        assert told.code == 0, told.err
        assert told.out.startswith("accepted: ")
        assert "[RECOVERED] web-1" in told.out
        assert f"/namespaces/{server.namespace}/workflows/cvm%2F{console.region}%2F{console.instance}" in told.out
        steps = ["look at ins-", "snapshot of system disk", "wait until snap-", "SOFT reboot of", "verify ins-"]
        places = [told.err.index(step) for step in steps]
        assert places == sorted(places)
        assert "✓ SOFT reboot of" in told.err

        shown = await console("show", console.instance)
        assert shown.code == 0, shown.err
        assert f"cvm/{console.region}/{console.instance}/remediation: recovered" in shown.out
        assert "remediate" in shown.out
        listed = await console("runs", "--instance", console.instance, "--outcome", "recovered", "--output", "json")
        (run,) = listed.json["runs"]
        assert (run["rule"], run["standing"]) == ("disk-read-only", "recovered")
        again = await console("cancel", console.instance)
        assert again.code == 1
        assert "has ended already (recovered)" in again.err

    # With the workers gone, all but the decisions can still be told.
    alone = await console("show", f"cvm/{console.region}/{console.instance}/remediation", "--output", "json")
    assert alone.code == 0, alone.err
    assert alone.json["result"]["outcome"] == "recovered"
    assert [step["state"] for step in alone.json["steps"]] == ["done"] * len(alone.json["steps"])
    assert "only a worker can tell" in alone.json["decisions_unknown"]


async def test_a_dry_run_of_a_rule_that_acts_changes_nothing_and_stands_in_nobodys_way(
    server: Server, unique: str, console: Console
) -> None:
    cloud = StagedCloud()
    async with stage(server.client, unique, cloud):
        for _ in range(2):
            tried = await console.send("disk-read-only", "--dry-run", "--output", "json")
            assert (tried.code, tried.json["result"]["outcome"]) == (3, Outcome.WOULD_ACT.value), tried.err
            assert tried.json["receipts"][0]["workflow_id"].endswith("/dry-run")
        assert cloud.mutating() == []
        real = await console.send("disk-read-only", "--output", "json")
    assert (real.code, real.json["result"]["outcome"]) == (0, Outcome.RECOVERED.value), real.err


async def test_json_is_one_object_and_not_recovered_ends_with_3(server: Server, unique: str, console: Console) -> None:
    async with stage(server.client, unique, StagedCloud(reboot_ends_as="FAILED")):
        told = await console.send("disk-read-only", "--output", "json")
    assert told.code == 3, told.err
    assert told.json["receipts"][0]["status"] == "accepted"
    assert told.json["decision"]["kind"] == "remediate"
    assert told.json["result"]["outcome"] == Outcome.NOT_RECOVERED.value


async def test_the_exit_code_tells_what_became_of_an_event_that_was_not_repaired(
    server: Server, unique: str, console: Console
) -> None:
    async with stage(server.client, unique):
        ignored, notified = await asyncio.gather(
            console.send("nvme-error", "--output", "json"), console.send("instance-rebooted", "--output", "json")
        )
    assert (ignored.code, ignored.json["decision"]["kind"]) == (5, "ignore")
    assert (notified.code, notified.json["decision"]["kind"]) == (0, "notify")


async def test_waiting_ends_in_time_with_124_and_says_that_no_worker_answers(console: Console) -> None:
    told = await console.send("disk-read-only", "--timeout", "5s", "--output", "json")
    assert told.code == 124
    assert "alive on task queue" in told.err
    assert told.json["decision"] is None
    assert told.json["receipts"][0]["status"] == "accepted"


async def test_a_file_is_sent_as_it_is_and_its_receipt_names_the_fix(console: Console, tmp_path: Path) -> None:
    old: dict[str, Any] = {
        "id": "event-1",
        "source": "cvm.cloud.tencent",
        "type": "cvm:ErrorEvent:DiskReadonly",
        "subject": console.instance,
        "time": int(time.time() * 1000) - 7_200_000,
        "region": console.region,
        "status": "1",
    }
    file = tmp_path / "event.json"
    file.write_text(json.dumps(old), encoding="utf-8")
    told = await console("send", str(file), "--output", "json")
    assert told.code == 0, told.err
    assert told.json["receipts"][0]["event_id"] == "event-1"
    assert "--now" in told.err
    stamped = await console("send", "-", "--now", "--output", "json", stdin=json.dumps(old))
    assert stamped.json["receipts"][0]["event_id"] != "event-1"
    assert stamped.json["receipts"][0]["advice"] == []


async def test_what_cannot_be_read_ends_with_1(console: Console) -> None:
    kept = await console("send", "-", stdin='{"hello": "world"}')
    assert kept.code == 1
    assert kept.out.startswith("unreadable: the event has no `type`")
    refused = await console("send", "-", stdin="hello")
    assert refused.code == 1
    assert refused.err.startswith("error: not JSON")
    batch = await console("send", "-", "--wait", stdin='{"EventList": [{}, {}]}')
    assert batch.code == 2
    assert "this delivery has 2" in batch.err


async def test_a_run_shows_what_it_waits_for_and_can_be_cancelled(
    server: Server, unique: str, console: Console
) -> None:
    async with stage(server.client, unique, StagedCloud(polls_until_ready=10_000)) as act:
        sent = asyncio.create_task(console.send("disk-read-only", "--output", "json"))
        await _slow(act)

        async def seen() -> Any:
            shown = await console("show", f"cvm/{console.region}/{console.instance}", "--output", "json")
            found = [step for step in shown.json["awaited"] if "%" in step["detail"]] if shown.code == 0 else []
            return shown.json if len(found) == 2 else None

        shown = await until(seen)
        assert shown["standing"] == "snapshotting"
        assert all(step["step"].startswith("wait until snap-") for step in shown["awaited"])
        listed = await console("runs", "--open", "--instance", console.instance)
        assert "snapshotting" in listed.out
        ended = await console("cancel", f"cvm/{console.region}/{console.instance}/remediation", "--reason", "noon")
        assert ended.code == 0, ended.err
        assert "nothing new is begun" in ended.err
        assert "cancelled" in ended.out.lower()
        waited = await sent
        assert waited.code == 3
        assert waited.json["result"]["outcome"] == "cancelled"
    assert "cancel was asked for: noon" in waited.err.replace(" (0.0 s)", "")


async def test_what_is_not_there_is_said_clearly(console: Console) -> None:
    nobody = await console("show", console.instance)
    assert nobody.code == 1
    assert f"knows nothing of {console.instance}" in nobody.err
    gone = await console("cancel", f"cvm/{console.region}/{console.instance}")
    assert gone.code == 1
    assert f"has no run cvm/{console.region}/{console.instance}/remediation" in gone.err
