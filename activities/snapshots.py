"""Snapshots: make one of a disk, once, and wait until it is really there."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from temporalio import activity

from activities.acting import begin_permit, carry, obey, only_proven_failures_return
from activities.cloud import Cloud
from activities.polling import Pace, not_yet
from remediation.cloud import ReadySnapshot, Sighting
from remediation.contract import CreateSnapshotInput, Effect, FindEffectInput, SnapshotMade, WaitForSnapshotInput
from remediation.errors import AlreadySo, NotYet, Refused
from remediation.guardrails import may_snapshot
from remediation.reasons import Code, because
from remediation.telling import say

_ACTION = "CreateSnapshot"
# A snapshot that was just made may not be listed yet; one that is missing after this has vanished.
_LISTING_LAG = timedelta(minutes=2)


class SnapshotActivities:
    """The hands on the snapshots of one disk."""

    def __init__(self, cloud: Cloud, pace: Pace) -> None:
        self._cloud = cloud
        self._pace = pace

    @activity.defn(no_thread_cancel_exception=True)
    def create_snapshot(self, wanted: CreateSnapshotInput) -> SnapshotMade:
        """Begin the one snapshot of a disk for this run, or adopt it if it is there already (P2)."""
        region, disk_id = wanted.target.region, wanted.disk.disk_id
        with only_proven_failures_return(_ACTION, region):
            permit = begin_permit(wanted.order.mode)
            instance = self._cloud.describe_instance(region, wanted.target.instance_id)
            disks = self._cloud.describe_disks(region, wanted.target.instance_id)
            sighting = Sighting(instance=instance, disks=disks, read_at=datetime.now(timezone.utc))
            obey(may_snapshot(sighting, wanted.order, disk_id), _ACTION, region)
            found = self._find(region, disk_id, wanted.name)
            if found is not None:
                return found
            try:
                snapshot_id, request_id = self._cloud.create_snapshot(
                    permit,
                    region,
                    disk_id,
                    name=wanted.name,
                    expires_at=wanted.expires_at,
                    tags={"medic-run": wanted.run_key, "medic-instance": wanted.target.instance_id},
                )
            except AlreadySo as error:
                # One snapshot of a disk at a time: if it is not ours, ours is made after it.
                found = self._find(region, disk_id, wanted.name)
                if found is not None:
                    return found
                raise NotYet(error.message, action=_ACTION, code=error.code, region=region) from None
            return SnapshotMade(snapshot_id=snapshot_id, disk_id=disk_id, name=wanted.name, request_id=request_id)

    @activity.defn
    def find_snapshot(self, lost: FindEffectInput) -> Effect:
        """After an unknown outcome: the snapshot's id once it shows, or nothing once it can no longer come."""
        found = self._find(lost.target.region, lost.disk_id, lost.name)
        if found is not None:
            return Effect(id=found.snapshot_id)
        if datetime.now(timezone.utc) >= lost.settled_at:
            return Effect()
        raise not_yet(self._pace, f"whether the snapshot was begun shows until {lost.settled_at:%H:%M:%S} UTC")

    @activity.defn
    def wait_until_ready(self, wait: WaitForSnapshotInput) -> ReadySnapshot:
        """Until the snapshot is NORMAL and at 100 %: the only place that makes a ReadySnapshot.

        Raises:
            Refused: it has vanished, or is in a state from which it does not become ready.
        """
        made = wait.snapshot
        seen = self._cloud.describe_snapshots(wait.target.region, (made.snapshot_id,))
        snapshot = next((one for one in seen if one.snapshot_id == made.snapshot_id), None)
        now = datetime.now(timezone.utc)
        if snapshot is None and now - activity.info().scheduled_time < _LISTING_LAG:
            raise not_yet(self._pace, f"{made.snapshot_id} is not listed yet")
        if snapshot is None or snapshot.is_lost or snapshot.disk_id != made.disk_id:
            state = snapshot.state if snapshot else "gone"
            lost = because(Code.SNAPSHOT_LOST, snapshot=made.snapshot_id, disk=made.disk_id, state=state)
            region = wait.target.region
            raise Refused(say(lost), action="DescribeSnapshots", region=region, code="SnapshotLost") from carry(lost)
        if not snapshot.is_ready:
            raise not_yet(self._pace, f"{made.snapshot_id} of {made.disk_id} is {snapshot.state}, {snapshot.percent} %")
        return ReadySnapshot(
            snapshot_id=made.snapshot_id,
            disk_id=made.disk_id,
            name=made.name,
            seen_ready_at=now,
            expires_at=wait.expires_at,
        )

    def _find(self, region: str, disk_id: str, name: str) -> SnapshotMade | None:
        found = self._cloud.find_snapshots(region, disk_id, name)
        if not found:
            return None
        return SnapshotMade(snapshot_id=found[0].snapshot_id, disk_id=disk_id, name=name, adopted=True)
