"""The ladder: a rung is entered only if the one before is known not to have cured, and nothing is sent twice."""

from __future__ import annotations

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError

from remediation.approvals import Choice, Matter
from remediation.cloud import APPLY_SNAPSHOT, CREATE_SNAPSHOT, REBOOT, START, STOP
from remediation.errors import Refused
from remediation.reasons import Code
from remediation.report import Outcome
from tests.clouds import StagedCloud
from tests.waiting import until
from tests.workflows.answering import ASKS, GOOD, HARD, OLD, ROLLBACK, RUNGS, answer, asked
from tests.workflows.staging import Ears, stage

pytestmark = pytest.mark.temporal


async def test_a_soft_reboot_that_hangs_is_followed_by_a_hard_one_and_never_repeated(
    client: Client, unique: str
) -> None:
    cloud = StagedCloud(hangs={"SOFT"})
    async with stage(client, unique, cloud, HARD) as on:
        await on.send()
        result = await on.ended()
    assert (result.outcome, result.rungs) == (Outcome.RECOVERED, ("SOFT reboot", "HARD reboot"))
    assert cloud.acted == [f"{REBOOT} SOFT", f"{REBOOT} HARD"]


async def test_a_cloud_that_takes_no_second_reboot_is_asked_to_stop_and_start(client: Client, unique: str) -> None:
    cloud = StagedCloud(hangs={"SOFT"}, busy_refuses={REBOOT})
    async with stage(client, unique, cloud, HARD) as on:
        await on.send()
        result = await on.ended()
    assert result.outcome is Outcome.RECOVERED
    assert cloud.acted == [f"{REBOOT} SOFT", f"{STOP} HARD", START]


async def test_a_cancel_between_the_stop_and_the_start_does_not_leave_it_off(client: Client, unique: str) -> None:
    cloud = StagedCloud(hangs={"SOFT"}, busy_refuses={REBOOT}, polls_until_back=3)
    patient = (HARD[0], HARD[1].replace("stop_type: HARD, timeout: 3s", "stop_type: HARD, timeout: 1m"))
    async with stage(client, unique, cloud, patient) as on:
        await on.send()

        async def stopped() -> bool:
            return f"{STOP} HARD" in cloud.acted

        await until(stopped)
        await on.remediation.cancel()
        result = await on.ended()
    assert (result.outcome, result.reason.code) == (Outcome.CANCELLED, Code.CANCELLED_LATE)
    assert cloud.acted == [f"{REBOOT} SOFT", f"{STOP} HARD", START]


async def test_accident_nothing_stronger_is_tried_once_the_symptom_is_reported_gone(
    client: Client, unique: str
) -> None:
    cloud = StagedCloud(hangs={"SOFT"})
    async with stage(client, unique, cloud, HARD) as on:
        await on.send()

        async def hangs() -> bool:
            return bool(cloud.acted)

        await until(hangs)
        await on.send(status="0")
        result = await on.ended()
    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.GONE_UNPROVEN)
    assert cloud.acted == [f"{REBOOT} SOFT"]


async def test_a_reboot_that_ends_after_all_is_not_replaced(client: Client, unique: str) -> None:
    cloud = StagedCloud(hangs={"SOFT"}, busy_refuses={REBOOT})

    def late(action: str) -> None:
        if action == REBOOT and len(cloud.acted) == 1:
            cloud._hanging.clear()  # as the hard one is about to be taken, the soft one goes through

    cloud.on_call = late
    async with stage(client, unique, cloud, HARD) as on:
        await on.send()
        result = await on.ended()
    assert result.outcome is Outcome.RECOVERED
    assert cloud.acted == [f"{REBOOT} SOFT"] or cloud.acted == [f"{REBOOT} SOFT", f"{REBOOT} HARD"]


async def test_a_cure_by_the_first_rung_enters_no_other(client: Client, unique: str) -> None:
    cloud = StagedCloud()
    async with stage(client, unique, cloud, HARD) as on:
        await on.send()
        result = await on.ended()
    assert (result.outcome, result.rungs) == (Outcome.RECOVERED, ("SOFT reboot",))
    assert cloud.acted == [f"{REBOOT} SOFT"]


