"""What joins is never lost: not when the run healed nothing, nor when it was an earlier incident's and only tells."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey

from remediation import contract
from remediation.contract import Record
from remediation.fleet import FleetShown
from remediation.report import Outcome
from tests.clouds import StagedCloud
from tests.waiting import until
from tests.workflows.staging import Ears, Stage, called, stage

pytestmark = pytest.mark.temporal
PING_TOO = (
    'type: "cvm:ErrorEvent:DiskReadonly"',
    'type: ["cvm:ErrorEvent:DiskReadonly", "cvm:ErrorEvent:PingUnreachable"]',
)


async def kinds(on: Stage, *wanted: str) -> list[Record]:
    """The records, once their kinds are these."""

    async def are_these() -> list[Record] | None:
        records = await on.decided(len(wanted))
        return records if [one.kind for one in records] == list(wanted) else None

    records: list[Record] = await until(are_these)
    return records


async def heard(on: Stage, count: int) -> bool:
    return len(on.ears.heard) >= count


async def looked(on: Stage) -> bool:
    return await called(on, "DescribeSnapshots", 4)


async def test_what_joined_is_repaired_when_the_run_ended_because_another_symptom_went_by_itself(
    client: Client, unique: str
) -> None:
    cloud = StagedCloud(polls_until_ready=10_000)
    async with stage(client, unique, cloud, PING_TOO) as on:
        await on.send()
        await until(lambda: looked(on))
        await on.send(kind="PingUnreachable")
        await kinds(on, "remediate", "join")
        cloud.polls_until_ready = 1
        await on.send(status="0")
        await kinds(on, "remediate", "remediate", "recovered")

        async def outcomes() -> list[Outcome] | None:
            ends = [one.run.outcome for one in await on.decided(3) if one.run is not None]
            return [one for one in ends if one is not None] if None not in ends else None

        ended = await until(outcomes)

    assert ended == [Outcome.RECOVERED_BY_ITSELF, Outcome.RECOVERED]
    assert cloud.mutating().count("RebootInstances") == 1


async def test_what_the_recovery_covers_as_well_stays_joined(client: Client, unique: str) -> None:
    fired = datetime.now(timezone.utc)
    async with stage(client, unique, StagedCloud(polls_until_ready=10_000)) as on:
        await on.send(at=fired)
        await until(lambda: looked(on))
        await on.send(at=fired + timedelta(seconds=1))
        await kinds(on, "remediate", "join")
        await on.send(status="0", at=fired + timedelta(seconds=2))
        await on.ended()
        await kinds(on, "remediate", "join", "recovered")

    assert on.cloud.mutating().count("RebootInstances") == 0


async def test_an_alarm_is_not_left_to_a_run_of_an_earlier_incident_that_has_ended_and_only_tells(
    client: Client, unique: str
) -> None:
    ears = Ears(deaf={"chat.example.com"})
    cloud = StagedCloud(polls_until_ready=10_000)
    often = ("operators: [desk]", "operators: [desk]\nguardrails: {max_attempts: 5, max_per_day: 5}")
    async with stage(client, unique, cloud, often, ears=ears, notice_patience="8s") as on:
        await on.send()
        await until(lambda: looked(on))
        await on.incident.terminate("by hand")
        await on.send()
        await kinds(on, "join")
        await on.remediation.cancel()

        async def it_only_tells() -> bool:
            phase = SearchAttributeKey.for_keyword(contract.SearchAttribute.PHASE.value)
            return (await on.incident.describe()).typed_search_attributes.get(phase) == "watching"

        await until(it_only_tells)
        cloud.polls_until_ready = 1
        await on.send(event_id="after")
        records = await kinds(on, "join", "remediate")
        await on.ended()

    assert records[1].held_at is not None
    assert cloud.mutating().count("RebootInstances") == 1


async def test_the_reboot_of_a_run_of_an_earlier_incident_is_known_as_ours(client: Client, unique: str) -> None:
    cloud = StagedCloud(polls_until_ready=10_000)
    async with stage(client, unique, cloud) as on:
        await on.send()
        await until(lambda: looked(on))
        await on.incident.terminate("by hand")
        await on.send()
        await kinds(on, "join")
        cloud.polls_until_back, cloud.polls_until_ready = 10_000, 1
        await until(lambda: called(on, "RebootInstances", 1))
        await on.send(kind="GuestReboot", status="-")
        records = await kinds(on, "join", "suppress")
        await on.remediation.terminate("the test is over")

    assert records[1].run is not None


async def test_what_is_too_old_as_it_would_be_held_is_decided_and_told_once(client: Client, unique: str) -> None:
    one = ("operators: [desk]", "operators: [desk]\nguardrails: {max_acting: 1, act_within: 1m}")
    async with stage(client, unique, StagedCloud(polls_until_ready=10_000), one) as first:
        second = Stage(first.client, first.cloud, first.ears, first.task_queue, f"{first.instance_id}b")
        await first.send()
        await until(lambda: heard(first, 1))
        await second.send(at=datetime.now(timezone.utc) - timedelta(minutes=2))
        await kinds(second, "expire")
        await until(lambda: heard(first, 2))
        await second.send(kind="NvmeError", status="-")
        records = await kinds(second, "expire", "ignore")
        await first.remediation.cancel()
        await first.ended()

    assert records[0].needs_people
    assert sorted(first.ears.headlines()) == ["ACTING", "HELD", "NEEDS YOU"]


async def test_the_permit_of_a_run_that_was_terminated_is_kept_while_a_call_of_it_may_be_on_its_way(
    client: Client, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "IN_FLIGHT_SECONDS", 3)
    async with stage(client, unique, StagedCloud(polls_until_ready=10_000)) as on:
        guard = client.get_workflow_handle(contract.fleet_id(on.cloud.region))

        async def acting() -> int:
            return len((await guard.query(contract.FLEET, result_type=FleetShown)).acting)

        async def nobody_acts() -> bool:
            return await acting() == 0

        await on.send()
        await until(lambda: heard(on, 1))
        await on.remediation.terminate("by hand")
        await until(lambda: heard(on, 2))
        meanwhile = await acting()
        await until(nobody_acts)

    assert meanwhile == 1
    assert on.ears.headlines() == ["ACTING", "NEEDS YOU"]


async def test_a_memory_that_cannot_be_read_is_told_and_nothing_is_repaired_over_it(
    client: Client, unique: str
) -> None:
    async with stage(client, unique) as on:
        unreadable = {"state": {"runs": "of a newer release"}}
        await client.start_workflow(contract.INCIDENT, unreadable, id=on.incident.id, task_queue=on.task_queue)
        await on.send()
        records = await kinds(on, "undecided", "notify")
        await until(lambda: heard(on, 2))

    assert "cannot be read" in records[0].said
    assert on.cloud.mutating() == []
    assert on.ears.headlines() == ["NEEDS YOU", "NEEDS YOU"]
