"""What people hear of an incident, and what they do not: reach, echoes of our own reboot, flapping, one thread."""

from __future__ import annotations

from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from remediation.cloud import Instance
from remediation.errors import Throttled
from remediation.reasons import Code
from remediation.report import Outcome
from tests.clouds import StagedCloud
from tests.waiting import until
from tests.workflows.staging import Stage, an_instance, skip, stage

pytestmark = pytest.mark.temporal


@pytest.mark.parametrize(
    ("instance", "headline"),
    [
        pytest.param(None, "NEEDS YOU", id="the cloud does not know it"),
        pytest.param(an_instance(tags={"medic": "off"}), "OBSERVED", id="it is out of scope"),
    ],
)
async def test_an_instance_out_of_reach_is_told_and_starts_no_run(
    client: Client, unique: str, instance: Instance | None, headline: str
) -> None:
    async with stage(client, unique, StagedCloud(instance=lambda _: instance)) as on:
        await on.send()
        [record] = await on.decided()
        await until(lambda: _heard(on, 1))

    assert record.kind == "notify"
    assert record.run is None
    assert on.ears.headlines() == [headline]
    assert on.cloud.calls == ["DescribeInstances"]


async def test_a_silent_cloud_keeps_nobody_from_hearing_and_the_run_finds_out_itself(
    client: Client, unique: str
) -> None:
    def silent(action: str) -> None:
        raise Throttled("no answer", action=action)

    async with stage(client, unique, StagedCloud(on_call=silent), cloud_patience="3s") as on:
        await on.send()
        result = await on.ended()

    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.CLOUD_SILENT)
    assert on.cloud.mutating() == []


async def test_alarms_that_our_own_reboot_raises_are_suppressed_and_those_of_a_foreign_one_are_told(
    client: Client, unique: str
) -> None:
    async with stage(client, unique) as on:
        await on.send(kind="GuestReboot", status="-")
        await until(lambda: _heard(on, 1))
        await on.send()
        result = await on.ended()
        await on.send(kind="GuestReboot", status="-")
        await on.send(kind="PingUnreachable")
        await on.send(kind="PingUnreachable", status="0")
        records = await on.decided(5)

    assert result.outcome is Outcome.RECOVERED
    assert [record.kind for record in records] == ["notify", "remediate", "suppress", "suppress", "suppress"]
    assert on.ears.headlines() == ["OBSERVED", "ACTING", "RECOVERED"]
    assert records[2].run is not None
    assert records[2].run.run_key == result.run_key


async def test_what_our_reboot_raised_and_nobody_reported_as_over_is_told_when_its_time_has_passed(
    time_skipping: WorkflowEnvironment, unique: str
) -> None:
    async with stage(time_skipping.client, unique) as on:
        await on.send(at=await time_skipping.get_current_time())
        await on.ended()
        await on.send(kind="PingUnreachable", at=await time_skipping.get_current_time())
        await on.decided(2)
        before = on.ears.headlines()
        await skip(time_skipping, timedelta(minutes=6))
        await until(lambda: _heard(on, 3))

    assert before == ["ACTING", "RECOVERED"]
    assert on.ears.headlines()[2:] == ["NEEDS YOU"]
    assert "PingUnreachable" in on.ears.heard[2]["text"]


async def test_a_flapping_instance_is_recorded_each_time_and_within_an_hour_people_last_hear_that_it_is_theirs(
    client: Client, unique: str
) -> None:
    async with stage(client, unique) as on:
        await on.send()
        await on.ended()
        await until(lambda: _has_ended(on))
        for _ in range(5):
            await on.send(status="1")
            await on.send(status="0")
        records = await on.decided(11)
        await until(lambda: _heard(on, 5))

    assert [record.kind for record in records][1:] == ["notify", "recovered"] * 5
    assert on.ears.headlines() == ["ACTING", "RECOVERED", "NEEDS YOU", "RECOVERED", "NEEDS YOU"]


async def test_who_was_called_hears_that_it_is_over_by_itself(client: Client, unique: str) -> None:
    none = ("operators: [desk]", "operators: [desk]\nguardrails: {max_attempts: 0}")
    async with stage(client, unique, None, none) as on:
        await on.send(status="1")
        await on.send(status="0")
        await until(lambda: _heard(on, 2))

    assert on.ears.headlines() == ["NEEDS YOU", "RECOVERED"]


async def test_all_notices_of_an_incident_are_one_thread_and_another_incident_has_its_own(
    client: Client, unique: str
) -> None:
    async with stage(client, unique) as on:
        await on.send(kind="GuestReboot", status="-")
        await until(lambda: _heard(on, 1))
        await on.send()
        await on.ended()
        await on.incident.terminate("the next day")
        await on.send(kind="GuestReboot", status="-")
        await until(lambda: _heard(on, 4))

    threads = [one["thread"] for one in on.ears.heard]
    assert len(set(threads[:3])) == 1
    assert threads[3] not in threads[:3]
    assert on.ears.headlines()[:3] == ["OBSERVED", "ACTING", "RECOVERED"]


async def _has_ended(on: Stage) -> bool:
    return any(record.run and record.run.ended_at for record in await on.decided())


async def _heard(on: Stage, count: int) -> bool:
    return len(on.ears.heard) >= count
