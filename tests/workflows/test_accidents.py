"""Accidents that others had, each in the shape of the real one; none of them may become ours."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from activities.clients.credentials import Credentials
from activities.clients.tencent import TencentCloud
from remediation.cloud import CREATE_SNAPSHOT, REBOOT, Operation, Sighting
from remediation.errors import NotYet
from remediation.health import Health, judge, read_health
from remediation.reasons import Code
from remediation.report import Outcome
from tests.clouds import StagedCloud
from tests.remediation.facts import an_instance
from tests.waiting import until
from tests.workflows.staging import called, ended_within, stage

pytestmark = pytest.mark.temporal


async def test_accident_a_transient_that_is_shorter_than_the_repair_leads_to_no_reboot(
    client: Client, unique: str
) -> None:
    # GitHub 2018: the cause was over after 43 seconds, the repair took a day.
    async with stage(client, unique, StagedCloud(polls_until_ready=10**6)) as on:
        await on.send()
        await until(lambda: called(on, "DescribeSnapshots", 4))
        await on.send(status="0")
        result = await on.ended()

    assert result.outcome is Outcome.RECOVERED_BY_ITSELF
    assert REBOOT not in on.cloud.mutating()


async def test_accident_a_remedy_that_never_helps_is_not_repeated(client: Client, unique: str) -> None:
    # Azure 2012: hosts that could not be healed were handed the same repair again, and spread it.
    quickly = ("timeout: 1m}", "timeout: 2s}")
    async with stage(client, unique, StagedCloud(heartbeat=False), quickly) as on:
        await on.send()
        first = await on.ended()
        await on.send()
        decided = await on.decided(2)

    assert first.outcome is Outcome.HANDED_OVER
    assert (decided[1].kind, decided[1].needs_people) == ("notify", True)
    assert on.cloud.mutating().count(REBOOT) == 1


async def test_accident_a_repair_that_completes_without_curing_does_not_go_on_for_ever(
    client: Client, unique: str
) -> None:
    async with stage(client, unique) as on:
        await on.send()
        assert (await on.ended()).outcome is Outcome.RECOVERED
        for number in range(2, 5):
            await on.send()
            assert [one.kind for one in await on.decided(number)][1:] == ["notify"] * (number - 1)

    assert on.cloud.mutating().count(REBOOT) == 1


async def test_accident_a_snapshot_service_that_is_down_for_hours_never_leads_to_reboot_anyway(
    time_skipping: WorkflowEnvironment, unique: str
) -> None:
    # AWS 2011: the snapshots of a whole zone were out of reach for days.
    def down(action: str) -> None:
        if action == CREATE_SNAPSHOT:
            raise NotYet("too many", action=action, code="ResourceUnavailable.TooManyCreatingSnapshot")

    patient = ("operators: [desk]", "operators: [desk]\nguardrails: {act_within: 12h}")
    async with stage(time_skipping.client, unique, StagedCloud(on_call=down), patient) as on:
        await on.send(at=await time_skipping.get_current_time())
        await on.decided()
        result = await ended_within(time_skipping, on, timedelta(hours=5))

    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.SNAPSHOT_TIMEOUT)
    assert REBOOT not in on.cloud.mutating()


async def test_accident_the_message_that_it_is_over_starts_no_repair(client: Client, unique: str) -> None:
    # A tool for Kubernetes rebooted the new, healthy machine when it heard that the old one was gone.
    async with stage(client, unique) as on:
        await on.send(status="0")
        [decision] = await on.decided()

    assert decision.kind == "recovered"
    assert on.cloud.calls == []


async def test_accident_no_attempts_means_none_and_not_one(client: Client, unique: str) -> None:
    none = ("operators: [desk]", "operators: [desk]\nguardrails: {max_attempts: 0}")
    async with stage(client, unique, None, none) as on:
        await on.send()
        [decision] = await on.decided()

    assert (decision.kind, decision.needs_people) == ("notify", True)
    assert on.cloud.mutating() == []


@pytest.mark.parametrize(
    "facts",
    [
        {"state": "REBOOTING", "operation": Operation(name=REBOOT, state="OPERATING", request_id="r-1")},
        # An early RUNNING: the state says so before the operation is over.
        {"state": "RUNNING", "operation": Operation(name=REBOOT, state="OPERATING", request_id="r-1")},
        {"state": "RUNNING", "operation": Operation(name=REBOOT, state="SUCCESS", request_id="r-theirs")},
    ],
)
def test_accident_what_is_under_repair_does_not_count_as_healthy(facts: dict[str, Any]) -> None:
    now = datetime.now(timezone.utc)
    seen = Sighting(instance=an_instance(**facts), read_at=now)
    readings = read_health(seen, request_id="r-1", back_at=now, recovered_at=None)

    assert judge(readings).health is not Health.HEALTHY


def test_accident_a_filter_that_the_cloud_does_not_heed_widens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    # Joyent 2014: a mistyped target rebooted a whole site.
    mine, theirs = "ins-0abc1234", "ins-0def5678"
    replies = {
        "DescribeInstances": {"InstanceSet": [{"InstanceId": theirs}, {"InstanceId": mine}]},
        "DescribeDisks": {
            "TotalCount": 2,
            "DiskSet": [{"DiskId": "disk-b", "InstanceId": theirs}, {"DiskId": "disk-a", "InstanceId": mine}],
        },
        "DescribeSnapshots": {
            "TotalCount": 2,
            "SnapshotSet": [
                {"SnapshotId": "snap-b", "DiskId": "disk-b", "SnapshotName": "n"},
                {"SnapshotId": "snap-c", "DiskId": "disk-a", "SnapshotName": "nightly"},
            ],
        },
    }
    cloud = TencentCloud(Credentials({"TENCENTCLOUD_SECRET_ID": "id", "TENCENTCLOUD_SECRET_KEY": "key"}))
    monkeypatch.setattr(cloud, "_call", lambda product, action, *rest: replies[action])

    instance = cloud.describe_instance("ap-guangzhou", mine)
    assert instance is not None
    assert instance.instance_id == mine
    assert [disk.disk_id for disk in cloud.describe_disks("ap-guangzhou", mine)] == ["disk-a"]
    assert cloud.find_snapshots("ap-guangzhou", "disk-a", "n") == ()
