"""CBS 2017-03-12: cloud disks, and their snapshots."""

from __future__ import annotations

from typing import Any

from simulator import cvm
from simulator import parameters as p
from simulator.clock import china_text, utc_text
from simulator.cloud import Call, Cloud, Disk, Instance, Region, Snapshot
from simulator.errors import ApiError

_DAY = 86_400


def describe_disks(call: Call, asked: p.DescribeDisks) -> dict[str, Any]:
    p.either(asked.DiskIds, asked.Filters, "DiskIds")
    disks = [one for one in call.region.disks.values() if not one.spec.is_local]
    if asked.DiskIds:
        disks = [one for one in disks if one.spec.disk_id in asked.DiskIds]
    found = [one for one in disks if p.matches(asked.Filters or (), _disk_facts(one, call.region.name))]
    found.sort(key=lambda one: one.created_at, reverse=asked.Order == "DESC")
    rows = [_disk_row(one, call) for one in p.page(found, asked)]
    return {"TotalCount": len(found), "DiskSet": rows}


def create_snapshot(call: Call, asked: p.CreateSnapshot) -> dict[str, Any]:
    if asked.DiskId is None:
        raise ApiError("MissingParameter", "The request is missing a required parameter `DiskId`.")
    disk, deadline = _disk(call.region, asked.DiskId), asked.deadline()
    if deadline is not None and deadline < call.now + _DAY:
        raise ApiError("InvalidParameterValue", "The Deadline must be at least one day from now.")
    if asked.LocalSnap:
        raise ApiError("UnsupportedOperation", "LocalSnap is for accounts on a list, and this one is not.")
    _check_can_snapshot(call.region, disk)
    cloud, times = call.cloud, call.cloud.durations
    made = Snapshot(
        snapshot_id=cloud.new_snapshot_id(call.region),
        disk_id=asked.DiskId,
        name=asked.SnapshotName,
        usage=asked.DiskUsage or disk.usage,
        size_gib=disk.spec.size_gib,
        created_at=call.now,
        deadline=deadline,
        tags={tag.Key: tag.Value for tag in asked.Tags},
        state="CREATING",
        listed_from=call.now + times.listing_lag,
        seconds=times.system_snapshot if disk.usage == "SYSTEM_DISK" else times.data_snapshot,
    )
    call.region.snapshots[made.snapshot_id] = made
    disk.busy_with = made.snapshot_id
    cloud.log.effect(
        call.now, "snapshot_begun", call.region.name, made.snapshot_id, made.disk_id, request_id=call.request_id
    )
    cloud.schedule(call.now + made.seconds + times.at_hundred, lambda at: _become_normal(cloud, call.region, made, at))
    troubles = {"stall": stall, "vanish": vanish}
    if disk.spec.snapshots in troubles:
        trouble = troubles[disk.spec.snapshots]
        cloud.schedule(call.now + made.seconds / 2, lambda at: trouble(cloud, call.region, made, at))
    if deadline is not None:
        cloud.schedule(deadline, lambda at: _delete(cloud, call.region, made, "snapshot_expired", at))
    return {"SnapshotId": made.snapshot_id}


def describe_snapshots(call: Call, asked: p.DescribeSnapshots) -> dict[str, Any]:
    p.either(asked.SnapshotIds, asked.Filters, "SnapshotIds")
    found = [one for one in call.region.snapshots.values() if one.listed_from <= call.now]
    if asked.SnapshotIds:
        found = [one for one in found if one.snapshot_id in asked.SnapshotIds]
    found = [one for one in found if p.matches(asked.Filters or (), _snapshot_facts(one, call.region.name))]
    found.sort(key=lambda one: one.created_at, reverse=asked.Order == "DESC")
    rows = [_snapshot_row(one, call) for one in p.page(found, asked)]
    return {"TotalCount": len(found), "SnapshotSet": rows}


def apply_snapshot(call: Call, asked: p.ApplySnapshot) -> dict[str, Any]:
    disk, snapshot = _disk(call.region, asked.DiskId), _snapshot(call.region, asked.SnapshotId)
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
    refused = cvm.refusal(instance, "StopInstances")
    if refused:
        raise refused
    start = instance if asked.AutoStartInstance else None
    cvm.begin(
        call.cloud,
        call.region,
        instance,
        "StopInstances",
        call.request_id,
        call.now,
        then=lambda at: _roll_back(call, disk, snapshot, at, start=start),
    )
    return {}


