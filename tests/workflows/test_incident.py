"""The incident: one decision for each event, one remediation at a time, and nothing lost at its edges."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.testing import WorkflowEnvironment

from remediation import contract
from remediation.report import Outcome
from tests.clouds import StagedCloud
from tests.waiting import until
from tests.workflows.staging import Ears, Stage, skip, stage

pytestmark = pytest.mark.temporal


async def kinds(on: Stage, count: int) -> list[str]:
    return [record.kind for record in await on.decided(count)]


async def test_an_event_that_is_delivered_again_starts_nothing_again(client: Client, unique: str) -> None:
    async with stage(client, unique) as on:
        at = datetime.now(timezone.utc)
        for _ in range(3):
            await on.send(event_id="the-same", at=at)
        decided = await kinds(on, 3)
        await on.ended()

    assert decided == ["remediate", "duplicate", "duplicate"]
    assert on.cloud.mutating().count("RebootInstances") == 1


async def test_an_event_of_a_known_id_with_another_body_is_recorded_as_a_conflict_and_not_acted_on(
    client: Client, unique: str
) -> None:
    async with stage(client, unique) as on:
        await on.send(kind="NvmeError", status="-", event_id="the-same")
        await on.send(event_id="the-same")
        decided = await kinds(on, 2)
        await until(lambda: _heard(on, 1))

    assert decided == ["ignore", "conflict"]
    assert on.cloud.calls == []


async def test_another_alarm_joins_the_remediation_that_is_at_work(client: Client, unique: str) -> None:
    async with stage(client, unique, StagedCloud(polls_until_ready=10_000)) as on:
        await on.send()
        await on.send()
        decided = await kinds(on, 2)
        await until(lambda: _heard(on, 1))
        await on.remediation.cancel()
        await on.ended()

    assert decided == ["remediate", "join"]
    assert on.ears.headlines() == ["ACTING", "HELD"]


async def test_a_symptom_that_returns_after_the_repair_goes_to_people_and_not_into_a_second_reboot(
    client: Client, unique: str
) -> None:
    async with stage(client, unique) as on:
        await on.send()
        await on.ended()
        await until(lambda: _has_ended(on))
        await on.send()
        records = await on.decided(2)
        await until(lambda: _heard(on, 3))

    assert [record.kind for record in records] == ["remediate", "notify"]
    assert [record.needs_people for record in records] == [False, True]
    assert on.cloud.mutating().count("RebootInstances") == 1
    assert on.ears.headlines() == ["ACTING", "RECOVERED", "NEEDS YOU"]


async def test_a_second_incident_makes_snapshots_of_its_own_while_the_first_ones_are_still_kept(
    client: Client, unique: str
) -> None:
    changes = ("operators: [desk]", "operators: [desk]\nguardrails: {max_attempts: 2, max_per_day: 2}")
    cloud = StagedCloud()
    async with stage(client, unique, cloud, changes) as on:
        await on.send()
        first = await on.ended()
        await until(lambda: _has_ended(on))
        await on.incident.terminate("the next week")
        await on.send()
        await on.decided()
        second = await on.ended()

    assert first.outcome is second.outcome is Outcome.RECOVERED
    assert {one.snapshot_id for one in first.snapshots}.isdisjoint(one.snapshot_id for one in second.snapshots)
    assert len(cloud.snapshots) == 4


async def test_a_rule_that_only_notifies_starts_nothing(client: Client, unique: str) -> None:
    async with stage(client, unique) as on:
        await on.send(kind="GuestReboot", status="-")
        decided = await kinds(on, 1)
        await until(lambda: _heard(on, 1))

    assert decided == ["notify"]
    assert on.cloud.calls == []


async def test_an_event_that_no_rule_matches_is_recorded_and_told_to_nobody(client: Client, unique: str) -> None:
    async with stage(client, unique) as on:
        await on.send(kind="NvmeError", status="-")
        decided = await kinds(on, 1)

    assert decided == ["ignore"]
    assert on.ears.heard == []


async def test_an_old_alarm_is_told_and_not_acted_on(client: Client, unique: str) -> None:
    async with stage(client, unique) as on:
        await on.send(at=datetime.now(timezone.utc) - timedelta(hours=2))
        decided = await kinds(on, 1)
        await until(lambda: _heard(on, 1))

    assert decided == ["expire"]
    assert on.cloud.calls == []


async def test_a_recovery_alone_starts_nothing(client: Client, unique: str) -> None:
    async with stage(client, unique) as on:
        await on.send(status="0")
        decided = await kinds(on, 1)

    assert decided == ["recovered"]
    assert on.cloud.calls == []


@pytest.mark.parametrize("typed", ["a word", 7, None, {"alarm": {"event_id": 1}}, [1], {"alarm": None, "new": 1}])
async def test_a_signal_typed_by_hand_becomes_a_recorded_decision_and_a_notice(
    client: Client, unique: str, typed: object
) -> None:
    async with stage(client, unique) as on:
        await on.send(kind="NvmeError", status="-")
        await on.incident.signal(contract.TAKE_EVENT, typed)
        decided = await kinds(on, 2)
        await until(lambda: _heard(on, 1))

    assert decided == ["ignore", "undecided"]
    assert on.ears.headlines() == ["NEEDS YOU"]
    assert on.ears.heard[0]["to"] == "https://desk.example.com/secret"


async def test_a_newer_door_with_fields_that_this_worker_does_not_know_is_understood(
    client: Client, unique: str
) -> None:
    async with stage(client, unique) as on:
        await on.send(kind="NvmeError", status="-")
        history = await on.incident.fetch_history()
        signal = next(e for e in history.events if e.HasField("workflow_execution_signaled_event_attributes"))
        payloads = signal.workflow_execution_signaled_event_attributes.input.payloads
        [event] = await client.data_converter.decode(payloads, [dict])
        event["alarm"]["event_id"] = "newer"
        event["alarm"]["severity"] = event["trace"] = {"new": True}
        await on.incident.signal(contract.TAKE_EVENT, event)
        decided = await kinds(on, 2)

    assert decided == ["ignore", "ignore"]


async def test_an_incident_that_finds_a_remediation_at_work_joins_it(client: Client, unique: str) -> None:
    async with stage(client, unique, StagedCloud(polls_until_ready=10_000)) as on:
        await on.send()
        await on.decided()
        await on.incident.terminate("by hand")
        await on.send()
        decided = await kinds(on, 1)
        still = (await on.remediation.describe()).status
        await on.remediation.cancel()
        await on.ended()

    assert decided == ["join"]
    assert still is WorkflowExecutionStatus.RUNNING


async def test_a_remediation_that_is_terminated_by_hand_is_told_to_people(client: Client, unique: str) -> None:
    async with stage(client, unique, StagedCloud(polls_until_ready=10_000)) as on:
        await on.send()
        await until(lambda: _heard(on, 1))
        await on.remediation.terminate("by hand")
        await until(lambda: _heard(on, 2))
        records = await on.decided()

    assert on.ears.headlines() == ["ACTING", "NEEDS YOU"]
    assert records[0].run is not None
    assert records[0].run.outcome is Outcome.FAILED


async def test_events_of_many_at_once_each_get_one_decision_and_one_remediation_in_all(
    client: Client, unique: str
) -> None:
    async with stage(client, unique) as on:
        await asyncio.gather(*(on.send() for _ in range(20)))
        decided = await kinds(on, 20)
        await on.ended()

    assert decided.count("remediate") == 1
    assert set(decided) <= {"remediate", "join", "notify"}
    assert on.cloud.mutating().count("RebootInstances") == 1


async def test_an_incident_closes_when_its_memory_has_passed(time_skipping: WorkflowEnvironment, unique: str) -> None:
    async with stage(time_skipping.client, unique) as on:
        await on.send(kind="NvmeError", status="-", at=await time_skipping.get_current_time())
        await on.decided()
        await skip(time_skipping, timedelta(hours=25))
        counts = await on.incident.result()
        described = await on.incident.describe()

    assert counts == {"ignore": 1}
    assert described.close_time is not None
    assert described.start_time is not None
    assert described.close_time - described.start_time >= timedelta(hours=24)


async def _has_ended(on: Stage) -> bool:
    return any(record.run and record.run.ended_at for record in await on.decided())


async def _heard(on: Stage, count: int) -> bool:
    return len(on.ears.heard) >= count


async def test_what_people_must_hear_goes_to_the_operators_if_the_rule_names_nobody(
    client: Client, unique: str
) -> None:
    changes = ("    notify: [oncall]\n    run: snapshot-and-reboot", "    run: snapshot-and-reboot")
    async with stage(client, unique, None, changes) as on:
        await on.send(at=datetime.now(timezone.utc) - timedelta(hours=2))
        decided = await kinds(on, 1)
        await until(lambda: _heard(on, 1))

    assert decided == ["expire"]
    assert on.ears.heard[0]["to"] == "https://desk.example.com/secret"


async def test_a_firing_that_is_delivered_after_its_own_recovery_repairs_nothing(client: Client, unique: str) -> None:
    fired = datetime.now(timezone.utc) - timedelta(minutes=2)
    async with stage(client, unique) as on:
        await on.send(status="0", at=fired + timedelta(minutes=1))
        await on.send(status="1", at=fired)
        decided = await kinds(on, 2)

    assert decided == ["recovered", "expire"]
    assert on.cloud.calls == []


async def test_a_symptom_that_fires_again_while_its_run_ends_by_itself_is_healed_by_a_run_of_its_own(
    client: Client, unique: str
) -> None:
    cloud = StagedCloud(polls_until_ready=10_000)
    async with stage(client, unique, cloud) as on:
        await on.send()
        await until(lambda: _looked(on))
        cloud.polls_until_ready = 1
        await on.send(status="0")
        await on.send(status="1")
        records = await on.decided(3)
        await until(lambda: _all_ended(on))
        records = await on.decided(3)

    assert [record.kind for record in records] == ["remediate", "recovered", "remediate"]
    assert [record.run.outcome for record in records if record.run] == [
        Outcome.RECOVERED_BY_ITSELF,
        Outcome.RECOVERED,
    ]


async def test_a_symptom_that_fires_while_people_are_still_being_told_is_not_swallowed(
    client: Client, unique: str
) -> None:
    ears = Ears(deaf={"chat.example.com"})
    async with stage(client, unique, None, ears=ears, notice_patience="3s") as on:
        await on.send()
        await until(lambda: _has_ended(on))
        await on.send()
        records = await on.decided(2)

    assert [record.kind for record in records] == ["remediate", "notify"]
    assert records[1].needs_people


async def test_a_run_of_an_incident_that_was_ended_by_hand_counts_in_the_next_one(client: Client, unique: str) -> None:
    cloud = StagedCloud(polls_until_ready=10_000)
    async with stage(client, unique, cloud) as on:
        await on.send()
        await until(lambda: _looked(on))
        await on.incident.terminate("by hand")
        await on.send()
        await on.decided()
        cloud.polls_until_ready = 1
        await on.ended()
        await on.send()
        records = await on.decided(2)

    assert [record.kind for record in records] == ["join", "notify"]
    assert cloud.mutating().count("RebootInstances") == 1


async def test_a_cancel_of_an_incident_loses_no_event(client: Client, unique: str) -> None:
    async with stage(client, unique) as on:
        await on.send(kind="NvmeError", status="-")
        await on.decided()
        await on.incident.cancel()
        await on.send(kind="GuestReboot", status="-")
        decided = await kinds(on, 2)
        status = (await on.incident.describe()).status

    assert decided == ["ignore", "notify"]
    assert status is WorkflowExecutionStatus.RUNNING


@pytest.mark.parametrize("workflow_id", ["nonsense", "cvm/ap-guangzhou"])
async def test_an_incident_that_is_started_by_hand_under_a_wrong_id_fails_instead_of_trying_for_ever(
    client: Client, unique: str, workflow_id: str
) -> None:
    async with stage(client, unique) as on:
        handle = await client.start_workflow(contract.INCIDENT, id=f"{workflow_id}-{unique}", task_queue=on.task_queue)
        with pytest.raises(WorkflowFailureError):
            await handle.result()


async def _looked(on: Stage) -> bool:
    return on.cloud.calls.count("DescribeSnapshots") >= 4


async def _all_ended(on: Stage) -> bool:
    runs = [record.run for record in await on.decided() if record.run]
    return bool(runs) and all(run.ended_at for run in runs)
