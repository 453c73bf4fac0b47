"""The story and each of its endings, on the dev server, with the production workers."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

import pytest
from temporalio.client import Client

from remediation.cloud import REBOOT, Agent, Disk, Operation
from remediation.errors import NeedsPeople, OutcomeUnknown, Throttled
from remediation.permits import SendPermit
from remediation.reasons import Code
from remediation.report import Outcome
from tests.clouds import StagedCloud
from tests.waiting import until
from tests.workflows.staging import Ears, an_instance, called, stage

pytestmark = pytest.mark.temporal


async def test_both_disks_are_ready_before_the_one_reboot_and_people_hear_of_both_ends(
    client: Client, unique: str
) -> None:
    async with stage(client, unique, StagedCloud(polls_until_ready=3)) as on:
        await on.send()
        result = await on.ended()

    assert result.outcome is Outcome.RECOVERED
    assert on.cloud.mutating() == ["CreateSnapshot", "CreateSnapshot", REBOOT]
    assert [one.ready for one in result.snapshots] == [True, True]
    assert on.ears.headlines() == ["ACTING", "RECOVERED"]
    assert {one.code for one in result.proven} >= {Code.REBOOT_DONE, Code.RUNNING, Code.HEARTBEAT}
    assert Code.GUEST_NOT_PROBED in {one.code for one in result.unproven}


@pytest.mark.parametrize(
    ("cloud", "reason"),
    [
        (StagedCloud(instance=lambda _: an_instance(state="STOPPED")), Code.WRONG_STATE),
        (StagedCloud(instance=lambda _: an_instance(restrict_state="EXPIRED")), Code.ISOLATED),
        (StagedCloud(instance=lambda _: an_instance(local_disks=("disk-local",)), disks=()), Code.UNPROTECTED),
        (StagedCloud(disks=()), Code.NO_DISKS),
        (StagedCloud(disks=(Disk(disk_id="disk-s", shared=True),)), Code.UNPROTECTED),
    ],
    ids=["stopped", "isolated", "local disks", "no disks", "shared disk"],
)
async def test_an_instance_that_may_not_be_worked_on_is_refused_untouched_and_told(
    client: Client, unique: str, cloud: StagedCloud, reason: Code
) -> None:
    async with stage(client, unique, cloud) as on:
        await on.send()
        result = await on.ended()

    assert (result.outcome, result.reason.code) == (Outcome.REFUSED, reason)
    assert on.cloud.mutating() == []
    assert on.ears.headlines() == ["NEEDS YOU"]


async def test_a_rule_that_observes_tells_what_it_would_do_and_touches_nothing(client: Client, unique: str) -> None:
    async with stage(client, unique, None, ("mode: act", "mode: observe")) as on:
        await on.send()
        result = await on.ended()

    assert result.outcome is Outcome.WOULD_ACT
    assert on.cloud.mutating() == []
    assert on.ears.headlines() == ["OBSERVED"]
    assert "disk-sys" in on.ears.heard[0]["text"]


async def test_a_recovery_that_comes_while_snapshots_are_awaited_ends_the_run_without_a_reboot(
    client: Client, unique: str
) -> None:
    async with stage(client, unique, StagedCloud(polls_until_ready=10_000)) as on:
        await on.send()
        await until(lambda: called(on, "DescribeSnapshots", 4))
        await on.send(status="0")
        result = await on.ended()

    assert (result.outcome, result.reason.code) == (Outcome.RECOVERED_BY_ITSELF, Code.RECOVERED_BY_ITSELF)
    assert REBOOT not in on.cloud.mutating()
    assert on.ears.headlines() == ["ACTING", "RECOVERED"]


async def test_a_cancel_while_snapshots_are_awaited_ends_in_a_told_outcome_and_not_in_a_dead_run(
    client: Client, unique: str
) -> None:
    async with stage(client, unique, StagedCloud(polls_until_ready=10_000)) as on:
        await on.send()
        await until(lambda: called(on, "DescribeSnapshots", 4))
        await on.remediation.cancel()
        result = await on.ended()

    assert (result.outcome, result.reason.code) == (Outcome.CANCELLED, Code.CANCELLED)
    assert REBOOT not in on.cloud.mutating()
    assert [one.ready for one in result.snapshots] == [False, False]
    assert on.ears.headlines() == ["ACTING", "HELD"]


async def test_a_snapshot_that_vanishes_ends_the_run_before_the_reboot(client: Client, unique: str) -> None:
    cloud = StagedCloud(polls_until_ready=2)

    def lose_one(action: str) -> None:
        if action == "DescribeSnapshots" and len(cloud.snapshots) == 2:
            lost = cloud.snapshots["snap-1"]
            cloud.snapshots["snap-1"] = lost.model_copy(update={"disk_id": "disk-other"})

    cloud.on_call = lose_one
    async with stage(client, unique, cloud) as on:
        await on.send()
        result = await on.ended()

    assert result.outcome is Outcome.HANDED_OVER
    assert REBOOT not in on.cloud.mutating()
    assert on.ears.headlines() == ["ACTING", "NEEDS YOU"]


async def test_snapshots_that_are_not_ready_in_time_hand_over_and_say_what_was_seen_last(
    client: Client, unique: str
) -> None:
    changes = ("snapshot: {timeout: 4h}", "snapshot: {timeout: 3s}")
    async with stage(client, unique, StagedCloud(polls_until_ready=10_000), changes) as on:
        await on.send()
        result = await on.ended()

    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.SNAPSHOT_TIMEOUT)
    assert "CREATING" in result.reason.facts["last"]
    assert REBOOT not in on.cloud.mutating()


async def test_a_reboot_that_the_cloud_reports_as_failed_is_not_recovered(client: Client, unique: str) -> None:
    async with stage(client, unique, StagedCloud(reboot_ends_as="FAILED")) as on:
        await on.send()
        result = await on.ended()

    assert (result.outcome, result.reason.code) == (Outcome.NOT_RECOVERED, Code.REBOOT_FAILED)
    assert on.cloud.mutating().count(REBOOT) == 1


async def test_a_reboot_that_does_not_end_in_time_is_judged_by_one_fresh_reading(client: Client, unique: str) -> None:
    changes = ("ladder: [reboot: {timeout: 5m}]", "ladder: [reboot: {timeout: 2s}]")
    async with stage(client, unique, StagedCloud(polls_until_back=10_000), changes) as on:
        await on.send()
        result = await on.ended()

    assert (result.outcome, result.reason.code) == (Outcome.NOT_RECOVERED, Code.REBOOT_TIMEOUT)
    assert on.cloud.mutating().count(REBOOT) == 1


async def test_without_a_new_heartbeat_of_an_agent_that_is_there_nothing_is_called_recovered(
    client: Client, unique: str
) -> None:
    changes = ("timeout: 1m}", "timeout: 2s}")
    async with stage(client, unique, StagedCloud(heartbeat=False), changes) as on:
        await on.send()
        result = await on.ended()

    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.NO_PROOF)
    assert Code.NO_HEARTBEAT in {one.code for one in result.unproven}


class BeatsOnlyWhileGoingDown(StagedCloud):
    """Its guest was heard last after the reboot was sent, and before the instance was back."""

    last: datetime | None = None

    def describe_agent(self, region: str, instance_id: str) -> Agent | None:
        return Agent(online=True, last_heartbeat=self.last)

    def reboot_instance(self, permit: SendPermit, region: str, instance_id: str, *, stop_type: str) -> str:
        request_id = super().reboot_instance(permit, region, instance_id, stop_type=stop_type)
        self.last = datetime.now(timezone.utc)
        return request_id


async def test_a_heartbeat_from_before_it_was_back_is_no_proof(client: Client, unique: str) -> None:
    changes = ("timeout: 1m}", "timeout: 2s}")
    async with stage(client, unique, BeatsOnlyWhileGoingDown(polls_until_back=2), changes) as on:
        await on.send()
        result = await on.ended()

    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.NO_PROOF)
    assert Code.NO_HEARTBEAT in {one.code for one in result.unproven}


async def test_an_instance_without_an_agent_is_recovered_and_the_notice_says_what_was_not_proven(
    client: Client, unique: str
) -> None:
    async with stage(client, unique, StagedCloud(agent=False)) as on:
        await on.send()
        result = await on.ended()

    assert result.outcome is Outcome.RECOVERED
    assert Code.AGENT_ABSENT in {one.code for one in result.unproven}


async def test_accident_every_read_fails_and_nothing_is_touched(client: Client, unique: str) -> None:
    cloud = StagedCloud()

    def away(action: str) -> None:
        raise Throttled("the cloud cannot be reached", action=action, code="ClientNetworkError")

    cloud.on_call = away
    async with stage(client, unique, cloud, cloud_patience="2s") as on:
        await on.send()
        result = await on.ended()

    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.CLOUD_SILENT)
    assert "cannot be reached" in result.reason.facts["error"]
    assert on.cloud.mutating() == []


async def test_a_missing_permission_is_handed_over_at_once_and_named(client: Client, unique: str) -> None:
    cloud = StagedCloud()

    def denied(action: str) -> None:
        if action == "CreateSnapshot":
            raise NeedsPeople(
                "you are not authorized (cvm:CreateSnapshot)", action=action, code="UnauthorizedOperation"
            )

    cloud.on_call = denied
    async with stage(client, unique, cloud) as on:
        await on.send()
        result = await on.ended()

    assert result.outcome is Outcome.HANDED_OVER
    assert "cvm:CreateSnapshot" in on.ears.heard[-1]["text"]
    assert REBOOT not in on.cloud.mutating()


async def test_a_lost_answer_makes_no_second_snapshot_and_no_second_reboot(client: Client, unique: str) -> None:
    cloud = StagedCloud()

    def lose_the_answer(action: str) -> None:
        raise OutcomeUnknown("no usable answer", action=action)

    cloud.after_effect = lose_the_answer
    async with stage(client, unique, cloud) as on:
        await on.send()
        result = await on.ended()

    assert result.outcome is Outcome.RECOVERED
    assert on.cloud.mutating() == ["CreateSnapshot", "CreateSnapshot", REBOOT]
    assert [one.adopted for one in result.snapshots] == [True, True]
    assert result.reboot is not None
    assert result.reboot.adopted


async def test_a_snapshot_that_never_showed_is_sent_once_more_after_its_validity_but_a_reboot_never(
    client: Client, unique: str
) -> None:
    cloud = StagedCloud()
    lost: list[str] = []
    snapshots_at: list[float] = []

    def lose_the_request(action: str) -> None:
        if action == "CreateSnapshot":
            snapshots_at.append(time.monotonic())
        if action in ("CreateSnapshot", REBOOT) and lost.count(action) < 1:
            lost.append(action)
            raise OutcomeUnknown("no usable answer", action=action)

    cloud.on_call = lose_the_request
    async with stage(client, unique, cloud, signature_validity="2s") as on:
        await on.send()
        result = await on.ended()

    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.REBOOT_UNKNOWN)
    assert on.cloud.mutating() == ["CreateSnapshot", "CreateSnapshot", "CreateSnapshot", REBOOT]
    assert sorted(cloud.snapshots) == ["snap-1", "snap-2"]
    assert snapshots_at[2] - snapshots_at[0] >= 2  # as long as the lost one could still have come


async def test_a_snapshot_that_is_lost_twice_goes_to_people_and_is_not_sent_for_ever(
    client: Client, unique: str
) -> None:
    cloud = StagedCloud(disks=(Disk(disk_id="disk-sys"),))

    def lose_the_request(action: str) -> None:
        if action == "CreateSnapshot" and cloud.calls.count(action) < 4:
            raise OutcomeUnknown("no usable answer", action=action)

    cloud.on_call = lose_the_request
    async with stage(client, unique, cloud, signature_validity="1s") as on:
        await on.send()
        result = await on.ended()

    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.SNAPSHOT_UNKNOWN)
    assert on.cloud.mutating() == ["CreateSnapshot", "CreateSnapshot"]


async def test_somebody_elses_reboot_while_snapshots_are_made_stops_ours(client: Client, unique: str) -> None:
    cloud = StagedCloud(polls_until_ready=2)

    def somebody_reboots(action: str) -> None:
        if action == "CreateSnapshot":
            cloud.operations[f"ins-{unique}"] = Operation(name=REBOOT, state="SUCCESS", request_id="r-foreign")

    cloud.on_call = somebody_reboots
    async with stage(client, unique, cloud) as on:
        await on.send()
        result = await on.ended()

    assert result.outcome is Outcome.HANDED_OVER
    assert (result.reason.code, result.reason.facts["request"]) == (Code.OTHERS_ACTED, "r-foreign")
    assert REBOOT not in on.cloud.mutating()


async def test_a_disk_that_is_attached_while_the_snapshots_are_made_stops_the_reboot(
    client: Client, unique: str
) -> None:
    cloud = StagedCloud(polls_until_ready=2)

    def attach(action: str) -> None:
        if action == "CreateSnapshot" and len(cloud.disks) == 2:
            cloud.disks = (*cloud.disks, Disk(disk_id="disk-new"))

    cloud.on_call = attach
    async with stage(client, unique, cloud) as on:
        await on.send()
        result = await on.ended()

    assert result.outcome is Outcome.HANDED_OVER
    assert (result.reason.code, result.reason.facts["disk"]) == (Code.SNAPSHOT_MISSING, "disk-new")
    assert REBOOT not in on.cloud.mutating()


async def test_an_alarm_that_is_too_old_for_a_reboot_goes_to_people_and_no_snapshot_is_made_for_it(
    client: Client, unique: str
) -> None:
    changes = ("operators: [desk]", "operators: [desk]\nguardrails: {act_within: 5m}")
    async with stage(client, unique, None, changes) as on:
        await on.send(at=datetime.now(timezone.utc) - timedelta(minutes=10))
        result = await on.ended()

    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.ACT_TOO_LATE)
    assert on.cloud.mutating() == []


async def test_a_notifier_that_is_down_delays_nothing_and_its_failure_is_reported(client: Client, unique: str) -> None:
    ears = Ears(deaf={"chat.example.com"})
    async with stage(client, unique, None, ears=ears, notice_patience="2s") as on:
        await on.send()
        result = await on.ended()

    assert result.outcome is Outcome.RECOVERED
    assert len(result.undelivered) == 2
    assert all("chat.example.com" not in one for one in result.undelivered)
    assert {one["to"] for one in ears.heard} == {"https://desk.example.com/secret"}


async def test_no_address_of_a_channel_is_in_the_history(client: Client, unique: str) -> None:
    async with stage(client, unique) as on:
        await on.send()
        await on.ended()
        histories = [await on.remediation.fetch_history(), await on.incident.fetch_history()]

    for history in histories:
        assert "robot/secret" not in history.to_json()


async def test_an_order_that_this_worker_cannot_read_fails_and_is_told_instead_of_being_tried_for_ever(
    client: Client, unique: str
) -> None:
    async with stage(client, unique) as on:
        handle = await client.start_workflow(
            "RemediateInstance", {"run_key": 1}, id=f"strange-{unique}", task_queue=on.task_queue
        )
        with pytest.raises(Exception, match="Workflow execution failed"):
            await handle.result()

    assert on.ears.headlines() == ["NEEDS YOU"]
