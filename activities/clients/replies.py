"""From the API's replies to our facts: forgiving on what Tencent sends, exact on what we use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from remediation.cloud import Agent, Disk, Instance, Invocation, Operation, Snapshot, local_disk_types

Reply = Mapping[str, Any]


def read_instance(raw: Reply, region: str) -> Instance:
    """One element of DescribeInstances' `InstanceSet`; every `LatestOperation*` may be null."""
    disks = [raw.get("SystemDisk") or {}, *(raw.get("DataDisks") or [])]
    return Instance(
        instance_id=raw["InstanceId"],
        region=region,
        name=raw.get("InstanceName") or "",
        state=raw.get("InstanceState") or "",
        restrict_state=raw.get("RestrictState") or "",
        operation=Operation(
            name=raw.get("LatestOperation") or "",
            state=raw.get("LatestOperationState") or "",
            request_id=raw.get("LatestOperationRequestId") or "",
            error=raw.get("LatestOperationErrorMsg") or "",
        ),
        tags={str(tag.get("Key")): str(tag.get("Value")) for tag in raw.get("Tags") or []},
        disk_ids=tuple(str(disk["DiskId"]) for disk in disks if disk.get("DiskId")),
        local_disks=local_disk_types({str(disk.get("DiskId")): str(disk.get("DiskType") or "") for disk in disks}),
    )


def is_attached(raw: Reply, instance_id: str) -> bool:
    """Whether this element of `DiskSet` is a disk of the instance; a shared disk names the others in a list."""
    return instance_id in (raw.get("InstanceId"), *(raw.get("InstanceIdList") or []))


def read_disk(raw: Reply) -> Disk:
    """One element of DescribeDisks' `DiskSet`."""
    return Disk(
        disk_id=raw["DiskId"],
        name=raw.get("DiskName") or "",
        usage=raw.get("DiskUsage") or "",
        size_gib=raw.get("DiskSize") or 0,
        can_snapshot=bool(raw.get("SnapshotAbility")),
        shared=bool(raw.get("Shareable")),
        rolling_back=bool(raw.get("Rollbacking")),
    )


def read_snapshot(raw: Reply) -> Snapshot:
    """One element of DescribeSnapshots' `SnapshotSet`."""
    return Snapshot(
        snapshot_id=raw["SnapshotId"],
        disk_id=raw["DiskId"],
        name=raw.get("SnapshotName") or "",
        state=raw.get("SnapshotState") or "",
        percent=raw.get("Percent") or 0,
    )


def read_agent(raw: Reply) -> Agent:
    """One element of DescribeAutomationAgentStatus' `AutomationAgentSet`."""
    return Agent(online=raw.get("AgentStatus") == "Online", last_heartbeat=_moment(raw.get("LastHeartbeatTime")))


def read_invocation(raw: Reply) -> Invocation:
    """One element of DescribeInvocationTasks' `InvocationTaskSet`."""
    return Invocation(
        invocation_id=raw["InvocationId"],
        command_id=raw.get("CommandId") or "",
        status=raw.get("TaskStatus") or "",
    )


def _moment(text: object) -> datetime | None:
    """ISO-8601 with its zone, as in 2026-11-23T06:00:00Z; what cannot be read proves nothing, and is None."""
    try:
        moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
        # Without a zone it would be taken for this machine's own time, and an old heartbeat for one to come.
        return moment.astimezone(timezone.utc) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
