"""A ready snapshot of every disk, before anything else is touched."""

from __future__ import annotations

import asyncio
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.snapshots import SnapshotActivities
    from remediation.acts import CreateSnapshotInput, SnapshotMade
    from remediation.cloud import Disk, ReadySnapshot, expiry, snapshot_name
    from remediation.contract import Queue, WaitForSnapshotInput
    from remediation.durations import write_duration
    from remediation.reasons import Code, because
    from remediation.report import Outcome, Phase, SnapshotTaken
    from remediation.runbooks import SnapshotPolicy
    from workflows.acting import CREATE_SNAPSHOT, StillUnknown, perform
    from workflows.attempt import Attempt, Ended
    from workflows.calls import CallFailed, Expired, Interruption


async def protect(attempt: Attempt, disks: tuple[Disk, ...]) -> tuple[ReadySnapshot, ...]:
    """All disks at once; the first that fails ends the run before the reboot."""
    policy = attempt.runbook.snapshot
    if policy is None or not disks:
        return ()
    attempt.journal.begin("snapshots", f"a ready snapshot of {len(disks)} disks", Phase.SNAPSHOTTING)
    by = attempt.snapshots_by(policy)
    tasks = [asyncio.create_task(_protect_disk(attempt, policy, disk, by)) for disk in disks]
    await workflow.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    failed = next((task.exception() for task in tasks if task.done() and task.exception()), None)
    if failed is not None:
        await _abandon(attempt, tasks)
        raise _ending(failed, policy, attempt, by)
    return tuple(task.result() for task in tasks)


async def _abandon(attempt: Attempt, tasks: list[asyncio.Task[ReadySnapshot]]) -> None:
    """End the others as an interruption does: a snapshot that is being sent for is waited for, and recorded."""
    if attempt.calls.interruption is None:
        attempt.calls.interruption = Interruption.ABANDONED
    await asyncio.gather(*tasks, return_exceptions=True)
    if attempt.calls.interruption is Interruption.ABANDONED:
        attempt.calls.interruption = None


def _ending(failed: BaseException, policy: SnapshotPolicy, attempt: Attempt, by: datetime) -> BaseException:
    if isinstance(failed, Expired) and by == attempt.act_by:
        limit = write_duration(attempt.order.act_within_seconds)
        return Ended(Outcome.HANDED_OVER, because(Code.ACT_TOO_LATE, age=limit, limit=limit))
    if isinstance(failed, Expired):
        late = because(Code.SNAPSHOT_TIMEOUT, timeout=write_duration(policy.timeout), last=failed.last)
        return Ended(Outcome.HANDED_OVER, late)
    if isinstance(failed, CallFailed) and attempt.snapshots:
        return Ended(Outcome.HANDED_OVER, failed.reason)
    return failed


async def _protect_disk(attempt: Attempt, policy: SnapshotPolicy, disk: Disk, by: datetime) -> ReadySnapshot:
    wanted = CreateSnapshotInput(
        target=attempt.target,
        order=attempt.order,
        run_key=attempt.wanted.run_key,
        disk=disk,
        name=snapshot_name(attempt.wanted.run_key, disk.disk_id),
        expires_at=expiry(workflow.now(), policy.keep),
    )
    label = f"{disk.usage.replace('_', ' ').lower() or 'disk'} {disk.disk_id}"
    made = await _create(attempt, wanted, label, by)
    taken = SnapshotTaken(
        disk_id=disk.disk_id,
        snapshot_id=made.snapshot_id,
        name=made.name,
        adopted=made.adopted,
        expires_at=wanted.expires_at,
    )
    attempt.snapshots[disk.disk_id] = taken
    wait = WaitForSnapshotInput(
        target=attempt.target, snapshot=made, expires_at=wanted.expires_at, stall_seconds=policy.stall
    )
    ready = await attempt.calls.wait(
        SnapshotActivities.wait_until_ready,
        wait,
        queue=Queue.SNAPSHOT_WAITS,
        within=(by - workflow.now()).total_seconds(),
        summary=f"wait until {made.snapshot_id} of {label} is ready",
    )
    attempt.snapshots[disk.disk_id] = taken.model_copy(update={"ready": True})
    attempt.journal.note(f"{made.snapshot_id} of {label} is ready")
    return ready


async def _create(attempt: Attempt, wanted: CreateSnapshotInput, label: str, by: datetime) -> SnapshotMade:
    try:
        return await perform(attempt.calls, CREATE_SNAPSHOT, wanted, by=by, summary=f"snapshot of {label}")
    except StillUnknown as unknown:
        raise Ended(Outcome.HANDED_OVER, because(Code.SNAPSHOT_UNKNOWN, disk=wanted.disk.disk_id)) from unknown
