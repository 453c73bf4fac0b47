"""CBS 2017-03-12: cloud disks, and their snapshots."""

from __future__ import annotations

from typing import Any

from simulator import parameters as p
from simulator.cbs_rows import disk_facts, disk_row, percent, snapshot_facts, snapshot_row
from simulator.cloud import Call, Cloud
from simulator.errors import ApiError
from simulator.state import Disk, Region, Snapshot

_DAY = 86_400
_FREE_GIB = 80.0  # of snapshots cost nothing; the number of snapshots that there may be is told by no action


def describe_disks(call: Call, asked: p.DescribeDisks) -> dict[str, Any]:
    p.either(asked.DiskIds, asked.Filters, "DiskIds")
    disks = [one for one in call.region.disks.values() if not one.spec.is_local]
    if asked.DiskIds:
        disks = [one for one in disks if one.spec.disk_id in asked.DiskIds]
    found = [one for one in disks if p.matches(asked.Filters or (), disk_facts(one, call))]
    found.sort(key=lambda one: one.created_at, reverse=asked.Order == "DESC")
    rows = [disk_row(one, call) for one in p.page(found, asked)]
    return {"TotalCount": len(found), "DiskSet": rows}


def create_snapshot(call: Call, asked: p.CreateSnapshot) -> dict[str, Any]:
    if asked.DiskId is None:
        raise ApiError("MissingParameter", "The request is missing a required parameter `DiskId`.")
    disk, deadline = find_disk(call.region, asked.DiskId), asked.deadline()
    if deadline is not None and deadline < call.now + _DAY:
        raise ApiError("InvalidParameterValue", "The Deadline must be at least one day from now.")
    if asked.LocalSnap:
        raise ApiError("UnsupportedOperation", "LocalSnap is for accounts on a list, and this one is not.")
    refused = refusal(call.region, disk)
    if refused:
        raise refused
    made = begin(
        call.cloud,
        call.region,
        disk,
        call.request_id,
        call.now,
        name=asked.SnapshotName,
        usage=asked.DiskUsage,
        deadline=deadline,
        tags={tag.Key: tag.Value for tag in asked.Tags},
    )
    return {"SnapshotId": made.snapshot_id}


def begin(
    cloud: Cloud,
    region: Region,
    disk: Disk,
    request_id: str,
    now: float,
    *,
    name: str,
    usage: str | None = None,
    deadline: float | None = None,
    tags: dict[str, str] | None = None,
) -> Snapshot:
    """Begin a snapshot of this disk, which becomes NORMAL in its time, or gets into the trouble of its disk."""
    times = cloud.durations
    made = Snapshot(
        snapshot_id=cloud.new_id(region.snapshots, "snap-"),
        disk_id=disk.spec.disk_id,
        name=name,
        usage=usage or disk.usage,
        size_gib=disk.spec.size_gib,
        created_at=now,
        deadline=deadline,
        tags=tags or {},
        state="CREATING",
        listed_from=now + times.listing_lag,
        symptom=_symptom(region, disk),
        seconds=times.system_snapshot if disk.usage == "SYSTEM_DISK" else times.data_snapshot,
    )
    region.snapshots[made.snapshot_id] = made
    disk.busy_with = made.snapshot_id
    cloud.log.effect(now, "snapshot_begun", region.name, made.snapshot_id, made.disk_id, request_id=request_id)
    cloud.schedule(now + made.seconds + times.at_hundred, lambda at: _become_normal(cloud, region, made, at))
    troubles = {"stall": stall, "vanish": vanish}
    if disk.spec.snapshots in troubles:
        trouble = troubles[disk.spec.snapshots]
        # A moment later than that percent begins, so that no rounding makes it one less.
        in_trouble = now + made.seconds * (disk.spec.trouble_at_percent + 0.001) / 100
        cloud.schedule(in_trouble, lambda at: trouble(cloud, region, made, at))
    if deadline is not None:
        cloud.schedule(deadline, lambda at: cloud.forget_snapshot(region, made, "snapshot_expired", at))
    return made