async def test_where_nobody_knows_whether_it_helped_no_stronger_rung_is_entered(client: Client, unique: str) -> None:
    cloud = StagedCloud(heartbeat=False)
    short = ("verify: {settle: 0s, timeout: 1m}", "verify: {settle: 0s, timeout: 1s}")
    async with stage(client, unique, cloud, HARD, short) as on:
        await on.send()
        result = await on.ended()
    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.NO_PROOF)
    assert cloud.acted == [f"{REBOOT} SOFT"]


async def test_a_rollback_is_asked_for_protected_first_and_carried_out_whole(client: Client, unique: str) -> None:
    cloud = StagedCloud(reboot_ends_as="FAILED", snapshots=dict(GOOD))
    ears = Ears()
    async with stage(client, unique, cloud, ROLLBACK, ASKS, ears=ears) as on:
        await on.send()
        question = await asked(on, Matter.ROLLBACK)
        assert {one.disk_id: one.snapshot_id for one in question.disks} == {
            "disk-sys": "snap-goodsys",
            "disk-dat": "snap-gooddat",
        }
        assert all(one.lost_since == OLD for one in question.disks)
        cloud.reboot_ends_as = "SUCCESS"
        await answer(on, question)
        result = await on.ended()
    assert result.outcome is Outcome.RECOVERED
    assert cloud.acted == [
        f"{REBOOT} SOFT",
        f"{STOP} SOFT_FIRST",
        f"{APPLY_SNAPSHOT} disk-sys snap-goodsys",
        f"{APPLY_SNAPSHOT} disk-dat snap-gooddat",
        START,
    ]
    order = cloud.mutating()
    assert order.index(APPLY_SNAPSHOT) > max(at for at, one in enumerate(order) if one == CREATE_SNAPSHOT)
    assert sorted(one.purpose for one in result.snapshots) == ["before_repair"] * 2 + ["before_rollback"] * 2
    assert [(one.by, one.choice) for one in result.answers] == [("ada", Choice.GO)]
    [told] = [one for one in ears.heard if "medic approve" in one["text"]]
    assert f"--plan {question.plan}" in told["text"]


async def test_a_rollback_that_is_denied_touches_nothing_more(client: Client, unique: str) -> None:
    cloud = StagedCloud(reboot_ends_as="FAILED", snapshots=dict(GOOD))
    async with stage(client, unique, cloud, ROLLBACK, ASKS) as on:
        await on.send()
        await answer(on, await asked(on, Matter.ROLLBACK), Choice.STOP, by="anybody")
        result = await on.ended()
    assert (result.outcome, result.reason.code) == (Outcome.DENIED, Code.DENIED)
    assert cloud.acted == [f"{REBOOT} SOFT"]


async def test_who_is_not_listed_or_answers_something_else_does_not_approve(client: Client, unique: str) -> None:
    cloud = StagedCloud(reboot_ends_as="FAILED", snapshots=dict(GOOD))
    async with stage(client, unique, cloud, ROLLBACK, ASKS) as on:
        await on.send()
        question = await asked(on, Matter.ROLLBACK)
        for wrong, by in ((question, "mallory"), (question.model_copy(update={"action": "other"}), "ada")):
            with pytest.raises(WorkflowUpdateFailedError):
                await answer(on, wrong, by=by)
        assert cloud.acted == [f"{REBOOT} SOFT"]
        await answer(on, question, Choice.STOP)
        result = await on.ended()
    assert result.outcome is Outcome.DENIED


async def test_without_a_snapshot_of_before_the_alarm_nothing_is_rolled_back(client: Client, unique: str) -> None:
    cloud = StagedCloud(reboot_ends_as="FAILED", snapshots={"snap-goodsys": GOOD["snap-goodsys"]})
    async with stage(client, unique, cloud, ROLLBACK, ASKS) as on:
        await on.send()
        result = await on.ended()
    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.NO_GOOD_SNAPSHOT)
    assert "disk-dat" in result.reason.facts["disks"]
    assert cloud.acted == [f"{REBOOT} SOFT"]


async def test_without_its_safety_snapshots_nothing_is_rolled_back_and_the_instance_is_started_again(
    client: Client, unique: str
) -> None:
    cloud = StagedCloud(reboot_ends_as="FAILED", snapshots=dict(GOOD))

    def fail_the_third(action: str) -> None:
        if action == CREATE_SNAPSHOT and cloud.calls.count(CREATE_SNAPSHOT) >= 3:
            raise Refused("no", action=action, code="InsufficientSnapshotQuota")

    cloud.on_call = fail_the_third
    async with stage(client, unique, cloud, ROLLBACK, ASKS) as on:
        await on.send()
        question = await asked(on, Matter.ROLLBACK)
        cloud.reboot_ends_as = "SUCCESS"
        await answer(on, question)
        result = await on.ended()
    assert (result.outcome, result.rolled_back) == (Outcome.HANDED_OVER, ())
    assert cloud.acted == [f"{REBOOT} SOFT", f"{STOP} SOFT_FIRST", START]


