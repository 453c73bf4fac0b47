"""The rollback rung: asked for, then stop, safety snapshots, each disk back, and start; never half of it started."""

from __future__ import annotations

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.instances import InstanceActivities
    from activities.snapshots import SnapshotActivities
    from remediation.acts import ApplySnapshotInput
    from remediation.approvals import Approval, AskedDisk, Matter
    from remediation.cloud import Disk, ReadySnapshot
    from remediation.contract import Queue, WaitForRollbackInput
    from remediation.guardrails import protectable
    from remediation.health import made_worse
    from remediation.reasons import Code, because
    from remediation.report import Outcome, Phase, RebootSent, RolledBack
    from remediation.runbooks import Rollback
    from workflows.acting import APPLY_SNAPSHOT, StillUnknown, perform
    from workflows.asking import ask
    from workflows.attempt import Attempt, Ended
    from workflows.calls import CallFailed, Expired
    from workflows.finding_snapshots import find_good_snapshots
    from workflows.operating import start, stop
    from workflows.protecting import protect
    from workflows.rebooting import announce

BEFORE_ROLLBACK = "before_rollback"


async def roll_back(attempt: Attempt, rung: Rollback, ready: tuple[ReadySnapshot, ...]) -> RebootSent | None:
    """Take every disk back, as people approve → the start after it; None if it got well while people were asked.

    Raises:
        Ended, Interrupted
    """
    goal = await _goal(attempt, rung, ready)
    asked_at = workflow.now()

    def is_well() -> bool:
        return attempt.recovered is not None and attempt.recovered.occurred_at >= asked_at

    disks = tuple(
        AskedDisk(disk_id=one.disk_id, snapshot_id=one.snapshot_id, lost_since=taken_at) for one, taken_at in goal
    )
    names = ", ".join(f"{one.disk_id} to {one.snapshot_id}" for one in disks)
    approval = await ask(
        attempt,
        Matter.ROLLBACK,
        because(Code.ASKED_ROLLBACK, disks=names),
        action=f"a rollback of {names}",
        disks=disks,
        takes_seconds=rung.timeout,
        unless=is_well,
    )
    if approval is None:
        return None
    attempt.allow(approval)
    # From here to the start it is carried out to its end: half of it would be worse than all or nothing of it.
    with attempt.calls.uninterrupted():
        return await _carry_out(attempt, rung, approval, tuple(one for one, _ in goal), ready)


async def _goal(
    attempt: Attempt, rung: Rollback, ready: tuple[ReadySnapshot, ...]
) -> tuple[tuple[ReadySnapshot, datetime], ...]:
    """Which snapshot each disk goes back to, and since when what was written is lost."""
    disks = protectable(attempt.sighting.disks) if attempt.sighting is not None else ()
    if rung.to == "before_repair":
        return await _own(attempt, disks, ready)
    try:
        found = await find_good_snapshots(attempt, disks, within=attempt.order.timing.patience_seconds)
    except (Expired, CallFailed) as blind:
        raise Ended(Outcome.HANDED_OVER, blind.reason) from blind
    missing = {disk.disk_id for disk in disks} - {one.disk_id for one in found}
    if missing or not disks:
        raise Ended(Outcome.HANDED_OVER, because(Code.NO_GOOD_SNAPSHOT, disks=", ".join(sorted(missing)) or "-"))
    return tuple(
        (
            ReadySnapshot(snapshot_id=one.snapshot_id, disk_id=one.disk_id, name=one.name, seen_ready_at=one.taken_at),
            one.taken_at,
        )
        for one in found
    )


async def _own(
    attempt: Attempt, disks: tuple[Disk, ...], ready: tuple[ReadySnapshot, ...]
) -> tuple[tuple[ReadySnapshot, datetime], ...]:
    """This run's own snapshots, which show the disks as they were when they were sick: only if it is worse now."""
    try:
        now = await attempt.calls.read(
            InstanceActivities.inspect_instance,
            attempt.target,
            queue=Queue.READINGS,
            within=attempt.order.timing.patience_seconds,
            summary=f"did the repair make {attempt.target.instance_id} worse?",
        )
    except (Expired, CallFailed) as blind:
        raise Ended(Outcome.HANDED_OVER, blind.reason) from blind
    if attempt.sighting is None or not made_worse(attempt.sighting, now):
        raise Ended(Outcome.HANDED_OVER, because(Code.NOT_MADE_WORSE))
    missing = {disk.disk_id for disk in disks} - {one.disk_id for one in ready}
    if missing or not disks:
        raise Ended(Outcome.HANDED_OVER, because(Code.NO_GOOD_SNAPSHOT, disks=", ".join(sorted(missing)) or "-"))
    return tuple((one, one.seen_ready_at) for one in ready)