def delete_snapshots(call: Call, asked: p.DeleteSnapshots) -> dict[str, Any]:
    chosen = [_snapshot(call.region, one) for one in asked.SnapshotIds]
    for one in chosen:
        if one.state != "NORMAL":
            code = "ResourceUnavailable.SnapshotCreating" if one.state == "CREATING" else "ResourceBusy"
            raise ApiError(code, f"The snapshot `{one.snapshot_id}` is in the state `{one.state}`.")
    for one in chosen:
        _delete(call.cloud, call.region, one, "snapshot_deleted", call.now)
    return {}


def stall(cloud: Cloud, region: Region, one: Snapshot, at: float) -> None:
    """It stays CREATING for ever, and at less than 100 %."""
    if one.state == "CREATING":
        one.frozen_at = min(percent(one, at), 99)
        cloud.log.effect(at, "snapshot_stalled", region.name, one.snapshot_id, one.disk_id)


def vanish(cloud: Cloud, region: Region, one: Snapshot, at: float) -> None:
    """It is gone without a word, as a creation that failed is."""
    _delete(cloud, region, one, "snapshot_vanished", at)


def percent(one: Snapshot, now: float) -> int:
    if one.frozen_at is not None:
        return one.frozen_at
    if one.state != "CREATING" or now >= one.created_at + one.seconds:
        return 100
    return int(100 * (now - one.created_at) / one.seconds)


def _check_can_snapshot(region: Region, disk: Disk) -> None:
    disk_id = disk.spec.disk_id
    if disk.spec.shareable:
        raise ApiError("UnsupportedOperation.ShareDiskNotSupportSnap", f"The disk `{disk_id}` is shared.")
    if not disk.spec.snapshot_ability:
        raise ApiError("InvalidDisk.NotSupportSnapshot", f"The disk `{disk_id}` does not support snapshots.")
    if disk.spec.migrating:
        raise ApiError("ResourceInUse.DiskMigrating", f"The disk `{disk_id}` is being migrated.")
    if disk.rollback_of:
        raise ApiError("ResourceInUse.DiskRollbacking", f"The disk `{disk_id}` is being rolled back.")
    if disk.busy_with:
        raise ApiError("InvalidDisk.SnapshotCreating", f"The disk `{disk_id}` is creating a snapshot.")
    if len(region.snapshots) >= region.snapshot_quota:
        raise ApiError("InsufficientSnapshotQuota", f"The quota of {region.snapshot_quota} snapshots is used up.")


def _become_normal(cloud: Cloud, region: Region, one: Snapshot, at: float) -> None:
    if one.frozen_at is not None or one.snapshot_id not in region.snapshots:
        return
    one.state = "NORMAL"
    region.disks[one.disk_id].busy_with = None
    cloud.log.effect(at, "snapshot_normal", region.name, one.snapshot_id, one.disk_id)


def _delete(cloud: Cloud, region: Region, one: Snapshot, effect: str, at: float) -> None:
    if region.snapshots.pop(one.snapshot_id, None) is None:
        return
    disk = region.disks[one.disk_id]
    if disk.busy_with == one.snapshot_id:
        disk.busy_with = None
    cloud.log.effect(at, effect, region.name, one.snapshot_id, one.disk_id)


def _roll_back(call: Call, disk: Disk, snapshot: Snapshot, now: float, *, start: Instance | None) -> None:
    cloud, region = call.cloud, call.region
    targets = (disk.spec.disk_id, snapshot.snapshot_id)
    disk.rollback_of, disk.rollback_began, snapshot.state = snapshot.snapshot_id, now, "ROLLBACKING"
    cloud.log.effect(now, "rollback_started", region.name, *targets, request_id=call.request_id)

    def finish(at: float) -> None:
        disk.rollback_of, snapshot.state = None, "NORMAL"
        cloud.log.effect(at, "rollback_done", region.name, *targets, request_id=call.request_id)
        instance = region.instances.get(disk.instance_id or "")
        if instance:
            cvm.cure(cloud, region, instance, "rollback", at)
        if start and cvm.refusal(start, "StartInstances") is None:
            cvm.begin(cloud, region, start, "StartInstances", call.request_id, at)

    cloud.schedule(now + cloud.durations.rollback, finish)


