"""A ready snapshot of every disk, before anything else is touched; what cannot be had is asked about, or ends it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.snapshots import SnapshotActivities
    from remediation.acts import CreateSnapshotInput, SnapshotMade
    from remediation.cloud import Disk, ReadySnapshot, expiry, snapshot_name
    from remediation.contract import Queue, WaitForSnapshotInput
    from remediation.durations import write_duration
    from remediation.reasons import Code, because
    from remediation.report import Outcome, Phase, SnapshotTaken
    from workflows.acting import CREATE_SNAPSHOT, StillUnknown, perform
    from workflows.asking_about_snapshots import ask_about_large, ask_about_slow, ask_instead
    from workflows.attempt import Attempt, Ended
    from workflows.calls import CallFailed, Expired, Interrupted
    from workflows.finding_snapshots import find_good_snapshots
    from workflows.snapshot_set import BEFORE_REPAIR, Making, SnapshotSet, failure


async def protect(
    attempt: Attempt, disks: tuple[Disk, ...], *, purpose: str = BEFORE_REPAIR, state: str = "RUNNING"
) -> tuple[ReadySnapshot, ...]:
    """All disks at once; the first that fails ends the run before anything is touched, or people are asked.

    Raises:
        Ended, Interrupted, Expired, CallFailed
    """
    policy = attempt.runbook.snapshot
    if policy is None or not disks:
        return ()
    set_of = SnapshotSet(attempt, policy, disks, attempt.snapshots_by(policy), purpose, state)
    if purpose == BEFORE_REPAIR:
        await ask_about_large(set_of)
    attempt.journal.begin("snapshots", f"a ready snapshot of {len(disks)} disks", Phase.SNAPSHOTTING)
    reused = await _reusable(set_of)
    tasks = [asyncio.create_task(_protect_disk(set_of, disk)) for disk in disks if disk.disk_id not in reused]
    if tasks:
        failed = await _all_ready(set_of, tasks)
        if failed is not None:
            await _abandon(attempt, tasks)
            await ask_instead(set_of, _ending(failed, set_of))
    held = (task.result() for task in tasks if not task.cancelled() and task.exception() is None)
    return (*reused.values(), *held)


async def _all_ready(set_of: SnapshotSet, tasks: list[Making]) -> BaseException | None:
    """Until all are ready, people let it go on without the rest, or one fails: then its failure."""
    attempt, policy = set_of.attempt, set_of.policy
    asks = policy.ask_after is not None and attempt.may_ask and set_of.purpose == BEFORE_REPAIR
    await workflow.wait(tasks, timeout=policy.ask_after if asks else None, return_when=asyncio.FIRST_EXCEPTION)
    if asks and not all(task.done() for task in tasks) and not any(failure(task) for task in tasks):
        try:
            approval = await ask_about_slow(set_of, tasks)
        except (Ended, Interrupted):
            await _abandon(attempt, tasks)
            raise
        if approval is not None:
            attempt.allow(approval)
            await _abandon(attempt, tasks)
            return None
        attempt.journal.begin("snapshots", "the snapshots, as people said", Phase.SNAPSHOTTING)
        await workflow.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    return next((found for found in map(failure, tasks) if found is not None), None)


async def _abandon(attempt: Attempt, tasks: list[Making]) -> None:
    """End the others as an interruption does: a snapshot that is being sent for is waited for, and recorded."""
    with attempt.calls.abandoned():
        await asyncio.gather(*tasks, return_exceptions=True)


def _ending(failed: BaseException, set_of: SnapshotSet) -> BaseException:
    attempt, policy = set_of.attempt, set_of.policy
    if isinstance(failed, Expired) and set_of.by == attempt.act_by:
        limit = write_duration(attempt.order.act_within_seconds)
        return Ended(Outcome.HANDED_OVER, because(Code.ACT_TOO_LATE, age=limit, limit=limit))
    if isinstance(failed, Expired):
        late = because(Code.SNAPSHOT_TIMEOUT, timeout=write_duration(policy.timeout), last=failed.last)
        return Ended(Outcome.HANDED_OVER, late)
    if isinstance(failed, CallFailed) and attempt.is_touched:
        return Ended(Outcome.HANDED_OVER, failed.reason)
    return failed


async def _reusable(set_of: SnapshotSet) -> dict[str, ReadySnapshot]:
    """Ready snapshots from before the alarm that are young enough to stand for new ones; none if that is not known."""
    attempt, policy = set_of.attempt, set_of.policy
    if not policy.reuse or set_of.purpose != BEFORE_REPAIR:
        return {}
    after = workflow.now() - timedelta(seconds=policy.reuse)
    try:
        found = await find_good_snapshots(attempt, set_of.disks, after=after, within=60)
    except (Expired, CallFailed):
        return {}
    ready: dict[str, ReadySnapshot] = {}
    for one in found:
        taken = SnapshotTaken(
            disk_id=one.disk_id,
            snapshot_id=one.snapshot_id,
            name=one.name,
            adopted=True,
            ready=True,
            made_at=one.taken_at,
            purpose=set_of.purpose,
        )
        attempt.snapshots[one.disk_id, set_of.purpose] = taken
        ready[one.disk_id] = ReadySnapshot(
            snapshot_id=one.snapshot_id, disk_id=one.disk_id, name=one.name, seen_ready_at=workflow.now()
        )
        attempt.journal.note(f"{one.snapshot_id} of {one.disk_id}, from {one.taken_at:%Y-%m-%d %H:%M} UTC, is reused")
    return ready


async def _protect_disk(set_of: SnapshotSet, disk: Disk) -> ReadySnapshot:
    attempt, policy, key = set_of.attempt, set_of.policy, (disk.disk_id, set_of.purpose)
    wanted = CreateSnapshotInput(
        target=attempt.target,
        order=attempt.order,
        run_key=attempt.wanted.run_key,
        disk=disk,
        name=snapshot_name(attempt.wanted.run_key, disk.disk_id, set_of.purpose),
        expires_at=expiry(workflow.now(), policy.keep),
        state=set_of.state,
    )
    label = f"{disk.usage.replace('_', ' ').lower() or 'disk'} {disk.disk_id}"
    made = await _create(attempt, wanted, label, set_of.by)
    taken = SnapshotTaken(
        disk_id=disk.disk_id,
        snapshot_id=made.snapshot_id,
        name=made.name,
        adopted=made.adopted,
        expires_at=wanted.expires_at,
        purpose=set_of.purpose,
    )
    attempt.snapshots[key] = taken
    wait = WaitForSnapshotInput(
        target=attempt.target, snapshot=made, expires_at=wanted.expires_at, stall_seconds=policy.stall
    )
    ready = await attempt.calls.wait(
        SnapshotActivities.wait_until_ready,
        wait,
        queue=Queue.SNAPSHOT_WAITS,
        within=(set_of.by - workflow.now()).total_seconds(),
        summary=f"wait until {made.snapshot_id} of {label} is ready",
    )
    attempt.snapshots[key] = taken.model_copy(update={"ready": True})
    attempt.journal.note(f"{made.snapshot_id} of {label} is ready")
    return ready


async def _create(attempt: Attempt, wanted: CreateSnapshotInput, label: str, by: datetime) -> SnapshotMade:
    try:
        return await perform(attempt.calls, CREATE_SNAPSHOT, wanted, by=by, summary=f"snapshot of {label}")
    except StillUnknown as unknown:
        raise Ended(Outcome.HANDED_OVER, because(Code.SNAPSHOT_UNKNOWN, disk=wanted.disk.disk_id)) from unknown
