"""Snapshots: make one of a disk, once, and wait until it is really there."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from temporalio import activity

from activities.acting import Act, act_once, carry, look_for
from activities.cloud import Cloud
from activities.fleet import Freezes
from activities.polling import Pace, not_yet
from remediation.acts import ApplySnapshotInput, CreateSnapshotInput, Lost, OperationSent, SnapshotMade
from remediation.cloud import APPLY_SNAPSHOT, CREATE_SNAPSHOT, Disk, GoodSnapshot, ReadySnapshot, Sighting, Snapshot
from remediation.contract import GoodSnapshotAsked, SnapshotsRead, WaitForRollbackInput, WaitForSnapshotInput
from remediation.durations import write_duration
from remediation.errors import Refused
from remediation.good_snapshots import good_snapshot
from remediation.guardrails import Verdict, may_snapshot
from remediation.permits import SendPermit
from remediation.reasons import Code, Reason, because
from remediation.rollback_guardrails import may_apply
from remediation.telling import say

# A snapshot that was just made may not be listed yet; one that is missing after this has vanished.
_LISTING_LAG = timedelta(minutes=2)
# The rollback of a small disk may be over between two looks at the usual pace.
_AT_ONCE = Pace(0.5)


class _Create(Act[CreateSnapshotInput, SnapshotMade]):
    """Its effect bears the run's name, so it is found again whatever became of the answer (P2)."""

    action = CREATE_SNAPSHOT
    is_named = True

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def guard(self, wanted: CreateSnapshotInput) -> Verdict:
        region, instance_id = wanted.target.region, wanted.target.instance_id
        instance = self._cloud.describe_instance(region, instance_id)
        disks = self._cloud.describe_disks(region, instance_id)
        sighting = Sighting(instance=instance, disks=disks, read_at=datetime.now(timezone.utc))
        return may_snapshot(sighting, wanted.order, wanted.disk.disk_id, wanted.state)

    def effect(self, wanted: CreateSnapshotInput, since: datetime) -> SnapshotMade | None:
        disk_id = wanted.disk.disk_id
        found = self._cloud.find_snapshots(wanted.target.region, disk_id, wanted.name)
        if not found:
            return None
        return SnapshotMade(snapshot_id=found[0].snapshot_id, disk_id=disk_id, name=wanted.name, adopted=True)

    def send(self, permit: SendPermit, wanted: CreateSnapshotInput) -> SnapshotMade:
        snapshot_id, request_id = self._cloud.create_snapshot(
            permit,
            wanted.target.region,
            wanted.disk.disk_id,
            name=wanted.name,
            expires_at=wanted.expires_at,
            tags={"medic-run": wanted.run_key, "medic-instance": wanted.target.instance_id},
        )
        disk_id = wanted.disk.disk_id
        return SnapshotMade(snapshot_id=snapshot_id, disk_id=disk_id, name=wanted.name, request_id=request_id)


class _Apply(Act[ApplySnapshotInput, OperationSent]):
    """Its effect is seen while it lasts, and never inferred: a disk that is not rolling back may not have begun."""

    action = APPLY_SNAPSHOT

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def guard(self, wanted: ApplySnapshotInput) -> Verdict:
        region, instance_id, snapshot_id = wanted.target.region, wanted.target.instance_id, wanted.snapshot.snapshot_id
        seen = self._cloud.describe_snapshots(region, (snapshot_id,))
        disks = self._cloud.describe_disks(region, instance_id)
        instance = self._cloud.describe_instance(region, instance_id)
        return may_apply(
            Sighting(instance=instance, disks=disks, read_at=datetime.now(timezone.utc)),
            wanted.order,
            baseline=wanted.baseline,
            snapshot=wanted.snapshot,
            seen=next((one for one in seen if one.snapshot_id == snapshot_id), None),
            approval=wanted.approval,
        )

    def effect(self, wanted: ApplySnapshotInput, since: datetime) -> OperationSent | None:
        disks = self._cloud.describe_disks(wanted.target.region, wanted.target.instance_id)
        if any(disk.disk_id == wanted.snapshot.disk_id and disk.rolling_back for disk in disks):
            return OperationSent(request_id="", sent_at=since, adopted=True)
        return None

    def send(self, permit: SendPermit, wanted: ApplySnapshotInput) -> OperationSent:
        sent_at = datetime.now(timezone.utc)
        disk_id, snapshot_id = wanted.snapshot.disk_id, wanted.snapshot.snapshot_id
        request_id = self._cloud.apply_snapshot(permit, wanted.target.region, disk_id, snapshot_id=snapshot_id)
        return OperationSent(request_id=request_id, sent_at=sent_at)


