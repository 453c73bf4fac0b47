"""`medic why`: every event's decision can be asked for, also long after its incident has closed."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from starter.start import start
from tests.cli.consoles import Console
from tests.temporal_server import Server
from tests.waiting import until
from tests.workflows.staging import Stage, region_of, stage

pytestmark = pytest.mark.temporal


@pytest.fixture
def console(server: Server, unique: str) -> Console:
    return Console(server, unique)


def an_event(unique: str, **fields: Any) -> dict[str, Any]:
    now = int(datetime.now(timezone.utc).timestamp() * 1000)
    whose = {"source": "cvm.cloud.tencent", "subject": f"ins-{unique}", "region": region_of(unique)}
    return {**whose, "id": "one", "type": "cvm:ErrorEvent:NvmeError", "time": now, "status": "-", "data": {}, **fields}


async def send(on: Stage, event: object) -> None:
    await start(on.client, event, received_at=datetime.now(timezone.utc), task_queue=on.task_queue)


async def _is_listed(on: Stage, count: int) -> bool:
    runs = [one async for one in on.client.list_workflows(f'WorkflowId = "{on.incident.id}"')]
    return len(runs) == count


async def test_every_decision_is_told_with_its_rule_its_reason_and_the_facts_it_used(
    server: Server, unique: str, console: Console
) -> None:
    async with stage(server.client, unique, None, ("mode: act", "mode: observe")) as on:
        await asyncio.gather(*[send(on, one) for one in [an_event(unique)] * 2])
        await on.send(event_id="two")
        await on.ended()
        await until(lambda: _is_listed(on, 1))
        told = await console("why", console.instance)
        only = await console("why", console.instance, "--event", "two", "--output", "json")

    assert told.code == 0, told.err
    assert [line.split("  ")[1].split(" ")[0] for line in told.out.splitlines() if "(event " in line] == [
        "ignore",
        "duplicate",
        "remediate",
    ]
    assert "by rule disk-read-only" in told.out
    (decision,) = only.json["decisions"]
    assert decision["facts"]["scope"] == "medic=on, found medic=on"
    assert decision["run"]["outcome"] == "would_act"
    assert decision["run_ui"].endswith(f"{decision['run']['run_id']}/history")


async def test_an_incident_that_has_closed_still_answers_beside_the_next_one(
    server: Server, unique: str, console: Console
) -> None:
    async with stage(server.client, unique) as on:
        await send(on, an_event(unique))
        await on.decided()
        await on.incident.terminate("the next day")
        await send(on, an_event(unique, id="other"))
        await on.decided()
        await until(lambda: _is_listed(on, 2))
        told = await console("why", console.instance, "--output", "json")

    assert [(one["event_id"], one["kind"]) for one in told.json["decisions"]] == [
        ("one", "ignore"),
        ("other", "ignore"),
    ]
    assert len({one["ui"] for one in told.json["decisions"]}) == 2


async def test_a_file_with_the_event_is_asked_for_and_also_one_that_could_not_be_read(
    server: Server, unique: str, console: Console, tmp_path: Path
) -> None:
    good, bad, never = tmp_path / "good.json", tmp_path / "bad.json", tmp_path / "never.json"
    good.write_text(json.dumps(an_event(unique)))
    bad.write_text(json.dumps(an_event(unique, status="hm")))
    never.write_text(json.dumps(an_event(unique, id="never")))
    async with stage(server.client, unique) as on:
        await send(on, json.loads(good.read_text()))
        await send(on, json.loads(bad.read_text()))
        await on.decided()
        await until(lambda: _is_listed(on, 1))
        known = await console("why", str(good), "--output", "json")
        unreadable = await console("why", str(bad))
        unknown = await console("why", str(never))

    assert [one["kind"] for one in known.json["decisions"]] == ["ignore"]
    assert unreadable.code == 0, unreadable.err
    assert 'status "hm" is not known' in unreadable.out
    assert unknown.code == 1
    assert "nothing is known of event never" in unknown.err
    assert "keeps what has closed" in unknown.err


async def test_what_is_neither_an_instance_nor_a_file_is_a_mistake_in_the_call(console: Console) -> None:
    told = await console("why", "nonsense.json")
    assert told.code == 2
    assert "neither an instance" in told.err
