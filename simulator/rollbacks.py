"""ApplySnapshot: a disk goes back to a snapshot of its own, and what was written since is lost."""

from __future__ import annotations

from typing import Any

from simulator import parameters as p
from simulator.cbs import find_disk, find_snapshot
from simulator.cloud import Call, Cloud
from simulator.errors import ApiError
from simulator.operations import cure, operate, refusal
from simulator.state import Disk, Instance, Region, Snapshot


def apply_snapshot(call: Call, asked: p.ApplySnapshot) -> dict[str, Any]:
    disk, snapshot = find_disk(call.region, asked.DiskId), find_snapshot(call.region, asked.SnapshotId)
    if asked.AutoStartInstance and not asked.AutoStopInstance:
        raise ApiError("InvalidParameterValue", "AutoStartInstance needs AutoStopInstance.")
    if snapshot.disk_id != asked.DiskId:
        raise ApiError("InvalidSnapshot.NotSupported", "A snapshot goes back only to the disk that it was made of.")
    if disk.rollback_of:
        raise ApiError("ResourceInUse.DiskRollbacking", f"The disk `{asked.DiskId}` is being rolled back.")
    if snapshot.state != "NORMAL" or disk.busy_with:
        raise ApiError("ResourceUnavailable.SnapshotCreating", "A snapshot of this disk is not finished yet.")
    instance = call.region.instances.get(disk.instance_id or "")
    if instance is None or (instance.state == "STOPPED" and not instance.running):
        _roll_back(call, disk, snapshot, call.now, start=None)
        return {}
    if not asked.AutoStopInstance:
        raise ApiError("UnsupportedOperation.InstanceNotStopped", "The instance of the disk is not stopped.")
    refused = refusal(instance, "StopInstances")
    if refused:
        raise refused
    start = instance if asked.AutoStartInstance else None
    operate(
        call.cloud,
        call.region,
        instance,
        "StopInstances",
        call.request_id,
        call.now,
        then=lambda at: _roll_back(call, disk, snapshot, at, start=start),
    )
    return {}


def _roll_back(call: Call, disk: Disk, snapshot: Snapshot, now: float, *, start: Instance | None) -> None:
    cloud, region, seconds = call.cloud, call.region, call.cloud.durations.rollback
    targets = (disk.spec.disk_id, snapshot.snapshot_id)
    disk.rollback_of, disk.rollback_began, disk.rollback_stopped_at = snapshot.snapshot_id, now, None
    snapshot.state = "ROLLBACKING"
    lost = {"lost_from": snapshot.created_at, "lost_until": now}
    cloud.log.effect(now, "rollback_started", region.name, *targets, request_id=call.request_id, params=lost)

    def tell(at: float, what: str) -> None:
        cloud.log.effect(at, f"rollback_{what}", region.name, *targets, request_id=call.request_id)

    def stall(at: float) -> None:
        disk.rollback_stopped_at = disk.spec.trouble_at_percent
        tell(at, "stalled")

    def fail(at: float) -> None:
        disk.rollback_of, snapshot.state = None, "NORMAL"
        disk.rollback_stopped_at = disk.spec.trouble_at_percent
        disk.error_prompt = "The rollback failed; the disk holds neither what it held nor what the snapshot holds."
        tell(at, "failed")

    def finish(at: float) -> None:
        disk.rollback_of, disk.error_prompt, snapshot.state = None, None, "NORMAL"
        tell(at, "done")
        instance = region.instances.get(disk.instance_id or "")
        if instance:
            _heal(cloud, region, instance, snapshot, at)
        if start and refusal(start, "StartInstances") is None:
            operate(cloud, region, start, "StartInstances", call.request_id, at)

    if disk.spec.rollback == "works":
        cloud.schedule(now + seconds, finish)
    else:
        trouble = stall if disk.spec.rollback == "stalls" else fail
        cloud.schedule(now + seconds * disk.spec.trouble_at_percent / 100, trouble)


def _heal(cloud: Cloud, region: Region, one: Instance, snapshot: Snapshot, at: float) -> None:
    """What ailed the disk when the snapshot was made ails it again; what befell it later is gone."""
    if one.spec.cured_by != "rollback":
        return
    if one.symptom and not snapshot.symptom and one.sick_disk == snapshot.disk_id:
        cure(cloud, region, one, "rollback", at)
    elif snapshot.symptom and not one.symptom:
        one.symptom = snapshot.symptom
        params = {"symptom": one.symptom}
        cloud.log.effect(at, "symptom_returned", region.name, one.spec.instance_id, params=params)
