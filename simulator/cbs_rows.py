"""How CBS shows a disk and a snapshot, and by what they are found."""

from __future__ import annotations

from typing import Any

from simulator.clock import china_text, utc_text
from simulator.cloud import Call, Disk, Snapshot


def percent(one: Snapshot, now: float) -> int:
    if one.frozen_at is not None:
        return one.frozen_at
    if one.state != "CREATING" or now >= one.created_at + one.seconds:
        return 100
    return int(100 * (now - one.created_at) / one.seconds)


def disk_facts(one: Disk, region: str) -> dict[str, list[str]]:
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


def disk_row(one: Disk, call: Call) -> dict[str, Any]:
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


def snapshot_facts(one: Snapshot, region: str) -> dict[str, list[str]]:
    return {
        "snapshot-id": [one.snapshot_id],
        "snapshot-name": [one.name],
        "snapshot-state": [one.state],
        "disk-usage": [one.usage],
        "disk-id": [one.disk_id],
        "zone": [f"{region}-3"],
    }


def snapshot_row(one: Snapshot, call: Call) -> dict[str, Any]:
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
