"""What the cloud says of an instance, its disks and its snapshots: facts, as read, with the time of reading."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import StringConstraints

from remediation.models import Fact

InstanceId = Annotated[str, StringConstraints(pattern=r"^ins-[0-9a-z]{1,32}$")]
DiskId = Annotated[str, StringConstraints(pattern=r"^disk-[0-9a-z]{1,32}$")]
SnapshotId = Annotated[str, StringConstraints(pattern=r"^snap-[0-9a-z]{1,32}$")]
"""The ids that a mutating call may name (P8): anything else is refused before a request is built."""

CREATE_SNAPSHOT = "CreateSnapshot"
REBOOT = "RebootInstances"
STOP = "StopInstances"
START = "StartInstances"
APPLY_SNAPSHOT = "ApplySnapshot"
INVOKE_COMMAND = "InvokeCommand"
_LOCAL_DISKS = "LOCAL_"  # LOCAL_BASIC, LOCAL_SSD, LOCAL_NVME: disks of the host, unknown to CBS


class Caller(Fact):
    """Whose credentials a call was signed with (STS GetCallerIdentity)."""

    account: str
    arn: str
    kind: str = ""


class Operation(Fact):
    """The last operation that the cloud knows of an instance (DescribeInstances, `LatestOperation*`)."""

    name: str = ""
    state: str = ""
    request_id: str = ""
    error: str = ""

    @property
    def in_progress(self) -> bool:
        return self.state == "OPERATING"


class Instance(Fact):
    """One CVM instance (DescribeInstances)."""

    instance_id: InstanceId
    region: str
    name: str = ""
    state: str = ""
    restrict_state: str = "NORMAL"
    operation: Operation = Operation()
    addresses: tuple[str, ...] = ()
    tags: Mapping[str, str] = {}
    disk_ids: tuple[str, ...] = ()
    local_disks: tuple[str, ...] = ()

    @property
    def is_running(self) -> bool:
        return self.state == "RUNNING"

    @property
    def is_isolated(self) -> bool:
        return self.restrict_state != "NORMAL"


class Disk(Fact):
    """One CBS disk that is attached to the instance (DescribeDisks)."""

    disk_id: DiskId
    name: str = ""
    usage: str = ""
    size_gib: int = 0
    can_snapshot: bool = True
    shared: bool = False
    rolling_back: bool = False
    error: str = ""

    @property
    def is_system_disk(self) -> bool:
        return self.usage == "SYSTEM_DISK"


class Agent(Fact):
    """The guest's TAT agent (DescribeAutomationAgentStatus)."""

    online: bool
    last_heartbeat: datetime | None = None


class Invocation(Fact):
    """One run of a registered command in one guest (TAT DescribeInvocationTasks)."""

    invocation_id: str
    command_id: str
    status: str = ""
    created_at: datetime | None = None
    exit_code: int | None = None
    output: str = ""
    dropped: int = 0
    error: str = ""


class Sighting(Fact):
    """One fresh reading of an instance with all of its disks; `instance` is None if the cloud knows none.

    `agent` is None where the guest has no agent, or where reading it was denied: then `agent_error` says so.
    """

    instance: Instance | None
    disks: tuple[Disk, ...] = ()
    agent: Agent | None = None
    agent_error: str = ""
    read_at: datetime


class Snapshot(Fact):
    """A snapshot as DescribeSnapshots shows it; the API knows no failed state."""

    snapshot_id: SnapshotId
    disk_id: DiskId
    name: str = ""
    state: str = ""
    percent: int = 0
    size_gib: int = 0
    usage: str = ""
    taken_at: datetime | None = None
    expires: str = ""
    permanent: bool = False
    tags: Mapping[str, str] = {}

    @property
    def is_ready(self) -> bool:
        """NORMAL *and* 100 %: a snapshot may be at 100 % while it is still being made."""
        return self.state == "NORMAL" and self.percent == 100

    @property
    def is_lost(self) -> bool:
        return self.state not in ("NORMAL", "CREATING", "")


class ReadySnapshot(Fact):
    """The right to reboot, one for each disk: a snapshot that was *seen* ready."""

    snapshot_id: SnapshotId
    disk_id: DiskId
    name: str
    seen_ready_at: datetime
    expires_at: datetime | None = None


class GoodSnapshot(Fact):
    """A ready snapshot of one disk that was certainly taken by then."""

    snapshot_id: SnapshotId
    disk_id: DiskId
    name: str = ""
    taken_at: datetime


def local_disk_types(types: Mapping[str, str]) -> tuple[str, ...]:
    """Of disk id → type, the ids of the disks that live on the host and can have no snapshot."""
    return tuple(sorted(disk for disk, kind in types.items() if kind.startswith(_LOCAL_DISKS)))


OUR_PREFIX = "medic-"
"""How the name of every snapshot that we made begins."""


def snapshot_name(run_key: str, disk_id: str, purpose: str = "before_repair") -> str:
    """The deterministic name by which a snapshot of this run is found again; at most 60 characters.

    It derives from the run's key, never from the workflow's id: the next run of the same instance must not adopt it.
    """
    return f"{run_prefix(run_key)}{disk_id.removeprefix('disk-')}-{purpose}"[:60]


def run_prefix(run_key: str) -> str:
    """How the names of all snapshots of one run begin."""
    return f"{OUR_PREFIX}{run_key}-"


def expiry(made_at: datetime, keep_seconds: int) -> datetime:
    """When the cloud may delete a snapshot; CreateSnapshot takes no `Deadline` nearer than a day."""
    return made_at + timedelta(seconds=max(keep_seconds, 86_400 + 600))
