"""What people are asked about a snapshot that is too large, takes too long, or cannot be had."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.snapshots import SnapshotActivities
    from remediation.approvals import Approval, AskedDisk, Choice, Matter, time_left
    from remediation.cloud import Snapshot
    from remediation.contract import Queue, SnapshotsRead
    from remediation.durations import write_duration
    from remediation.reasons import Code, because
    from remediation.report import Outcome
    from workflows.asking import ask
    from workflows.attempt import Ended
    from workflows.calls import CallFailed, Expired
    from workflows.snapshot_set import BEFORE_REPAIR, Making, SnapshotSet, failure


async def ask_about_large(set_of: SnapshotSet) -> None:
    """A disk that is larger than the runbook has it takes long, and costs."""
    attempt, most = set_of.attempt, set_of.policy.max_size
    large = tuple(disk for disk in set_of.disks if most is not None and disk.size_gib > most)
    if not large:
        return
    names = ", ".join(f"{disk.disk_id} ({disk.size_gib} GiB)" for disk in large)
    why = because(Code.ASKED_LARGE, disks=names, most=most)
    if not attempt.may_ask:
        raise Ended(Outcome.HANDED_OVER, why)
    action = f"a snapshot of {names}"
    disks = tuple(AskedDisk(disk_id=disk.disk_id) for disk in large)
    attempt.allow(await ask(attempt, Matter.LARGE_DISK, why, action=action, disks=disks))


async def ask_about_slow(set_of: SnapshotSet, tasks: list[Making]) -> Approval | None:
    """How far they are and what is left: wait on, reboot without them, or stop."""
    attempt, began = set_of.attempt, set_of.attempt.journal.began_at
    seen = await _progress(set_of)
    disks = tuple(
        AskedDisk(disk_id=disk.disk_id, snapshot_id=one.snapshot_id if one else "", percent=one.percent if one else 0)
        for disk in set_of.bare
        for one in (seen.get(disk.disk_id),)
    )
    elapsed = workflow.now() - began
    left = [time_left(disk.percent or 0, elapsed) for disk in disks]
    known = [one for one in left if one is not None]
    told = ", ".join(f"{disk.disk_id} {disk.percent} %" for disk in disks)
    takes = max(known).total_seconds() if known and len(known) == len(left) else 0
    span = write_duration(max(round(takes), 1)) if takes else "unknown"
    why = because(Code.ASKED_SLOW, disks=told, elapsed=write_duration(round(elapsed.total_seconds())), left=span)
    return await ask(
        attempt,
        Matter.SLOW_SNAPSHOT,
        why,
        action="a reboot without a ready snapshot",
        choices=(Choice.WAIT, Choice.UNPROTECTED, Choice.STOP),
        disks=disks,
        takes_seconds=takes,
        unless=lambda: all(task.done() for task in tasks) or any(failure(task) for task in tasks),
    )


async def _progress(set_of: SnapshotSet) -> dict[str, Snapshot]:
    ids = tuple(
        taken.snapshot_id
        for (_, purpose), taken in set_of.attempt.snapshots.items()
        if purpose == set_of.purpose and not taken.ready
    )
    if not ids:
        return {}
    try:
        seen = await set_of.attempt.calls.read(
            SnapshotActivities.read_snapshots,
            SnapshotsRead(target=set_of.attempt.target, snapshot_ids=ids),
            queue=Queue.SNAPSHOT_WAITS,
            within=30,
            summary="how far are they?",
        )
    except (Expired, CallFailed):
        return {}
    return {one.disk_id: one for one in seen}


async def ask_instead(set_of: SnapshotSet, ending: BaseException) -> None:
    """What cannot be had: people may let it go on without, if the runbook lets them be asked.

    Raises:
        Ended, Interrupted, Expired, CallFailed: how the run ends.
    """
    attempt = set_of.attempt
    hopeless = isinstance(ending, (Ended, Expired, CallFailed))
    may_ask = set_of.policy.on_failure == "ask" and attempt.may_ask and set_of.purpose == BEFORE_REPAIR
    denied = isinstance(ending, Ended) and ending.outcome is not Outcome.HANDED_OVER
    if denied or not (hopeless and may_ask):
        raise ending
    disks = tuple(AskedDisk(disk_id=disk.disk_id) for disk in set_of.bare)
    names = ", ".join(disk.disk_id for disk in disks)
    reason = ending.reason if isinstance(ending, (Ended, Expired, CallFailed)) else because(Code.UNPROTECTED, disks="")
    why = because(Code.ASKED_NO_SNAPSHOT, disks=names, why=reason.code.value)
    choices = (Choice.UNPROTECTED, Choice.STOP)
    action = f"a reboot without a snapshot of {names}"
    attempt.allow(await ask(attempt, Matter.NO_SNAPSHOT, why, action=action, choices=choices, disks=disks))
