"""When it is not clear whose doing something is, or whether it was done: nothing is done twice, and nothing guessed."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone

import pytest
from temporalio.client import Client

from remediation.cloud import CREATE_SNAPSHOT, REBOOT, Operation
from remediation.contract import FINAL, FINAL_WHEN_MUTATING
from remediation.errors import NeedsPeople, OutcomeUnknown, Refused
from remediation.reasons import Code
from remediation.report import Outcome
from tests.clouds import StagedCloud
from tests.waiting import until
from tests.workflows.staging import an_instance, called, stage

pytestmark = pytest.mark.temporal


@pytest.mark.parametrize(
    ("kind", "minutes_ago"),
    [("PingUnreachable", 0), ("DiskReadonly", 20)],
    ids=["of another fault", "older than the alarm"],
)
async def test_a_recovery_that_says_nothing_about_this_symptom_ends_nothing(
    client: Client, unique: str, kind: str, minutes_ago: int
) -> None:
    cloud = StagedCloud(polls_until_ready=10_000)
    async with stage(client, unique, cloud) as on:
        await on.send()
        await until(lambda: called(on, "DescribeSnapshots", 4))
        await on.send(kind, "0", at=datetime.now(timezone.utc) - timedelta(minutes=minutes_ago))
        await on.decided(2)
        cloud.polls_until_ready = 1
        result = await on.ended()

    assert result.outcome is Outcome.RECOVERED
    assert Code.SYMPTOM_GONE not in {one.code for one in result.proven}


async def test_a_refusal_after_the_reboot_is_no_refusal_to_act(client: Client, unique: str) -> None:
    cloud = StagedCloud()

    def refuse_after_the_reboot(action: str) -> None:
        if action == "DescribeInstances" and REBOOT in cloud.calls:
            raise Refused("no longer allowed", action=action)

    cloud.on_call = refuse_after_the_reboot
    changes = ("snapshot: {timeout: 4h}", "snapshot: none\n    unprotected: allow")
    async with stage(client, unique, cloud, changes) as on:
        await on.send()
        result = await on.ended()

    assert result.outcome is Outcome.HANDED_OVER
    assert result.reboot is not None


async def test_when_a_lost_reboot_cannot_be_looked_for_it_is_unknown_and_not_certainly_undone(
    client: Client, unique: str
) -> None:
    cloud = StagedCloud()

    def lose(action: str) -> None:
        if action == REBOOT:
            raise OutcomeUnknown("no usable answer", action=action)

    def denied_after_the_reboot(action: str) -> None:
        if action == "DescribeInstances" and REBOOT in cloud.calls:
            raise NeedsPeople("keys were rotated", action=action)

    cloud.after_effect, cloud.on_call = lose, denied_after_the_reboot
    async with stage(client, unique, cloud) as on:
        await on.send()
        result = await on.ended()

    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.REBOOT_UNKNOWN)


async def test_somebody_elses_reboot_that_is_under_way_is_not_followed_by_ours(client: Client, unique: str) -> None:
    under_way = Operation(name=REBOOT, state="OPERATING", request_id="r-foreign")
    cloud = StagedCloud(operations={f"ins-{unique}": under_way}, polls_until_back=2)
    async with stage(client, unique, cloud) as on:
        await on.send()
        result = await on.ended()

    assert (result.outcome, result.reason.code) == (Outcome.REFUSED, Code.OTHERS_ACTED)
    assert on.cloud.mutating() == []


async def test_a_disk_that_only_the_instance_names_blocks_instead_of_being_overlooked(
    client: Client, unique: str
) -> None:
    ids = ("disk-sys", "disk-dat", "disk-unseen")
    async with stage(client, unique, StagedCloud(instance=lambda _: an_instance(disk_ids=ids))) as on:
        await on.send()
        result = await on.ended()

    assert (result.outcome, result.reason.code) == (Outcome.REFUSED, Code.UNPROTECTED)
    assert "disk-unseen" in result.reason.facts["disks"]


async def test_unprotected_local_disks_that_the_runbook_accepts_are_rebooted(client: Client, unique: str) -> None:
    cloud = StagedCloud(instance=lambda _: an_instance(local_disks=("ldisk-1",)), disks=())
    changes = ("snapshot: {timeout: 4h}", "snapshot: {timeout: 4h}\n    unprotected: allow")
    async with stage(client, unique, cloud, changes) as on:
        await on.send()
        result = await on.ended()

    assert result.outcome is Outcome.RECOVERED
    assert on.cloud.mutating() == [REBOOT]


@pytest.mark.parametrize(
    ("action", "code", "rebooted"),
    [(CREATE_SNAPSHOT, Code.CANCELLED, False), (REBOOT, Code.CANCELLED_LATE, True)],
)
async def test_a_cancel_between_sent_and_recorded_ends_in_a_known_and_told_state(
    client: Client, unique: str, action: str, code: Code, rebooted: bool
) -> None:
    sent, go_on = threading.Event(), threading.Event()

    def answer_late(called: str) -> None:
        if called == action:
            sent.set()
            go_on.wait(30)

    cloud = StagedCloud(after_effect=answer_late)
    async with stage(client, unique, cloud) as on:
        await on.send()
        await until(lambda: _is_set(sent))
        await on.remediation.cancel()
        go_on.set()
        result = await on.ended()

    assert (result.outcome, result.reason.code) == (Outcome.CANCELLED, code)
    # What was sent is known, and told, although it was cancelled in between.
    assert len(result.snapshots) == cloud.mutating().count(CREATE_SNAPSHOT)
    assert (result.reboot is not None) is rebooted
    assert on.ears.headlines() == ["ACTING", "HELD"]


async def _is_set(event: threading.Event) -> bool:
    return event.is_set()


async def test_no_mutating_call_is_tried_again_by_the_server_after_a_time_out(client: Client, unique: str) -> None:
    async with stage(client, unique) as on:
        await on.send()
        await on.ended()
        history = await on.remediation.fetch_history()

    scheduled = [one.activity_task_scheduled_event_attributes for one in history.events]
    final = {one.activity_type.name: set(one.retry_policy.non_retryable_error_types) for one in scheduled}
    for mutating in ("create_snapshot", "reboot_instance"):
        assert final[mutating] == set(FINAL_WHEN_MUTATING)
    assert final["inspect_instance"] == set(FINAL)  # a read that was in flight when its worker died is repeated