async def _carry_out(
    attempt: Attempt,
    rung: Rollback,
    approval: Approval,
    goal: tuple[ReadySnapshot, ...],
    ready: tuple[ReadySnapshot, ...],
) -> RebootSent:
    sighting = attempt.sighting
    assert sighting is not None  # noqa: S101  # the goal was made from it; this tells the type checker
    announce(attempt)
    hanging = attempt.hanging.request_id if attempt.hanging is not None else ""
    stopped = await stop(attempt, ready, "HARD" if hanging else "SOFT_FIRST", timeout=rung.timeout, replaces=hanging)
    attempt.hanging = None
    attempt.journal.begin("rollback", f"{len(goal)} disks to be taken back", Phase.ROLLING_BACK)
    try:
        await protect(attempt, protectable(sighting.disks), purpose=BEFORE_ROLLBACK, state="STOPPED")
    except (Ended, Expired, CallFailed) as failed:
        # Nothing was rolled back: it goes on as it was, and people take over.
        await start(attempt, timeout=rung.timeout)
        raise Ended(Outcome.HANDED_OVER, failed.reason) from failed
    for snapshot in goal:
        await _take_back(attempt, rung, approval, snapshot)
    started = await start(attempt, timeout=rung.timeout, approval=approval, rolled_back=attempt.rolled_back)
    sent = RebootSent(request_id=started.request_id, stop_type="HARD", sent_at=stopped.sent_at, back_at=workflow.now())
    attempt.begun(sent)
    attempt.back(sent)
    return sent


async def _take_back(attempt: Attempt, rung: Rollback, approval: Approval, snapshot: ReadySnapshot) -> None:
    """One disk, seen to the end. Whatever goes wrong leaves the instance stopped: a part of a set is not started."""
    disk_id, snapshot_id = snapshot.disk_id, snapshot.snapshot_id
    attempt.journal.begin("rollback", f"{disk_id} to be back at {snapshot_id}")
    wanted = ApplySnapshotInput(
        target=attempt.target,
        order=attempt.order,
        run_key=attempt.wanted.run_key,
        baseline=attempt.baseline,
        snapshot=snapshot,
        approval=approval,
    )
    wait = WaitForRollbackInput(
        target=attempt.target, disk_id=disk_id, snapshot_id=snapshot_id, error_before=_error_before(attempt, disk_id)
    )
    try:
        await perform(
            attempt.calls,
            APPLY_SNAPSHOT,
            wanted,
            by=attempt.patiently,
            summary=f"roll {disk_id} back to {snapshot_id}",
        )
        await attempt.calls.wait(
            SnapshotActivities.wait_until_rolled_back,
            wait,
            queue=Queue.SNAPSHOT_WAITS,
            within=rung.timeout,
            summary=f"wait until {disk_id} is back at {snapshot_id}",
        )
    except StillUnknown as unknown:
        unseen = because(Code.ROLLBACK_UNSEEN, disk=disk_id, snapshot=snapshot_id)
        raise Ended(Outcome.HANDED_OVER, unseen) from unknown
    except Expired as late:
        told = because(Code.ROLLBACK_TIMEOUT, disk=disk_id, snapshot=snapshot_id, last=late.last)
        raise Ended(Outcome.HANDED_OVER, told) from late
    except CallFailed as failed:
        raise Ended(Outcome.HANDED_OVER, failed.reason) from failed
    attempt.rolled_back = (*attempt.rolled_back, RolledBack(disk_id=disk_id, snapshot_id=snapshot_id))
    attempt.journal.note(f"{disk_id} is back at {snapshot_id}")


def _error_before(attempt: Attempt, disk_id: str) -> str:
    disks = attempt.sighting.disks if attempt.sighting is not None else ()
    return next((disk.error for disk in disks if disk.disk_id == disk_id), "")