def describe_snapshots(call: Call, asked: p.DescribeSnapshots) -> dict[str, Any]:
    p.either(asked.SnapshotIds, asked.Filters, "SnapshotIds")
    found = [one for one in call.region.snapshots.values() if one.listed_from <= call.now]
    if asked.SnapshotIds:
        found = [one for one in found if one.snapshot_id in asked.SnapshotIds]
    found = [one for one in found if p.matches(asked.Filters or (), snapshot_facts(one, call))]
    found.sort(key=lambda one: one.created_at, reverse=asked.Order == "DESC")
    rows = [snapshot_row(one, call) for one in p.page(found, asked)]
    return {"TotalCount": len(found), "SnapshotSet": rows}


def describe_snapshot_overview(call: Call, asked: p.DescribeSnapshotOverview) -> dict[str, Any]:
    whole = float(sum(one.size_gib for one in call.region.snapshots.values()))
    return {
        "TotalNums": len(call.region.snapshots),
        "TotalSize": whole,
        "FreeQuota": _FREE_GIB,
        "RealTradeSize": max(0.0, whole - _FREE_GIB),
    }


def delete_snapshots(call: Call, asked: p.DeleteSnapshots) -> dict[str, Any]:
    chosen = [find_snapshot(call.region, one) for one in asked.SnapshotIds]
    for one in chosen:
        if one.state != "NORMAL":
            code = "ResourceUnavailable.SnapshotCreating" if one.state == "CREATING" else "ResourceBusy"
            raise ApiError(code, f"The snapshot `{one.snapshot_id}` is in the state `{one.state}`.")
    for one in chosen:
        call.cloud.forget_snapshot(call.region, one, "snapshot_deleted", call.now)
    return {}


def stall(cloud: Cloud, region: Region, one: Snapshot, at: float) -> None:
    """It stays CREATING for ever, and at less than 100 %."""
    if one.state == "CREATING":
        one.frozen_at = min(percent(one, at), 99)
        cloud.log.effect(at, "snapshot_stalled", region.name, one.snapshot_id, one.disk_id)


def vanish(cloud: Cloud, region: Region, one: Snapshot, at: float) -> None:
    """It is gone without a word, as a creation that failed is."""
    cloud.forget_snapshot(region, one, "snapshot_vanished", at)


def refusal(region: Region, disk: Disk) -> ApiError | None:
    """Why no snapshot of this disk can be begun now."""
    disk_id = disk.spec.disk_id
    if disk.spec.shareable:
        return ApiError("UnsupportedOperation.ShareDiskNotSupportSnap", f"The disk `{disk_id}` is shared.")
    if not disk.spec.snapshot_ability:
        return ApiError("InvalidDisk.NotSupportSnapshot", f"The disk `{disk_id}` does not support snapshots.")
    if disk.spec.migrating:
        return ApiError("ResourceInUse.DiskMigrating", f"The disk `{disk_id}` is being migrated.")
    if disk.rollback_of:
        return ApiError("ResourceInUse.DiskRollbacking", f"The disk `{disk_id}` is being rolled back.")
    if disk.busy_with:
        return ApiError("InvalidDisk.SnapshotCreating", f"The disk `{disk_id}` is creating a snapshot.")
    if len(region.snapshots) >= region.snapshot_quota:
        return ApiError("InsufficientSnapshotQuota", f"The quota of {region.snapshot_quota} snapshots is used up.")
    return None


def find_disk(region: Region, disk_id: str) -> Disk:
    """
    Raises:
        ApiError: CBS knows no such disk.
    """
    found = region.disks.get(disk_id)
    if found is None or found.spec.is_local:
        raise ApiError("InvalidDiskId.NotFound", f"The disk `{disk_id}` does not exist.")
    return found


def find_snapshot(region: Region, snapshot_id: str) -> Snapshot:
    """
    Raises:
        ApiError: there is no such snapshot.
    """
    found = region.snapshots.get(snapshot_id)
    if found is None:
        raise ApiError("InvalidSnapshotId.NotFound", f"The snapshot `{snapshot_id}` does not exist.")
    return found


def _symptom(region: Region, disk: Disk) -> str | None:
    """What ails this disk now, and goes into a snapshot of it."""
    one = region.instances.get(disk.instance_id or "")
    return one.symptom if one and one.sick_disk == disk.spec.disk_id else None


def _become_normal(cloud: Cloud, region: Region, one: Snapshot, at: float) -> None:
    if one.frozen_at is not None or one.snapshot_id not in region.snapshots:
        return
    one.state = "NORMAL"
    region.disks[one.disk_id].busy_with = None
    cloud.log.effect(at, "snapshot_normal", region.name, one.snapshot_id, one.disk_id)
