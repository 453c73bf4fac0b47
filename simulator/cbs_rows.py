"""How CBS shows a disk and a snapshot, and by what they are found."""

from __future__ import annotations

from typing import Any

from simulator.clock import china_text, utc_text
from simulator.cloud import Call
from simulator.state import Disk, Snapshot


def percent(one: Snapshot, now: float) -> int:
    if one.frozen_at is not None:
        return one.frozen_at
    if one.state != "CREATING" or now >= one.created_at + one.seconds:
        return 100
    return int(100 * (now - one.created_at) / one.seconds)


def disk_facts(one: Disk, call: Call) -> dict[str, list[str]]:
    return {
        "disk-id": [one.spec.disk_id],
        "disk-name": [one.spec.name],
        "disk-usage": [one.usage],
        "disk-type": [one.spec.type],
        "disk-state": [_disk_state(one, call)],
        "instance-id": [one.instance_id] if one.instance_id else [],
        "zone": [f"{call.region.name}-3"],
        "tag-key": list(one.spec.tags),
        "tag-value": list(one.spec.tags.values()),
        **{f"tag:{key}": [value] for key, value in one.spec.tags.items()},
    }


def _shows_rollback(one: Disk, call: Call) -> bool:
    return one.rollback_of is not None and call.now >= one.rollback_began + call.cloud.durations.rollback_lag


def _rollback_percent(one: Disk, call: Call) -> int:
    if one.rollback_stopped_at is not None and (one.rollback_of is None or _shows_rollback(one, call)):
        return one.rollback_stopped_at
    if not _shows_rollback(one, call):
        return 100
    return int(100 * min((call.now - one.rollback_began) / max(call.cloud.durations.rollback, 1e-9), 1))


def _disk_state(one: Disk, call: Call) -> str:
    if _shows_rollback(one, call):
        return "ROLLBACKING"
    return "ATTACHED" if one.instance_id else "UNATTACHED"


def disk_row(one: Disk, call: Call) -> dict[str, Any]:
    spec, region = one.spec, call.region
    return {
        "DiskId": spec.disk_id,
        "DiskName": spec.name,
        "DiskUsage": one.usage,
        "DiskType": spec.type,
        "DiskSize": spec.size_gib,
        "DiskState": _disk_state(one, call),
        "DiskChargeType": "POSTPAID_BY_HOUR",
        "Attached": one.instance_id is not None,
        "InstanceId": one.instance_id or "",
        "Portable": one.usage == "DATA_DISK",
        "SnapshotAbility": spec.snapshot_ability,
        "SnapshotCount": sum(other.disk_id == spec.disk_id for other in region.snapshots.values()),
        "Shareable": spec.shareable,
        "Encrypt": False,
        "Rollbacking": _shows_rollback(one, call),
        "RollbackPercent": _rollback_percent(one, call),
        "Migrating": spec.migrating,
        "MigratePercent": 50 if spec.migrating else 100,
        "ErrorPrompt": one.error_prompt,
        "Placement": {"Zone": f"{region.name}-3", "ProjectId": 0},
        "Tags": [{"Key": key, "Value": value} for key, value in spec.tags.items()],
        "CreateTime": china_text(one.created_at),
    }


def snapshot_facts(one: Snapshot, call: Call) -> dict[str, list[str]]:
    return {
        "snapshot-id": [one.snapshot_id],
        "snapshot-name": [one.name],
        "snapshot-state": [_snapshot_state(one, call)],
        "disk-usage": [one.usage],
        "disk-id": [one.disk_id],
        "zone": [f"{call.region.name}-3"],
        "project-id": ["0"],
        "encrypt": ["FALSE"],
        "snapshot-type": ["PRIVATE_SNAPSHOT"],
    }


def _snapshot_state(one: Snapshot, call: Call) -> str:
    if one.state == "ROLLBACKING" and not _shows_rollback(call.region.disks[one.disk_id], call):
        return "NORMAL"
    return one.state


def snapshot_row(one: Snapshot, call: Call) -> dict[str, Any]:
    return {
        "SnapshotId": one.snapshot_id,
        "SnapshotName": one.name,
        "SnapshotState": _snapshot_state(one, call),
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
        "AutoSnapshotPolicyId": one.policy_id,
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
