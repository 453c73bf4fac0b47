"""A machine, a disk and a snapshot as a world file writes them down, and the words of the cloud for them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

InstanceId = Annotated[str, StringConstraints(pattern=r"^ins-[0-9a-z]{8}$")]
DiskId = Annotated[str, StringConstraints(pattern=r"^disk-[0-9a-z]{8}$")]
LocalDiskId = Annotated[str, StringConstraints(pattern=r"^(disk|ldisk)-[0-9a-z]{8}$")]
SnapshotId = Annotated[str, StringConstraints(pattern=r"^snap-[0-9a-z]{8}$")]
Seconds = Annotated[float, Field(ge=0)]
OperationEnd = Literal["works", "fails", "hangs"]
CommandEnd = Literal["works", "fails", "times_out", "is_silent", "start_failed", "deliver_failed"]
Percent = Annotated[int, Field(ge=0, le=100)]
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
    rollback: Literal["works", "fails", "stalls"] = "works"
    trouble_at_percent: Annotated[int, Field(ge=0, le=99)] = 50  # when one of them stalls, vanishes or fails
    used_percent: Percent = 30  # of the file system on it, and of its inodes
    inodes_used_percent: Percent = 5

    @property
    def is_local(self) -> bool:
        return self.type.startswith("LOCAL_")


class InstanceSpec(Part):
    """One machine; `symptom` is what ails it. With `disk_readonly` its sick disk is mounted read-only in the guest; no
    API of Tencent tells, and any other symptom is not seen at all.

    A machine in a state of `while_…` is in the hands of an operation that may hang; a HARD one takes its place if it
    is accepted.
    """

    instance_id: InstanceId
    name: str = ""
    state: InstanceState = "RUNNING"
    restrict_state: RestrictState = "NORMAL"
    private_ip: str = "10.0.0.10"
    tags: dict[str, str] = {}
    agent: Literal["online", "offline", "absent"] = "online"
    symptom: str | None = None
    sick_disk: DiskId | None = None  # None: the first data disk of a `disk_readonly`, and else the system disk
    cured_by: Literal["reboot", "rollback", "nothing"] = "reboot"
    soft_reboot: OperationEnd = "works"
    soft_reboot_late_seconds: Seconds | None = None  # one that hangs comes to its end after so long
    hard_reboot: OperationEnd = "works"
    hard_while_rebooting: Literal["accepts", "refuses"] = "refuses"
    soft_stop: OperationEnd = "works"
    stop_while_rebooting: Literal["accepts", "refuses"] = "accepts"
    stop_while_stopping: Literal["accepts", "refuses"] = "refuses"
    agent_after_reboot: Literal["online", "offline"] | None = None  # None: as before
    reboots_for_real: bool = True  # False: the cloud says SUCCESS, and the guest went on as it was
    fstab: str | None = None  # None: one that fits the mounts
    fstab_broken: bool = False  # it names a device that is not there: from the next boot on the guest is stuck
    containers: Annotated[int, Field(ge=0)] = 0  # each has a mount; TAT shows 24 KB, and sixty of them are more
    command: CommandEnd = "works"
    command_on_read_only_root: Literal["works", "start_failed"] = "works"
    system_disk: DiskSpec
    data_disks: tuple[DiskSpec, ...] = ()


class SnapshotSpec(Part):
    """One snapshot that was there before, finished; `symptom` is what ailed the disk already when it was made."""

    snapshot_id: SnapshotId
    disk_id: DiskId
    name: str = ""
    age_seconds: Seconds = 86_400
    keep_seconds: Seconds | None = None  # from now; None for ever
    tags: dict[str, str] = {}
    policy_id: Annotated[str, StringConstraints(pattern=r"^asp-[0-9a-z]{8}$")] | None = None  # whose timetable made it
    symptom: str | None = None