def _disk(region: Region, disk_id: str) -> Disk:
    found = region.disks.get(disk_id)
    if found is None or found.spec.is_local:
        raise ApiError("InvalidDiskId.NotFound", f"The disk `{disk_id}` does not exist.")
    return found


def _snapshot(region: Region, snapshot_id: str) -> Snapshot:
    found = region.snapshots.get(snapshot_id)
    if found is None:
        raise ApiError("InvalidSnapshotId.NotFound", f"The snapshot `{snapshot_id}` does not exist.")
    return found


def _disk_facts(one: Disk, region: str) -> dict[str, list[str]]:
    return {
        "disk-id": [one.spec.disk_id],
        "disk-name": [one.spec.name],
        "disk-usage": [one.usage],
        "disk-type": [one.spec.type],
        "disk-state": [_disk_state(one)],
        "instance-id": [one.instance_id] if one.instance_id else [],
        "zone": [f"{region}-3"],
        "tag-key": list(one.spec.tags),
        "tag-value": list(one.spec.tags.values()),
        **{f"tag:{key}": [value] for key, value in one.spec.tags.items()},
    }


def _disk_state(one: Disk) -> str:
    if one.rollback_of:
        return "ROLLBACKING"
    return "ATTACHED" if one.instance_id else "UNATTACHED"


def _disk_row(one: Disk, call: Call) -> dict[str, Any]:
    spec, region = one.spec, call.region
    done = int(100 * min((call.now - one.rollback_began) / max(call.cloud.durations.rollback, 1e-9), 1))
    return {
        "DiskId": spec.disk_id,
        "DiskName": spec.name,
        "DiskUsage": one.usage,
        "DiskType": spec.type,
        "DiskSize": spec.size_gib,
        "DiskState": _disk_state(one),
        "DiskChargeType": "POSTPAID_BY_HOUR",
        "Attached": one.instance_id is not None,
        "InstanceId": one.instance_id or "",
        "Portable": one.usage == "DATA_DISK",
        "SnapshotAbility": spec.snapshot_ability,
        "SnapshotCount": sum(other.disk_id == spec.disk_id for other in region.snapshots.values()),
        "Shareable": spec.shareable,
        "Encrypt": False,
        "Rollbacking": one.rollback_of is not None,
        "RollbackPercent": done if one.rollback_of else 100,
        "Migrating": spec.migrating,
        "MigratePercent": 50 if spec.migrating else 100,
        "ErrorPrompt": None,
        "Placement": {"Zone": f"{region.name}-3", "ProjectId": 0},
        "Tags": [{"Key": key, "Value": value} for key, value in spec.tags.items()],
        "CreateTime": china_text(one.created_at),
    }


def _snapshot_facts(one: Snapshot, region: str) -> dict[str, list[str]]:
    return {
        "snapshot-id": [one.snapshot_id],
        "snapshot-name": [one.name],
        "snapshot-state": [one.state],
        "disk-usage": [one.usage],
        "disk-id": [one.disk_id],
        "zone": [f"{region}-3"],
    }


def _snapshot_row(one: Snapshot, call: Call) -> dict[str, Any]:
    return {
        "SnapshotId": one.snapshot_id,
        "SnapshotName": one.name,
        "SnapshotState": one.state,
        "SnapshotType": "PRIVATE_SNAPSHOT",
        "SnapshotMode": "STANDARD_SNAPSHOT",
        "Percent": percent(one, call.now),
        "DiskId": one.disk_id,
        "DiskUsage": one.usage,
        "DiskSize": one.size_gib,
        "CreateTime": china_text(one.created_at),
        "DeadlineTime": china_text(one.deadline) if one.deadline else "",
        "LatestModifyTime": utc_text(one.created_at),
        "IsPermanent": one.deadline is None,
        "IsLocked": False,
        "Encrypt": False,
        "CopyFromRemote": False,
        "CopyingToRegions": [],
        "ShareReference": 0,
        "Images": [],
        "ImageCount": 0,
        "Placement": {"Zone": f"{call.region.name}-3", "ProjectId": 0},
        "Tags": [{"Key": key, "Value": value} for key, value in one.tags.items()],
    }
