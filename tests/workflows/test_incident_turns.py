"""A repair waits for its turn: held, told, decided again on a fresh reading, and never forgotten."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from temporalio.client import Client

from remediation import contract
from remediation.cloud import Instance
from remediation.contract import Record
from remediation.fleet import FleetShown
from tests.clouds import StagedCloud
from tests.waiting import until
from tests.workflows.staging import Stage, an_instance, stage

pytestmark = pytest.mark.temporal
ONE_AT_A_TIME = ("operators: [desk]", "operators: [desk]\nguardrails: {max_acting: 1}")


@asynccontextmanager
async def two(client: Client, unique: str, cloud: StagedCloud | None = None) -> AsyncIterator[tuple[Stage, Stage]]:
    """An instance whose repair waits for its snapshots until it is cancelled, and one that is to wait for it."""
    cloud = cloud or StagedCloud()
    cloud.polls_until_ready = 10_000
    async with stage(client, unique, cloud, ONE_AT_A_TIME) as first:
        second = dataclasses.replace(first, instance_id=f"{first.instance_id}b")
        await first.send()
        await first.decided()
        await second.send()
        [record] = await second.decided()
        assert record.kind == "hold"
        yield first, second


async def no_longer_held(on: Stage) -> Record:
    async def decided() -> Record | None:
        records = await on.decided()
        return records[0] if records[0].kind != "hold" else None

    record: Record = await until(decided)
    return record


async def waiting(on: Stage) -> list[str]:
    guard = on.client.get_workflow_handle(contract.fleet_id(on.cloud.region))
    shown = await guard.query(contract.FLEET, result_type=FleetShown)
    return [one.instance_id for one in shown.waiting]


async def test_what_is_held_is_remediated_when_its_turn_comes_and_is_one_record(client: Client, unique: str) -> None:
    async with two(client, unique) as (first, second):
        held = (await second.decided())[0]
        first.cloud.polls_until_ready = 1
        await first.remediation.cancel()
        record = await no_longer_held(second)
        await second.ended()
        records = await second.decided()

    assert first.instance_id in held.said
    assert record.kind == "remediate"
    assert record.held_at == held.decided_at
    assert len(records) == 1
    assert second.cloud.mutating().count("RebootInstances") == 1


async def test_a_further_alarm_joins_what_is_held_and_the_same_one_is_a_duplicate(client: Client, unique: str) -> None:
    async with two(client, unique) as (first, second):
        await second.send(event_id="further")
        records = await second.decided(2)
        await first.remediation.cancel()

    assert [record.kind for record in records] == ["hold", "join"]


async def test_a_recovery_gives_up_the_turn_of_what_is_held(client: Client, unique: str) -> None:
    async with two(client, unique) as (first, second):
        before = await waiting(first)
        await second.send(status="0")
        record = await no_longer_held(second)

        async def nobody_waits() -> bool:
            return await waiting(first) == []

        await until(nobody_waits)
        await first.remediation.cancel()
        kinds = [one.kind for one in await second.decided(2)]

    assert before == [second.instance_id]
    assert record.kind == "expire"
    assert kinds == ["expire", "recovered"]


async def test_an_instance_that_has_left_the_scope_meanwhile_is_not_touched_when_its_turn_comes(
    client: Client, unique: str
) -> None:
    tags = {"medic": "on"}

    def now(instance_id: str) -> Instance | None:
        return an_instance(instance_id=instance_id, tags=dict(tags) if instance_id.endswith("b") else {"medic": "on"})

    async with two(client, unique, StagedCloud(instance=now)) as (first, second):
        tags["medic"] = "off"
        await first.remediation.cancel()
        record = await no_longer_held(second)

    assert record.kind == "notify"
    assert "medic=on" in record.said
    assert second.cloud.mutating().count("RebootInstances") == 0


async def test_a_guard_that_does_not_answer_lets_nothing_act_and_people_hear_of_it(client: Client, unique: str) -> None:
    async with stage(client, unique) as on:
        nobody = f"nobody-{unique}"
        await client.start_workflow(contract.FLEET_GUARD, id=contract.fleet_id(on.cloud.region), task_queue=nobody)
        await on.send()

        async def told() -> bool:
            return bool(on.ears.heard)

        await until(told, 60)
        [record] = await on.decided()

    assert record.kind == "hold"
    assert on.ears.headlines() == ["HELD"]
    assert on.cloud.mutating() == []
