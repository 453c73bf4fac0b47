"""A machine, a disk and a snapshot as a world file writes them down, and the words of the cloud for them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

InstanceId = Annotated[str, StringConstraints(pattern=r"^ins-[0-9a-z]{8}$")]
DiskId = Annotated[str, StringConstraints(pattern=r"^disk-[0-9a-z]{8}$")]
LocalDiskId = Annotated[str, StringConstraints(pattern=r"^(disk|ldisk)-[0-9a-z]{8}$")]
SnapshotId = Annotated[str, StringConstraints(pattern=r"^snap-[0-9a-z]{8}$")]
Seconds = Annotated[float, Field(ge=0)]
RebootEnd = Literal["works", "fails", "hangs"]
RestrictState = Literal["NORMAL", "EXPIRED", "PROTECTIVELY_ISOLATED"]
# Every InstanceState of the data type Instance in CVM's API reference (213/15753).
InstanceState = Literal[
    "PENDING",
    "LAUNCH_FAILED",
    "RUNNING",
    "STOPPED",
    "STARTING",
    "STOPPING",
    "REBOOTING",
    "SHUTDOWN",
    "TERMINATING",
    "ENTER_RESCUE_MODE",
    "RESCUE_MODE",
    "EXIT_RESCUE_MODE",
    "ENTER_SERVICE_LIVE_MIGRATE",
    "SERVICE_LIVE_MIGRATE",
    "EXIT_SERVICE_LIVE_MIGRATE",
]


class Part(BaseModel):
    """A part of the world file: what it does not know is a mistake, and nothing of it changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DiskSpec(Part):
    """One disk; a type that begins with LOCAL_ is a disk of the host, which CBS does not know."""

    disk_id: LocalDiskId
    name: str = ""
    type: str = "CLOUD_PREMIUM"
    size_gib: int = 50
    snapshot_ability: bool = True
    shareable: bool = False
    migrating: bool = False
    tags: dict[str, str] = {}
    snapshots: Literal["finish", "stall", "vanish"] = "finish"
    trouble_at_percent: Annotated[int, Field(ge=0, le=99)] = 50  # when they stall or vanish

    @property
    def is_local(self) -> bool:
        return self.type.startswith("LOCAL_")


class InstanceSpec(Part):
    """One machine; `symptom` is what ails it, which no API of Tencent tells."""

    instance_id: InstanceId
    name: str = ""
    state: InstanceState = "RUNNING"
    restrict_state: RestrictState = "NORMAL"
    private_ip: str = "10.0.0.10"
    tags: dict[str, str] = {}
    agent: Literal["online", "offline", "absent"] = "online"
    symptom: str | None = None
    cured_by: Literal["reboot", "rollback", "nothing"] = "reboot"
    soft_reboot: RebootEnd = "works"
    hard_reboot: RebootEnd = "works"
    agent_after_reboot: Literal["online", "offline"] | None = None  # None: as before
    system_disk: DiskSpec
    data_disks: tuple[DiskSpec, ...] = ()


class SnapshotSpec(Part):
    """One snapshot that was there before, finished."""

    snapshot_id: SnapshotId
    disk_id: DiskId
    name: str = ""
    age_seconds: Seconds = 86_400