async def test_a_set_that_is_partly_rolled_back_is_left_stopped(client: Client, unique: str) -> None:
    cloud = StagedCloud(reboot_ends_as="FAILED", snapshots=dict(GOOD))

    def fail_the_second(action: str) -> None:
        if action == APPLY_SNAPSHOT and any(one.startswith(APPLY_SNAPSHOT) for one in cloud.acted):
            raise Refused("no", action=action, code="InvalidSnapshotId.NotFound")

    cloud.on_call = fail_the_second
    async with stage(client, unique, cloud, ROLLBACK, ASKS) as on:
        await on.send()
        question = await asked(on, Matter.ROLLBACK)
        cloud.reboot_ends_as = "SUCCESS"
        await answer(on, question)
        result = await on.ended()
    assert result.outcome is Outcome.HANDED_OVER
    assert [one.disk_id for one in result.rolled_back] == ["disk-sys"]
    assert START not in cloud.acted


async def test_a_rollback_that_was_never_seen_is_not_taken_for_done(client: Client, unique: str) -> None:
    cloud = StagedCloud(reboot_ends_as="FAILED", snapshots=dict(GOOD), polls_rolling=0)
    async with stage(client, unique, cloud, (RUNGS, ROLLBACK[1].replace("5m", "6s")), ASKS) as on:
        await on.send()
        question = await asked(on, Matter.ROLLBACK)
        cloud.reboot_ends_as = "SUCCESS"
        await answer(on, question)
        result = await on.ended()
    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.ROLLBACK_TIMEOUT)
    assert START not in cloud.acted


async def test_a_cancel_in_the_middle_of_a_rollback_leaves_no_half_of_it(client: Client, unique: str) -> None:
    cloud = StagedCloud(reboot_ends_as="FAILED", snapshots=dict(GOOD), polls_rolling=6)
    async with stage(client, unique, cloud, ROLLBACK, ASKS) as on:
        await on.send()
        question = await asked(on, Matter.ROLLBACK)
        cloud.reboot_ends_as = "SUCCESS"
        await answer(on, question)

        async def rolling() -> bool:
            return any(one.startswith(APPLY_SNAPSHOT) for one in cloud.acted)

        await until(rolling)
        await on.remediation.cancel()
        result = await on.ended()
    assert result.outcome is Outcome.CANCELLED
    assert len(result.rolled_back) == 2
    assert cloud.acted[-1] == START


async def test_a_rollback_to_before_the_repair_is_for_a_repair_that_made_it_worse_alone(
    client: Client, unique: str
) -> None:
    cloud = StagedCloud(reboot_ends_as="FAILED")
    own = (RUNGS, ROLLBACK[1].replace("rollback: {timeout: 5m}", "rollback: {to: before_repair, timeout: 5m}"))
    async with stage(client, unique, cloud, own, ASKS) as on:
        await on.send()
        result = await on.ended()
    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.NOT_MADE_WORSE)
    assert cloud.acted == [f"{REBOOT} SOFT"]


async def test_what_the_repair_made_worse_goes_back_to_the_snapshots_of_this_run(client: Client, unique: str) -> None:
    cloud = StagedCloud(reboot_ends_as="FAILED")

    def silence(action: str) -> None:
        if action == REBOOT:
            cloud.online = False

    cloud.after_effect = silence
    own = (RUNGS, ROLLBACK[1].replace("rollback: {timeout: 5m}", "rollback: {to: before_repair, timeout: 5m}"))
    async with stage(client, unique, cloud, own, ASKS) as on:
        await on.send()
        question = await asked(on, Matter.ROLLBACK)
        cloud.reboot_ends_as, cloud.online = "SUCCESS", True
        await answer(on, question)
        result = await on.ended()
    before = {one.disk_id: one.snapshot_id for one in result.snapshots if one.purpose == "before_repair"}
    assert result.outcome is Outcome.RECOVERED
    assert {one.disk_id: one.snapshot_id for one in result.rolled_back} == before