class SnapshotActivities:
    """The hands on the snapshots of one disk."""

    def __init__(self, cloud: Cloud, pace: Pace, freezes: Freezes) -> None:
        self._cloud = cloud
        self._create, self._apply = _Create(cloud), _Apply(cloud)
        self._pace, self._freezes = pace, freezes

    @activity.defn(no_thread_cancel_exception=True)
    def create_snapshot(self, wanted: CreateSnapshotInput) -> SnapshotMade:
        """Begin the one snapshot of a disk for this run, or adopt it if it is there already (P2)."""
        return act_once(self._create, wanted, self._freezes)

    @activity.defn
    def find_snapshot(self, lost: Lost[CreateSnapshotInput]) -> SnapshotMade | None:
        """After an unknown outcome: the snapshot once it shows, or nothing once it can no longer come."""
        return look_for(self._create, lost, self._pace)

    @activity.defn(no_thread_cancel_exception=True)
    def apply_snapshot(self, wanted: ApplySnapshotInput) -> OperationSent:
        """Roll one disk of the stopped instance back to its own snapshot, as approved (P13)."""
        return act_once(self._apply, wanted, self._freezes)

    @activity.defn
    def find_rollback(self, lost: Lost[ApplySnapshotInput]) -> OperationSent | None:
        """After an unknown outcome: the rollback while it shows, or nothing once it can no longer come."""
        return look_for(self._apply, lost, self._pace)

    @activity.defn
    def wait_until_ready(self, wait: WaitForSnapshotInput) -> ReadySnapshot:
        """Until the snapshot is NORMAL and at 100 %: the only place that makes a ReadySnapshot.

        Raises:
            Refused: it has vanished, stalled, or is in a state from which it does not become ready.
        """
        made = wait.snapshot
        seen = self._cloud.describe_snapshots(wait.target.region, (made.snapshot_id,))
        snapshot = next((one for one in seen if one.snapshot_id == made.snapshot_id), None)
        now = datetime.now(timezone.utc)
        if snapshot is None and now - activity.info().scheduled_time < _LISTING_LAG:
            raise not_yet(self._pace, f"{made.snapshot_id} is not listed yet")
        if snapshot is None or snapshot.is_lost or snapshot.disk_id != made.disk_id:
            state = snapshot.state if snapshot else "gone"
            raise _hopeless(
                wait, because(Code.SNAPSHOT_LOST, snapshot=made.snapshot_id, disk=made.disk_id, state=state)
            )
        if not snapshot.is_ready:
            self._watch_progress(wait, snapshot, now)
            raise not_yet(self._pace, f"{made.snapshot_id} of {made.disk_id} is {snapshot.state}, {snapshot.percent} %")
        return ReadySnapshot(
            snapshot_id=made.snapshot_id,
            disk_id=made.disk_id,
            name=made.name,
            seen_ready_at=now,
            expires_at=wait.expires_at,
        )

    @activity.defn
    def read_snapshots(self, asked: SnapshotsRead) -> list[Snapshot]:
        """How far these are, as far as they are listed."""
        return list(self._cloud.describe_snapshots(asked.target.region, asked.snapshot_ids))

    @activity.defn
    def find_good_snapshot(self, asked: GoodSnapshotAsked) -> GoodSnapshot | None:
        """The disk's newest ready snapshot from before, if it has one."""
        return good_snapshot(self._cloud.list_snapshots(asked.target.region, asked.disk_id), asked)

    @activity.defn
    def wait_until_rolled_back(self, wait: WaitForRollbackInput) -> Disk:
        """Until the disk was *seen* to roll back, and then not to any more: what was not seen did not happen (P13).

        Raises:
            Refused: it failed, or the disk is gone.
        """
        disks = self._cloud.describe_disks(wait.target.region, wait.target.instance_id)
        disk = next((one for one in disks if one.disk_id == wait.disk_id), None)
        was_seen = bool(next(iter(activity.info().heartbeat_details), False))
        if disk is None:
            raise _refused(wait, because(Code.DISK_GONE, disk=wait.disk_id))
        activity.heartbeat(was_seen or disk.rolling_back)
        if disk.rolling_back:
            raise not_yet(self._pace, f"{wait.disk_id} is rolling back")
        if disk.error and disk.error != wait.error_before:
            raise _refused(wait, because(Code.ROLLBACK_FAILED, disk=wait.disk_id, error=disk.error))
        if not was_seen:
            raise not_yet(_AT_ONCE, f"{wait.disk_id} has not been seen to roll back yet")
        return disk

    @staticmethod
    def _watch_progress(wait: WaitForSnapshotInput, snapshot: Snapshot, now: datetime) -> None:
        """The API knows no failed snapshot: one that makes no progress for too long is given up.

        What the attempts before this one saw is in the heartbeat, which outlives them and leaves no history.
        """
        percent, since = next(iter(activity.info().heartbeat_details), None) or (-1, "")
        if percent != snapshot.percent:
            activity.heartbeat((snapshot.percent, now.isoformat()))
            return
        activity.heartbeat((percent, since))
        if now - datetime.fromisoformat(since) >= timedelta(seconds=wait.stall_seconds):
            stall = write_duration(wait.stall_seconds)
            disk_id, snapshot_id = snapshot.disk_id, snapshot.snapshot_id
            why = because(Code.SNAPSHOT_STALLED, snapshot=snapshot_id, disk=disk_id, percent=percent, stall=stall)
            raise _hopeless(wait, why)


def _refused(wait: WaitForRollbackInput, reason: Reason) -> Refused:
    error = Refused(say(reason), action="DescribeDisks", region=wait.target.region, code="RollbackLost")
    error.__cause__ = carry(reason)
    return error


def _hopeless(wait: WaitForSnapshotInput, reason: Reason) -> Refused:
    error = Refused(say(reason), action="DescribeSnapshots", region=wait.target.region, code="SnapshotLost")
    error.__cause__ = carry(reason)
    return error
